package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.server.Version;
import dev.watershed.server.v1.DeviceKind;
import dev.watershed.server.v1.GetServerInfoRequest;
import dev.watershed.server.v1.ServerServiceGrpc;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A packaged server as clients see it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ServeIT {
  private static final String[] SERVICES = {
    "watershed.trainer.v1.TrainingService",
    "watershed.trainer.v1.CheckpointService",
    "watershed.trainer.v1.DataService",
    "watershed.eval.v1.EvaluationService",
    "watershed.analysis.v1.MetricService",
    "watershed.analysis.v1.StudyService",
    "watershed.analysis.v1.DynamicsService",
    "watershed.server.v1.ServerService"
  };

  private Path directory;
  private ServerProcess server;

  @BeforeAll
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    server = ServerProcess.serve(temporary.resolve("data"), temporary);
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
  }

  @Test
  void health_everyService_isServing() {
    for (String service : SERVICES) {
      assertThat(
              HealthGrpc.newBlockingStub(server.channel())
                  .check(HealthCheckRequest.newBuilder().setService(service).build())
                  .getStatus())
          .as(service)
          .isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void reflection_services_areListed() throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(server.channel())
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
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(answer.get(20, TimeUnit.SECONDS).getListServicesResponse().getServiceList())
        .extracting(service -> service.getName())
        .contains(SERVICES);
    requests.onCompleted();
  }

  @Test
  void serverInfo_ofTheWholeProcess_tellsServicesLimitsAndWhatComputes() {
    var info =
        ServerServiceGrpc.newBlockingStub(server.channel())
            .getServerInfo(GetServerInfoRequest.getDefaultInstance())
            .getServerInfo();
    assertThat(info.getVersion()).isEqualTo(Version.CURRENT);
    assertThat(info.getServicesList()).contains(SERVICES).doesNotHaveDuplicates().isSorted();
    assertThat(info.getLimitsMap())
        .containsKeys(
            "watershed.trainer.max-parameters",
            "watershed.eval.memory",
            "watershed.analysis.max-points");
    assertThat(info.getProvenance().getEngine()).isNotEmpty();
    assertThat(info.getFastPrecisionsList()).contains(Precision.PRECISION_FP32);
    assertThat(info.getPrecisionsList()).containsAll(info.getFastPrecisionsList());
    assertThat(info.getDevicesList()).hasSize(1);
    assertThat(info.getDevices(0).getName()).isEqualTo("cpu");
    assertThat(info.getDevices(0).getKind()).isEqualTo(DeviceKind.DEVICE_KIND_CPU);
    assertThat(info.getDevices(0).getThreads()).isPositive();
    assertThat(info.getDevices(0).getMemoryBytes()).isGreaterThan(1L << 28);
    assertThat(info.getCataloguesMap()).containsOnlyKeys("tasks", "recipes");
    assertThat(info.getCataloguesMap().values())
        .allSatisfy(version -> assertThat(version).isNotEmpty());
  }

  @Test
  void checkpoints_freshDirectory_holdsThePretrainedMiniature() {
    assertThat(
            CheckpointServiceGrpc.newBlockingStub(server.channel())
                .listCheckpoints(ListCheckpointsRequest.getDefaultInstance())
                .getCheckpointsList())
        .extracting(checkpoint -> checkpoint.getName())
        .containsExactly("checkpoints/miniature-pretrained");
  }

  @Test
  void evaluate_modelWithoutClassificationHead_isRefusedWithAStatus() {
    var request =
        EvaluateInterpolationRequest.newBuilder()
            .setModelA("checkpoints/miniature-pretrained")
            .setModelB("checkpoints/miniature-pretrained")
            .addAlphas(0)
            .addSamples(
                EvaluationSample.newBuilder()
                    .setName("validation")
                    .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation")))
            .build();
    var thrown =
        org.assertj.core.api.Assertions.catchThrowableOfType(
            io.grpc.StatusRuntimeException.class,
            () ->
                EvaluationServiceGrpc.newBlockingStub(server.channel())
                    .evaluateInterpolation(request)
                    .forEachRemaining(response -> {}));
    assertThat(thrown.getStatus().getCode())
        .isIn(io.grpc.Status.Code.FAILED_PRECONDITION, io.grpc.Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void serve_sameDirectoryTwice_saysWhoUsesIt() throws Exception {
    Path log = directory.resolve("second.log");
    Process second =
        ServerProcess.command(
            log, "serve", "--port", "0", "--data", directory.resolve("data").toString());
    assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isNotZero();
    assertThat(Files.readString(log)).contains("a server already uses").contains("127.0.0.1:");
  }

  /** Nobody has a hundred of them, so this holds where there is a GPU too. */
  @Test
  void serve_deviceThatIsNotThere_saysSoAndLeavesNothing() throws Exception {
    Path log = directory.resolve("device.log");
    Path data = directory.resolve("no-device");
    Process serve =
        ServerProcess.command(
            log, "serve", "--device", "cuda:99", "--port", "0", "--data", data.toString());
    assertThat(serve.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(serve.exitValue()).isEqualTo(2);
    assertThat(Files.readString(log)).contains("error: device is cuda:99");
    assertThat(data).doesNotExist();
  }

  @Test
  void runs_list_findsTheServerByItsDataDirectory() throws Exception {
    Path log = directory.resolve("list.log");
    Process list =
        ServerProcess.command(
            log, "runs", "list", "--json", "--data", directory.resolve("data").toString());
    assertThat(list.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(log)).contains("\"trainingRuns\": []");
    assertThat(list.exitValue()).isZero();
  }

  @Test
  void serve_sigterm_endsCleanlyAndWithdrawsItsAddress() throws Exception {
    Path data = directory.resolve("terminated");
    try (ServerProcess other = ServerProcess.serve(data, directory)) {
      assertThat(data.resolve("endpoint")).exists();
      assertThat(other.terminate()).isEqualTo(143);
      assertThat(data.resolve("endpoint")).doesNotExist();
    }
  }
}
