package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannelBuilder;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.micronaut.context.ApplicationContext;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ServerContextTest {
  @Test
  void start_onLoopback_isHealthyPerService() throws InterruptedException {
    try (var context = ApplicationContext.run(Map.of("grpc.server.port", 0))) {
      var server = context.getBean(GrpcEmbeddedServer.class).start();
      var channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
      try {
        var answer =
            HealthGrpc.newBlockingStub(channel)
                .check(
                    HealthCheckRequest.newBuilder()
                        .setService("grpc.reflection.v1.ServerReflection")
                        .build());
        assertThat(answer.getStatus()).isEqualTo(ServingStatus.SERVING);
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void start_beyondLoopbackWithoutTls_isRefused() {
    try (var context =
        ApplicationContext.run(Map.of("grpc.server.port", 0, "grpc.server.host", "0.0.0.0"))) {
      assertThatThrownBy(() -> context.getBean(GrpcEmbeddedServer.class))
          .hasStackTraceContaining("watershed.server.allow-plaintext");
    }
  }

  @Test
  void start_unknownKey_isRefusedAndKnownOnesAreListed() {
    assertThatThrownBy(
            () -> ApplicationContext.run(Map.of("watershed.server.max-request-byte", "5")))
        .hasStackTraceContaining("watershed.server.max-request-byte'")
        .hasStackTraceContaining("watershed.server.max-request-bytes");
  }

  @Test
  void configuration_nothingSaid_hasTheDocumentedDefaults() {
    try (var context = ApplicationContext.run()) {
      var configuration = context.getBean(ServerConfiguration.class);
      assertThat(configuration.maxRequestBytes()).isEqualTo(64 << 20);
      assertThat(configuration.allowPlaintext()).isFalse();
    }
  }
}
