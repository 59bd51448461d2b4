package dev.watershed.server;

import io.grpc.ServerBuilder;
import io.micronaut.context.annotation.Value;
import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.Executors;

/** Sets what Micronaut's gRPC properties lack: virtual threads, limits, and a safe address. */
@Singleton
final class ServerSetup implements BeanCreatedEventListener<ServerBuilder<?>> {
  private final ServerConfiguration configuration;
  private final String host;
  private final boolean tls;

  ServerSetup(
      ServerConfiguration configuration,
      @Value("${grpc.server.host:127.0.0.1}") String host,
      @Value("${grpc.server.ssl.cert-chain:}") String certificateChain) {
    this.configuration = configuration;
    this.host = host;
    this.tls = !certificateChain.isEmpty();
  }

  @Override
  public ServerBuilder<?> onCreated(BeanCreatedEvent<ServerBuilder<?>> event) {
    refuseOpenAddress();
    return event
        .getBean()
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .maxInboundMessageSize(configuration.maxRequestBytes());
  }

  private void refuseOpenAddress() {
    try {
      if (!tls
          && !configuration.allowPlaintext()
          && !InetAddress.getByName(host).isLoopbackAddress()) {
        throw new IllegalStateException(
            "grpc.server.host is "
                + host
                + ", which others can reach, and there is no TLS. Set grpc.server.ssl.*, listen on"
                + " 127.0.0.1, or set watershed.server.allow-plaintext=true if the network is yours.");
      }
    } catch (UnknownHostException e) {
      throw new IllegalStateException("grpc.server.host is " + host + ", which has no address.", e);
    }
  }
}
