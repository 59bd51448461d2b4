package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real server whose disk is filled to its end in the middle of its work, and emptied again. */
final class FullDiskIT {
  private static final int STEPS = 1500;
  private static final long SEED = 4;
  private static final int FEWER_STEPS = 300;
  private static final long FULL_SECONDS = 6;

  /**
   * Each message three times a minute at most, with its trace; all of them were 100 kB a second.
   */
  private static final long MOST_LOG = 100_000;

  @Test
  void disk_filledAndFreed_runAndStudyWaitAndEndWithTheSameNumbers(@TempDir Path directory)
      throws Exception {
    var disk = new SmallDisk(Files.createDirectory(directory.resolve("disk")), 192);
    disk.assumeMountable();
    Path data = disk.mountPoint().resolve("data");
    try (ServerProcess server =
        ServerProcess.serve(disk, data, directory, Map.of("WATERSHED_DISK_RESERVE", "24MiB"))) {
      var work = new PicoWork(server.channel());
      List<String> checkpoints = new ArrayList<>();
      TrainingRun undisturbed = TrainingRun.getDefaultInstance();
      for (int steps : new int[] {FEWER_STEPS, FEWER_STEPS + 1, FEWER_STEPS + 2, STEPS}) {
        undisturbed = work.trained(work.train(PicoExperiment.training(steps, SEED)));
        checkpoints.add(PicoWork.checkpoint(undisturbed));
      }
      StudySpec spec = PicoExperiment.study(checkpoints);
      long logged = Files.size(server.log());

      String study = work.study(spec);
      String run = work.train(PicoExperiment.training(STEPS, SEED));
      work.awaitStep(run, 50);
      work.awaitPoints(study, 5);
      disk.fill(server);

      awaitHealth(server, ServingStatus.NOT_SERVING);
      assertRefused(data, () -> work.train(PicoExperiment.training(STEPS, SEED)));
      assertRefused(data, () -> work.study(spec));
      assertThat(server.livesOn(FULL_SECONDS)).isTrue();
      assertRefused(data, () -> work.train(PicoExperiment.training(STEPS, SEED)));
      assertGoesOn(work, run, study);
      assertThat(health(server, "watershed.trainer.v1.TrainingService"))
          .isEqualTo(ServingStatus.NOT_SERVING);

      disk.free(server);
      awaitHealth(server, ServingStatus.SERVING);
      TrainingRun disturbed = work.trained(run);
      assertThat(work.digest(disturbed)).isEqualTo(work.digest(undisturbed));
      assertThat(PicoWork.comparable(work.report(study)))
          .isEqualTo(PicoWork.comparable(work.report(work.study(PicoWork.spelledOut(spec)))));
      assertThat(Files.readString(server.log()))
          .contains("Not ready: ", "The study queue could not be worked on")
          .containsPattern("[Rr]un " + run.replaceFirst(".*/", "") + ".* waits");
      assertThat(disk.files(server, data.resolve("db")))
          .containsExactlyInAnyOrder("trainer.mv.db", "analysis.mv.db");
      assertThat(Files.size(server.log()) - logged).as("bytes logged").isLessThan(MOST_LOG);
    }
  }

  private static void assertRefused(Path data, ThrowingCallable asked) throws Exception {
    var refused = catchThrowableOfType(StatusRuntimeException.class, asked);
    assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(refused).hasMessageContaining(data.toString()).hasMessageContaining("Make room");
    var details = StatusProto.fromThrowable(refused).getDetailsList();
    var info = details.getFirst().unpack(ErrorInfo.class);
    assertThat(info.getReason()).isEqualTo("DISK_FULL");
    assertThat(info.getMetadataMap()).containsEntry("directory", data.toString());
    assertThat(details.stream().filter(detail -> detail.is(RetryInfo.class))).hasSize(1);
  }

  /** What is asked for is told as it is, or cannot be told now: it has not ended. */
  private static void assertGoesOn(PicoWork work, String run, String study) throws Exception {
    try {
      assertThat(work.run(run).getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_RUNNING);
      assertThat(work.studyNow(study).getState()).isEqualTo(StudyState.STUDY_STATE_RUNNING);
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }
  }

  private static ServingStatus health(ServerProcess server, String service) {
    return HealthGrpc.newBlockingStub(server.channel())
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  private static void awaitHealth(ServerProcess server, ServingStatus wanted) {
    var updates =
        HealthGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .watch(HealthCheckRequest.getDefaultInstance());
    while (updates.next().getStatus() != wanted) {
      assertThat(updates.hasNext()).isTrue();
    }
  }
}
