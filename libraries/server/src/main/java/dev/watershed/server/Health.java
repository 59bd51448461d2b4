package dev.watershed.server;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Health (grpc.health.v1, per service) and reflection (v1 and v1alpha) of whatever services this
 * process has. A service's name, or none, asks whether it is ready; that of health itself, whether
 * the process lives.
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

  /**
   * Says SERVING for each service once the server listens, but NOT_SERVING while a disk is full.
   * One listener says both: of two, the one that says SERVING may be told last.
   */
  @Singleton
  static final class Readiness
      implements ApplicationEventListener<ServerStartupEvent>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Readiness.class);

    private final HealthStatusManager health;
    private final DiskSpace disk;
    private final ScheduledExecutorService looking =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("disk-watch").factory());
    private boolean full;

    Readiness(HealthStatusManager health, DiskSpace disk) {
      this.health = health;
      this.disk = disk;
    }

    @Override
    public void onApplicationEvent(ServerStartupEvent event) {
      if (event.getSource() instanceof GrpcEmbeddedServer server) {
        // Health itself goes on: no restart makes room, and that is what a probe that finds it dead
        // would have.
        health.setStatus(HealthGrpc.SERVICE_NAME, ServingStatus.SERVING);
        var services =
            server.getServer().getServices().stream()
                .map(service -> service.getServiceDescriptor().getName())
                .filter(name -> !name.equals(HealthGrpc.SERVICE_NAME))
                .toList();
        services.forEach(service -> health.setStatus(service, ServingStatus.SERVING));
        looking.scheduleWithFixedDelay(() -> look(services), 0, 1, TimeUnit.SECONDS);
      }
    }

    private void look(List<String> services) {
      var shortage = disk.shortage();
      if (shortage.isPresent() == full) {
        return;
      }
      full = shortage.isPresent();
      if (full) {
        log.warn("Not ready: {}", shortage.get().getMessage());
      } else {
        log.info("Ready again: there is room on the disk");
      }
      var status = full ? ServingStatus.NOT_SERVING : ServingStatus.SERVING;
      health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
      services.forEach(service -> health.setStatus(service, status));
    }

    @Override
    @PreDestroy
    public void close() {
      looking.shutdownNow();
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
