package dev.watershed.server;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.micronaut.context.annotation.Value;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port of its own that tells health to everybody, where the server's wants TLS or more. */
@Singleton
final class HealthPort implements ApplicationEventListener<ServerStartupEvent>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HealthPort.class);

  /** A probe asks with a service's name alone. */
  private static final int MAX_REQUEST_BYTES = 4096;

  private static final int MAX_CALLS = 16;

  private final ServerAccess access;
  private final HealthStatusManager health;
  private final ServedCalls calls;
  private final String host;
  private @Nullable Server server;

  HealthPort(
      ServerAccess access,
      HealthStatusManager health,
      ServedCalls calls,
      @Value("${grpc.server.host:127.0.0.1}") String host) {
    this.access = access;
    this.health = health;
    this.calls = calls;
    this.host = host;
  }

  @Override
  public void onApplicationEvent(ServerStartupEvent event) {
    if (access.healthPort() < 0 || !(event.getSource() instanceof GrpcEmbeddedServer)) {
      return;
    }
    var builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(host, access.healthPort()))
            .maxInboundMessageSize(MAX_REQUEST_BYTES)
            .maxConcurrentCallsPerConnection(MAX_CALLS);
    calls.serve(builder, List.of(health.getHealthService()));
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new ConfigurationException(
          "watershed.server.health-port is "
              + access.healthPort()
              + ", where nothing can listen: another program may.");
    }
    log.info("Health alone is told on port {}", port());
  }

  /** Where it listens; -1 where it does not. */
  int port() {
    return server == null ? -1 : server.getPort();
  }

  @Override
  @PreDestroy
  public void close() {
    if (server != null) {
      server.shutdownNow();
    }
  }
}
