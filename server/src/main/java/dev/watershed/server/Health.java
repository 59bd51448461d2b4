package dev.watershed.server;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Named;
import jakarta.inject.Singleton;

/**
 * Health (grpc.health.v1, per service) and reflection (v1 and v1alpha) of whatever services this
 * process has.
 */
@Factory
final class Health {
  /** The name that older clients ask by. */
  @Bean
  @Singleton
  @Named("reflection-v1alpha")
  @SuppressWarnings("deprecation") // It is what those clients speak.
  BindableService olderReflection() {
    return ProtoReflectionService.newInstance();
  }

  @Bean
  @Singleton
  @Named("reflection")
  BindableService reflection() {
    return ProtoReflectionServiceV1.newInstance();
  }

  /** Says SERVING for each service once the server listens. */
  @Singleton
  static final class Announcement implements ApplicationEventListener<ServerStartupEvent> {
    private final HealthStatusManager health;

    Announcement(HealthStatusManager health) {
      this.health = health;
    }

    @Override
    public void onApplicationEvent(ServerStartupEvent event) {
      if (event.getSource() instanceof GrpcEmbeddedServer server) {
        for (var service : server.getServer().getServices()) {
          health.setStatus(service.getServiceDescriptor().getName(), ServingStatus.SERVING);
        }
      }
    }
  }

  /** Says NOT_SERVING, for good, as soon as the server is asked to stop. */
  @Singleton
  static final class Farewell implements ApplicationEventListener<ServerShutdownEvent> {
    private final HealthStatusManager health;

    Farewell(HealthStatusManager health) {
      this.health = health;
    }

    @Override
    public void onApplicationEvent(ServerShutdownEvent event) {
      health.enterTerminalState();
    }
  }
}
