package dev.watershed.server;

import io.grpc.BindableService;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.micrometer.core.instrument.binder.grpc.MetricCollectingServerInterceptor;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Replaces;
import io.micronaut.context.annotation.Value;
import io.micronaut.grpc.server.GrpcServerBuilder;
import io.micronaut.grpc.server.GrpcServerConfiguration;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Builds the server: Micronaut's, with virtual threads, limits, keepalive, a safe address, and
 * services behind {@link ServedCalls}.
 */
@Factory
final class ServerSetup {
  private final ServerConfiguration configuration;
  private final ServerAccess access;
  private final String host;
  private final boolean tls;

  ServerSetup(
      ServerConfiguration configuration,
      ServerAccess access,
      @Value("${grpc.server.host:127.0.0.1}") String host,
      @Value("${grpc.server.ssl.cert-chain:}") String certificateChain) {
    this.configuration = configuration;
    this.access = access;
    this.host = host;
    this.tls = access.tls() || !certificateChain.isEmpty();
  }

  @Bean
  @Singleton
  @Replaces(bean = ServerBuilder.class, factory = GrpcServerBuilder.class)
  ServerBuilder<?> server(
      GrpcServerConfiguration micronaut,
      HealthStatusManager health,
      List<BindableService> services,
      ServedCalls calls,
      List<RefusingInterceptor> refusing,
      PrometheusMeterRegistry meters) {
    refuseOpenAddress();
    var server = micronaut.getServerBuilder();
    calls.serve(server, List.of(health.getHealthService()));
    calls.serve(server, services);
    refusing.forEach(server::intercept);
    if (access.metricsPort() >= 0) {
      // Called first, so that it sees what the others refuse.
      server.intercept(new MetricCollectingServerInterceptor(meters));
    }
    if (server instanceof NettyServerBuilder netty) {
      netty.maxConcurrentCallsPerConnection(configuration.maxCallsPerConnection());
      if (access.tls()) {
        access.encrypt(netty);
      }
    }
    return server
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .maxInboundMessageSize(Math.toIntExact(configuration.maxRequestBytes().bytes()))
        .permitKeepAliveTime(configuration.permitKeepAlive().toNanos(), TimeUnit.NANOSECONDS)
        .permitKeepAliveWithoutCalls(true)
        .keepAliveTime(configuration.keepAlive().toNanos(), TimeUnit.NANOSECONDS)
        .keepAliveTimeout(configuration.keepAliveTimeout().toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Every meter of this process. */
  @Bean(preDestroy = "close")
  @Singleton
  PrometheusMeterRegistry meters() {
    return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  }

  private void refuseOpenAddress() {
    try {
      if (!tls
          && !configuration.allowPlaintext()
          && !InetAddress.getByName(host).isLoopbackAddress()) {
        throw new ConfigurationException(
            "grpc.server.host is "
                + host
                + ", which others can reach, and there is no TLS. Set"
                + " watershed.server.tls-certificate and tls-key, listen on 127.0.0.1, or set watershed.server.allow-plaintext=true if the network is"
                + " yours.");
      }
    } catch (UnknownHostException e) {
      throw new ConfigurationException("grpc.server.host is " + host + ", which has no address.");
    }
  }
}
