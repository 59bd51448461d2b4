package dev.watershed.analysis.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.fleet.Certificates;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.server.ConfigurationException;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.micronaut.context.ApplicationContext;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies over an evaluator that wants TLS, a client's certificate and a token. */
final class EvaluatorTlsTest {
  private static final String PREFIX = "watershed.analysis.evaluator.";

  private Path directory;
  private Certificates certificates;
  private FakeEvaluator evaluator;
  private ApplicationContext evaluating;
  private int port;

  @BeforeEach
  void serve(@TempDir Path directory) throws Exception {
    this.directory = directory;
    certificates = new Certificates(directory);
    certificates.make("server");
    certificates.make("client");
    token("token", "s3cret");
    evaluator = new FakeEvaluator();
    evaluating =
        ApplicationContext.run(serving(Files.createDirectory(directory.resolve("evaluating"))));
    evaluating.registerSingleton(BindableService.class, evaluator);
    port = evaluating.getBean(GrpcEmbeddedServer.class).start().getPort();
  }

  /** What a server is told that answers only whom it knows. */
  private Map<String, Object> serving(Path data) throws Exception {
    var properties = StudyProcess.properties(data, "inprocess:none");
    properties.put("watershed.analysis.concurrent-studies", 0);
    properties.put("watershed.analysis.sole-worker", false);
    properties.put("grpc.server.port", 0);
    properties.put("watershed.server.tls-certificate", certificates.certificate("server"));
    properties.put("watershed.server.tls-key", certificates.key("server"));
    properties.put("watershed.server.tls-client-ca", certificates.certificate("client"));
    properties.put("watershed.server.token-file", directory.resolve("token").toString());
    return properties;
  }

  @AfterEach
  void stop() throws Exception {
    evaluating.close();
    evaluator.close();
  }

  private void token(String file, String token) throws Exception {
    Files.writeString(directory.resolve(file), token + "\n");
  }

  /** What the analysis is told, changed by {@code more}; an empty value takes a key out. */
  private Map<String, Object> access(Map<String, String> more) {
    var access = new HashMap<String, Object>();
    access.put(PREFIX + "tls-ca", certificates.certificate("server"));
    access.put(PREFIX + "tls-certificate", certificates.certificate("client"));
    access.put(PREFIX + "tls-key", certificates.key("client"));
    access.put(PREFIX + "token-file", directory.resolve("token").toString());
    access.put(PREFIX + "patience", "1s");
    more.forEach((key, value) -> access.put(PREFIX + key, value));
    access.values().removeIf(""::equals);
    return access;
  }

  private Study study(Map<String, String> more) throws Exception {
    try (var process = new StudyProcess(directory, "127.0.0.1:" + port, access(more))) {
      return process.await(process.create(TestSpecs.spec("left-0", "right-0")).getName());
    }
  }

  private static String reason(Study study) throws Exception {
    return study.getError().getDetails(0).unpack(ErrorInfo.class).getReason();
  }

  @Test
  void study_certificatesAndToken_succeeds() throws Exception {
    var study = study(Map.of());
    assertThat(study.getState()).as("%s", study).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(evaluator.evaluations).isNotEmpty();
  }

  @Test
  void study_missingOrWrongToken_failsInASentence() throws Exception {
    var missing = study(Map.of("token-file", ""));
    assertThat(missing.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(missing.getError().getCode()).isEqualTo(Code.UNAUTHENTICATED_VALUE);
    assertThat(reason(missing)).isEqualTo("TOKEN_MISSING");
    assertThat(missing.getError().getMessage())
        .contains("The evaluator, asked about ", PREFIX + "token-file");

    token("other", "s3crets");
    var wrong = study(Map.of("token-file", directory.resolve("other").toString()));
    assertThat(reason(wrong)).isEqualTo("TOKEN_WRONG");
    assertThat(wrong.getError().getMessage())
        .contains("is not this server's")
        .doesNotContain("s3cret");
    assertThat(evaluator.evaluations).isEmpty();
  }

  @Test
  void study_wrongAuthorityOrNoCertificate_failsInASentence() throws Exception {
    var stranger = study(Map.of("tls-ca", certificates.certificate("client")));
    assertThat(stranger.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(stranger.getError().getMessage())
        .contains("there is no TLS connection to it: ", PREFIX + "tls-*")
        .doesNotContain("Channel Pipeline");

    var nobody = study(Map.of("tls-certificate", "", "tls-key", ""));
    assertThat(nobody.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(nobody.getError().getCode()).isEqualTo(Code.UNAVAILABLE_VALUE);
    assertThat(evaluator.evaluations).isEmpty();
  }

  @Test
  void start_fileThatIsNot_isRefusedInASentence() {
    var thrown = catchThrowable(() -> study(Map.of("tls-ca", "/none.pem")));
    assertThat(ConfigurationException.in(thrown).orElseThrow())
        .hasMessageContaining(PREFIX + "tls-*")
        .hasMessageContaining("/none.pem");
    var token = catchThrowable(() -> study(Map.of("token-file", "/none")));
    assertThat(ConfigurationException.in(token).orElseThrow())
        .hasMessageContaining(PREFIX + "token-file is /none");
  }

  /** Kubernetes' probes speak no TLS. */
  @Test
  void healthPort_serverWithTlsAndToken_tellsHealthInPlain() throws Exception {
    var properties = new HashMap<>(serving(Files.createDirectory(directory.resolve("probed"))));
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    properties.put("watershed.server.health-port", port);
    try (var probed = ApplicationContext.run(properties)) {
      probed.getBean(GrpcEmbeddedServer.class).start();
      var channel = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
      try {
        assertThat(
                HealthGrpc.newBlockingStub(channel)
                    .check(
                        HealthCheckRequest.newBuilder()
                            .setService("watershed.analysis.v1.StudyService")
                            .build())
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }

  /** Probes carry no secrets; who lists the contracts does. */
  @Test
  void health_withoutToken_isToldAndReflectionIsNot() throws Exception {
    var channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .sslContext(
                GrpcSslContexts.forClient()
                    .trustManager(new File(certificates.certificate("server")))
                    .keyManager(
                        new File(certificates.certificate("client")),
                        new File(certificates.key("client")))
                    .build())
            .build();
    try {
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isEqualTo(ServingStatus.SERVING);
      var answer = new CompletableFuture<ServerReflectionResponse>();
      ServerReflectionGrpc.newStub(channel)
          .serverReflectionInfo(
              new StreamObserver<>() {
                @Override
                public void onNext(ServerReflectionResponse response) {
                  answer.complete(response);
                }

                @Override
                public void onError(Throwable thrown) {
                  answer.completeExceptionally(thrown);
                }

                @Override
                public void onCompleted() {
                  answer.cancel(false);
                }
              })
          .onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
      var refused = catchThrowable(() -> answer.get(20, TimeUnit.SECONDS));
      assertThat(refused).isInstanceOf(ExecutionException.class);
      assertThat(io.grpc.Status.fromThrowable(refused).getCode())
          .isEqualTo(io.grpc.Status.Code.UNAUTHENTICATED);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }
}
