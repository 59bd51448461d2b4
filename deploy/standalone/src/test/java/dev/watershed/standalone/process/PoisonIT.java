package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Work during which the server's process is killed with signal 9 at each start, as work does that
 * kills it: after two such ends it is held, and the third start serves everybody else.
 */
final class PoisonIT {
  private Path directory;

  @BeforeEach
  void choose(@TempDir Path temporary) {
    directory = temporary;
  }

  @Test
  void run_thatEndsItsProcessTwice_isHeldUntilItIsAskedForAgain() throws Exception {
    CreateTrainingRunRequest spec = withoutSaving(PicoExperiment.training(1500, 1));
    CreateTrainingRunRequest harmless = PicoExperiment.training(20, 2);
    String name;
    String next;
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      name = work.train(spec);
      next = work.train(harmless);
      work.awaitStep(name, 500);
      server.kill();
    }
    try (ServerProcess server = start()) {
      // Not as far as the first time: what comes further each time is no poison.
      new PicoWork(server.channel()).awaitAttempt(name, 2);
      server.kill();
    }
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      TrainingRun held = work.ended(name);
      assertThat(held.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_FAILED);
      assertThat(held.getAttemptCount()).isEqualTo(2);
      assertHeld(held.getError(), "Ask for the same run again to try once more.");
      work.trained(next);

      String again = work.trainAgain(spec);
      assertThat(again).isNotEqualTo(name);
      assertThat(work.trained(again).getAttemptCount()).isEqualTo(1);
      assertThat(work.run(name)).isEqualTo(held);
    }
  }

  @Test
  void study_thatEndsItsProcessTwice_isHeldUntilItIsCreatedAgain() throws Exception {
    StudySpec spec;
    String name;
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      List<String> checkpoints = new ArrayList<>();
      for (long seed = 1; seed <= 2; seed++) {
        checkpoints.add(PicoWork.checkpoint(work.trained(work.train(slowToEvaluate(seed)))));
      }
      spec = PicoExperiment.study(checkpoints).toBuilder().setIntervalCount(2).build();
      name = work.study(spec);
      for (var updates = work.watchStudy(name);
          updates.next().getStudy().getState() != StudyState.STUDY_STATE_RUNNING; ) {
        assertThat(updates.hasNext()).isTrue();
      }
      server.kill();
    }
    try (ServerProcess server = start()) {
      new PicoWork(server.channel()).awaitEvaluator();
      server.kill();
    }
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      Study held = work.endedStudy(name);
      assertThat(held.getProgress().getCompletedPoints()).isZero();
      assertThat(held.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
      assertHeld(held.getError(), "Create the study again to try once more");

      String again = work.study(spec);
      assertThat(again).isNotEqualTo(name);
      assertThat(work.report(again).getPairsCount()).isEqualTo(1);
      assertThat(work.studyNow(name)).isEqualTo(held);
    }
  }

  private static void assertHeld(Status error, String advice) throws Exception {
    assertThat(error.getCode()).isEqualTo(Code.ABORTED_VALUE);
    assertThat(error.getMessage()).contains("2 times in a row", advice);
    var info = error.getDetails(0).unpack(ErrorInfo.class);
    assertThat(info.getReason()).isEqualTo("CRASHED_REPEATEDLY");
    assertThat(info.getMetadataMap()).containsEntry("crashes", "2");
  }

  private static CreateTrainingRunRequest withoutSaving(CreateTrainingRunRequest run) {
    var changed = run.toBuilder();
    changed
        .getSpecBuilder()
        .getCheckpointsBuilder()
        .setResumeEverySteps(run.getSpec().getRecipe().getSteps());
    return changed.build();
  }

  /** A point of it takes long enough to be killed in. */
  private static CreateTrainingRunRequest slowToEvaluate(long seed) {
    var changed = PicoExperiment.training(1, seed).toBuilder();
    changed
        .getSpecBuilder()
        .getRandomBuilder()
        .setLayerCount(4)
        .setHiddenSize(512)
        .setAttentionHeadCount(8)
        .setIntermediateSize(2048);
    return changed.build();
  }

  private ServerProcess start() throws Exception {
    return ServerProcess.serve(directory.resolve("data"), directory);
  }
}
