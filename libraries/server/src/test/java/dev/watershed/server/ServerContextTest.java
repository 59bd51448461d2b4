package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
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
import io.grpc.protobuf.StatusProto;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.ApplicationContextBuilder;
import io.micronaut.context.env.MapPropertySource;
import io.micronaut.context.env.PropertySource;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /** A probe that would restart the process asks for health itself: a restart makes no room. */
  @Test
  void health_diskFull_isNotReadyButLives(@TempDir Path directory) throws InterruptedException {
    var properties =
        Map.<String, Object>of(
            "grpc.server.port",
            0,
            "watershed.disk.directories",
            directory.toString(),
            "watershed.disk.reserve",
            "8000000GiB");
    try (var context = ApplicationContext.run(properties)) {
      int port = context.getBean(GrpcEmbeddedServer.class).start().getPort();
      var channel = ManagedChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
      try {
        var stub = HealthGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
        var ready = stub.watch(service("grpc.reflection.v1.ServerReflection"));
        var status = ready.next().getStatus();
        while (status == ServingStatus.SERVING) {
          status = ready.next().getStatus();
        }
        assertThat(status).isEqualTo(ServingStatus.NOT_SERVING);
        assertThat(stub.check(service(HealthGrpc.SERVICE_NAME)).getStatus())
            .isEqualTo(ServingStatus.SERVING);
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void healthPort_said_tellsHealthAndNothingElse() throws InterruptedException {
    var properties =
        Map.<String, Object>of("grpc.server.port", 0, "watershed.server.health-port", 0);
    try (var context = ApplicationContext.run(properties)) {
      context.registerSingleton(BindableService.class, new Studies());
      context.getBean(GrpcEmbeddedServer.class).start();
      var channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", context.getBean(HealthPort.class).port())
              .usePlaintext()
              .build();
      try {
        assertThat(
                HealthGrpc.newBlockingStub(channel)
                    .check(service(StudyServiceGrpc.SERVICE_NAME))
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
        var stub = StudyServiceGrpc.newBlockingStub(channel);
        var thrown =
            catchThrowableOfType(
                StatusRuntimeException.class,
                () -> stub.getStudy(GetStudyRequest.getDefaultInstance()));
        assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void healthPort_notSaid_isNotThere() {
    try (var context = ApplicationContext.run(Map.of("grpc.server.port", 0))) {
      context.getBean(GrpcEmbeddedServer.class).start();
      assertThat(context.getBean(HealthPort.class).port()).isEqualTo(-1);
    }
  }

  @Test
  void healthPort_taken_isRefusedInASentence() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var properties =
          Map.<String, Object>of(
              "grpc.server.port", 0, "watershed.server.health-port", taken.getLocalPort());
      assertThat(
              message(
                  () -> {
                    try (var context = ApplicationContext.run(properties)) {
                      context.getBean(GrpcEmbeddedServer.class).start();
                    }
                  }))
          .contains("watershed.server.health-port is " + taken.getLocalPort());
    }
  }

  @Test
  void metricsPort_said_tellsCallsAndTheVirtualMachine() throws Exception {
    var properties =
        Map.<String, Object>of("grpc.server.port", 0, "watershed.server.metrics-port", 0);
    try (var context = ApplicationContext.run(properties)) {
      int server = context.getBean(GrpcEmbeddedServer.class).start().getPort();
      var channel = ManagedChannelBuilder.forAddress("127.0.0.1", server).usePlaintext().build();
      try {
        assertThat(HealthGrpc.newBlockingStub(channel).check(service("")).getStatus())
            .isEqualTo(ServingStatus.SERVING);
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
      int port = context.getBean(MetricsPort.class).port();
      var answer = ask(port, "GET", "/metrics");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Content-Type"))
          .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
      assertThat(answer.body())
          .contains("grpc_server_processing_duration_seconds_count{method=\"Check\"")
          .contains("jvm_memory_used_bytes")
          .contains("process_files_open_files");
      assertThat(ask(port, "POST", "/metrics").statusCode()).isEqualTo(405);
      assertThat(ask(port, "GET", "/metrics/x").statusCode()).isEqualTo(404);
    }
  }

  private static HttpResponse<String> ask(int port, String method, String path) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
              .method(method, HttpRequest.BodyPublishers.noBody())
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void metricsPort_notSaid_isNotThere() {
    try (var context = ApplicationContext.run(Map.of("grpc.server.port", 0))) {
      context.getBean(GrpcEmbeddedServer.class).start();
      assertThat(context.getBean(MetricsPort.class).port()).isEqualTo(-1);
    }
  }

  @Test
  void metricsPort_taken_isRefusedInASentence() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var properties =
          Map.<String, Object>of(
              "grpc.server.port", 0, "watershed.server.metrics-port", taken.getLocalPort());
      assertThat(
              message(
                  () -> {
                    try (var context = ApplicationContext.run(properties)) {
                      context.getBean(GrpcEmbeddedServer.class).start();
                    }
                  }))
          .contains("watershed.server.metrics-port is " + taken.getLocalPort());
    }
  }

  private static HealthCheckRequest service(String name) {
    return HealthCheckRequest.newBuilder().setService(name).build();
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

  @Test
  void call_bytesThatAreNoProtobuf_areInvalidInTheStartedServer() throws InterruptedException {
    try (var context = ApplicationContext.run(Map.of("grpc.server.port", 0))) {
      context.registerSingleton(BindableService.class, new Studies());
      var server = context.getBean(GrpcEmbeddedServer.class).start();
      var channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
      try {
        var thrown = catchThrowableOfType(StatusRuntimeException.class, () -> Bytes.call(channel));
        assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(StatusProto.fromThrowable(thrown).getDetailsCount()).isPositive();
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void reflection_bothVersions_areServed() {
    try (var context = ApplicationContext.run(Map.of("grpc.server.port", 0))) {
      var server = context.getBean(GrpcEmbeddedServer.class);
      var services =
          server.getServer().getServices().stream()
              .map(service -> service.getServiceDescriptor().getName());
      assertThat(services)
          .contains(
              "grpc.reflection.v1.ServerReflection",
              "grpc.reflection.v1alpha.ServerReflection",
              "grpc.health.v1.Health");
    }
  }

  /** Pings as fast as permitted are answered; a connection that answers none is closed. */
  @Test
  void keepAlive_pingsAsPermitted_keepTheConnectionAndSilenceEndsIt() throws Exception {
    var properties =
        Map.<String, Object>of(
            "grpc.server.port", 0,
            "watershed.server.permit-keep-alive", "1ns",
            "watershed.server.keep-alive", "1s",
            "watershed.server.keep-alive-timeout", "100ms");
    try (var context = ApplicationContext.run(properties)) {
      int port = context.getBean(GrpcEmbeddedServer.class).start().getPort();
      try (var client = new RawHttp2(port)) {
        for (int i = 0; i < 10; i++) {
          client.ping();
          assertThat(client.untilPingAnswered()).doesNotContain(RawHttp2.GOAWAY);
        }
        // From here on the server asks, and nobody answers.
        assertThat(client.untilClosed()).contains(RawHttp2.PING);
      }
    }
  }

  @Test
  void keepAlive_pingsMoreOftenThanPermitted_endTheConnection() throws Exception {
    var properties =
        Map.<String, Object>of("grpc.server.port", 0, "watershed.server.permit-keep-alive", "1h");
    try (var context = ApplicationContext.run(properties)) {
      int port = context.getBean(GrpcEmbeddedServer.class).start().getPort();
      try (var client = new RawHttp2(port)) {
        for (int i = 0; i < 4; i++) {
          client.ping();
        }
        assertThat(client.untilClosed()).contains(RawHttp2.GOAWAY);
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
  void start_unknownKey_isRefusedWithTheNearest() {
    assertThat(refusal(Map.of("watershed.server.max-request-byte", "5")))
        .contains("watershed.server.max-request-byte ")
        .endsWith("; did you mean \"watershed.server.max-request-bytes\"?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          watershed.server.max-request-bytes | 700m | bytes, for example 2GiB
          watershed.server.allow-plaintext | maybe | true or false
          watershed.server.compute-threads | many | a whole number
          watershed.server.compute-threads | 0 | 1 or more
          watershed.server.unread-stream | 5 apples | a time with its unit
          watershed.server.unread-stream | -5s | more than 0
          watershed.server.health-port | 70000 | 65535
          """)
  void start_valueThatCannotBeRead_isRefusedWithItsForm(String key, String value, String form) {
    assertThat(refusal(Map.of(key, value))).contains(key, form);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WATERSHED_SERVER_COMPUTE_THREADS | many | 'many'; it must be a whole number
          WATERSHED_SERVER_COMPUTE_THREAD | 2 | did you mean "WATERSHED_SERVER_COMPUTE_THREADS"?
          WATERSHED_DATUM | x | did you mean "WATERSHED_DATA"?
          """)
  void start_variableThatCannotBeRead_isRefused(String name, String value, String said) {
    assertThat(refusalOfVariables(Map.of(name, value))).contains(name, said);
  }

  /** As in {@code java -Dwatershed.log=WARN}. */
  @Test
  void start_levelOfTheLog_isAccepted() {
    assertThat(refusal(Map.of("watershed.log", "WARN"))).isEqualTo("null");
  }

  @Test
  void start_keyThatTheCommandSetsItself_isRefused() {
    var key = "watershed.server.compute-threads";
    var said =
        message(
            () ->
                ApplicationContext.builder()
                    .propertySources(
                        PropertySource.of("command line", Map.of(key, "1")),
                        PropertySource.of("a file", Map.of(key, "2")))
                    .start()
                    .close());
    assertThat(said).contains(key, "a file", "cannot take effect");
  }

  @Test
  void start_variablesOfOthers_areLeftAlone() {
    var variables =
        Map.<String, Object>of(
            "WATERSHED_DATA", "/data",
            "WATERSHED_JAVA_OPTS", "-Xmx8g",
            "WATERSHED_PORT_7878_TCP_ADDR", "10.0.0.1",
            "WATERSHED_EVAL_SERVICE_HOST", "10.0.0.1",
            "WATERSHED_PORT", "tcp://10.0.0.1:7878",
            "OTHER_THREADS", "x",
            "WATERSHED_SERVER_COMPUTE_THREADS", "3");
    try (var context = withVariables(variables).start()) {
      assertThat(context.getBean(ServerConfiguration.class).computeThreads()).isEqualTo(3);
    }
  }

  private static String refusal(Map<String, Object> properties) {
    return message(
        () -> {
          try (var context = ApplicationContext.run(properties)) {
            context.getBean(ServerConfiguration.class);
            context.getBean(ServerAccess.class);
          }
        });
  }

  private static String refusalOfVariables(Map<String, Object> variables) {
    return message(() -> withVariables(variables).start().close());
  }

  private static String message(ThrowableAssert.ThrowingCallable start) {
    var thrown = catchThrowable(start);
    while (thrown != null && !(thrown instanceof ConfigurationException)) {
      thrown = thrown.getCause();
    }
    return String.valueOf(thrown == null ? null : thrown.getMessage());
  }

  private static ApplicationContextBuilder withVariables(Map<String, Object> variables) {
    return ApplicationContext.builder()
        .environmentPropertySource(false)
        .propertySources(
            new MapPropertySource("env", variables) {
              @Override
              public PropertyConvention getConvention() {
                return PropertyConvention.ENVIRONMENT_VARIABLE;
              }
            });
  }

  @Test
  void configuration_nothingSaid_hasTheDocumentedDefaults() {
    try (var context = ApplicationContext.run()) {
      var configuration = context.getBean(ServerConfiguration.class);
      assertThat(configuration.maxRequestBytes().bytes()).isEqualTo(64 << 20);
      assertThat(configuration).isEqualTo(ServerConfiguration.DEFAULTS);
      assertThat(configuration.allowPlaintext()).isFalse();
    }
  }
}
