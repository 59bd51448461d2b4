package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.trainer.v1.TrainingRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a real server with signal 9 in the middle of its work and starts it again. */
final class KillIT {
  private static final int STEPS = 1500;

  private Path directory;

  @BeforeEach
  void choose(@TempDir Path temporary) {
    directory = temporary;
  }

  @Test
  void training_killedAndRestarted_endsWithTheSameBits() throws Exception {
    String undisturbed;
    String name;
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      undisturbed = work.digest(work.trained(train(work, 5)));

      name = train(work, 5);
      // Late enough that something was saved, early enough that much is left.
      work.awaitStep(name, 50);
      server.kill();
    }
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      TrainingRun ended = work.trained(name);
      assertThat(ended.getAttemptCount()).isGreaterThan(1);
      assertThat(work.digest(ended)).isEqualTo(undisturbed);
    }
  }

  @Test
  void study_killedAndRestarted_reportsTheSameNumbers() throws Exception {
    StudySpec spec;
    String name;
    long before;
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      List<String> checkpoints = new ArrayList<>();
      for (long seed = 1; seed <= 4; seed++) {
        checkpoints.add(PicoWork.checkpoint(work.trained(train(work, seed))));
      }
      spec = PicoExperiment.study(checkpoints);
      name = work.study(spec);
      before = work.awaitPoints(name, 20);
      server.kill();
    }
    try (ServerProcess server = start()) {
      var work = new PicoWork(server.channel());
      assertThat(work.studyNow(name).getProgress().getCompletedPoints())
          .as("points known at the restart")
          .isGreaterThanOrEqualTo(before);
      StudyReport disturbed = work.report(name);
      StudyReport undisturbed = work.report(work.study(PicoWork.spelledOut(spec)));
      StudyReport known = work.report(work.study(spec));
      assertThat(PicoWork.comparable(disturbed)).isEqualTo(PicoWork.comparable(undisturbed));
      assertThat(PicoWork.comparable(known)).isEqualTo(PicoWork.comparable(undisturbed));
      assertThat(undisturbed.getCost().getReusedPoints()).isZero();
      assertThat(known.getCost().getComputedPoints()).isZero();
      assertThat(known.getCost().getReusedPoints())
          .isEqualTo(undisturbed.getCost().getComputedPoints());
    }
  }

  private ServerProcess start() throws Exception {
    return ServerProcess.serve(directory.resolve("data"), directory);
  }

  private static String train(PicoWork work, long seed) {
    return work.train(PicoExperiment.training(STEPS, seed));
  }
}
