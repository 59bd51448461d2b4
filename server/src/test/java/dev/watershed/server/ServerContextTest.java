package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import io.grpc.BindableService;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
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
  void call_breakingARule_isRefusedByTheStartedServer() throws InterruptedException {
    try (var context = ApplicationContext.run(Map.of("grpc.server.port", 0))) {
      context.registerSingleton(BindableService.class, new Studies());
      var server = context.getBean(GrpcEmbeddedServer.class).start();
      var channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
      try {
        var stub = StudyServiceGrpc.newBlockingStub(channel);
        var thrown =
            catchThrowableOfType(
                StatusRuntimeException.class,
                () -> stub.getStudy(GetStudyRequest.newBuilder().setName("!").build()));
        assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(thrown.getStatus().getDescription()).startsWith("name: ");
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }

  /** A service with rules; never reached. */
  private static final class Studies extends StudyServiceGrpc.StudyServiceImplBase {}

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
