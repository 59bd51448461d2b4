package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.classifier.data.Miniature;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.LabelMappingEntry;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
    String disturbed;
    String name;
    try (ServerProcess server = start()) {
      undisturbed = digest(server.channel(), finished(server.channel(), train(server, 5)));

      name = train(server, 5);
      Iterator<WatchTrainingRunResponse> updates = watch(server.channel(), name);
      // Late enough that something was saved, early enough that much is left.
      while (updates.next().getTrainingRun().getProgress().getStep() < 50) {
        assertThat(updates.hasNext()).isTrue();
      }
      server.kill();
    }
    try (ServerProcess server = start()) {
      TrainingRun ended = finished(server.channel(), name);
      assertThat(ended.getAttemptCount()).isGreaterThan(1);
      disturbed = digest(server.channel(), ended);
    }
    assertThat(disturbed).isEqualTo(undisturbed);
  }

  @Test
  void study_killedAndRestarted_reportsTheSameNumbers() throws Exception {
    StudyReport undisturbed;
    StudyReport disturbed;
    StudyReport known;
    String name;
    long before;
    try (ServerProcess server = start()) {
      List<String> checkpoints = new ArrayList<>();
      for (long seed = 1; seed <= 4; seed++) {
        TrainingRun run = finished(server.channel(), train(server, seed));
        checkpoints.add(run.getCheckpoints(run.getCheckpointsCount() - 1));
      }
      name = study(server.channel(), PicoExperiment.study(checkpoints));
      Iterator<WatchStudyResponse> updates = watchStudy(server.channel(), name);
      long completed = 0;
      while (completed < 20) {
        completed = updates.next().getStudy().getProgress().getCompletedPoints();
      }
      before = completed;
      server.kill();
    }
    try (ServerProcess server = start()) {
      Iterator<WatchStudyResponse> updates = watchStudy(server.channel(), name);
      assertThat(updates.next().getStudy().getProgress().getCompletedPoints())
          .as("points known at the restart")
          .isGreaterThanOrEqualTo(before);
      disturbed = report(server.channel(), name, updates);
      List<String> checkpoints =
          disturbed.getSpec().getModelsList().stream().map(model -> model.getCheckpoint()).toList();
      // What follows without a mapping, spelled out: to studies it is another sample, so that
      // nothing
      // is taken over from the first.
      StudySpec.Builder spelledOut = PicoExperiment.study(checkpoints).toBuilder();
      for (String label : Miniature.LABELS) {
        spelledOut
            .getInDomainBuilder()
            .getLabelMappingBuilder()
            .addEntries(LabelMappingEntry.newBuilder().setDataLabel(label).addModelLabels(label));
      }
      undisturbed = studied(server.channel(), spelledOut.build());
      known = studied(server.channel(), PicoExperiment.study(checkpoints));
    }
    assertThat(comparable(disturbed)).isEqualTo(comparable(undisturbed));
    assertThat(comparable(known)).isEqualTo(comparable(undisturbed));
    assertThat(undisturbed.getCost().getReusedPoints()).isZero();
    assertThat(known.getCost().getComputedPoints()).isZero();
    assertThat(known.getCost().getReusedPoints())
        .isEqualTo(undisturbed.getCost().getComputedPoints());
  }

  private ServerProcess start() throws Exception {
    return ServerProcess.serve(directory.resolve("data"), directory);
  }

  private static String train(ServerProcess server, long seed) {
    return TrainingServiceGrpc.newBlockingStub(server.channel())
        .createTrainingRun(
            CreateTrainingRunRequest.newBuilder()
                .setSpec(PicoExperiment.training(STEPS, seed))
                .build())
        .getTrainingRun()
        .getName();
  }

  private static Iterator<WatchTrainingRunResponse> watch(ManagedChannel channel, String name) {
    return TrainingServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(3, TimeUnit.MINUTES)
        .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(name).build());
  }

  private static TrainingRun finished(ManagedChannel channel, String name) {
    TrainingRun last = TrainingRun.getDefaultInstance();
    for (Iterator<WatchTrainingRunResponse> updates = watch(channel, name); updates.hasNext(); ) {
      last = updates.next().getTrainingRun();
    }
    assertThat(last.getState())
        .as(last.getError().getMessage())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    return last;
  }

  private static String digest(ManagedChannel channel, TrainingRun run) {
    return CheckpointServiceGrpc.newBlockingStub(channel)
        .getCheckpoint(
            GetCheckpointRequest.newBuilder()
                .setName(run.getCheckpoints(run.getCheckpointsCount() - 1))
                .build())
        .getCheckpoint()
        .getDigest()
        .getSha256();
  }

  private static StudyReport studied(ManagedChannel channel, StudySpec spec) {
    String name = study(channel, spec);
    return report(channel, name, watchStudy(channel, name));
  }

  private static String study(ManagedChannel channel, StudySpec spec) {
    return StudyServiceGrpc.newBlockingStub(channel)
        .createStudy(CreateStudyRequest.newBuilder().setSpec(spec).build())
        .getStudy()
        .getName();
  }

  private static Iterator<WatchStudyResponse> watchStudy(ManagedChannel channel, String name) {
    return StudyServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(3, TimeUnit.MINUTES)
        .watchStudy(WatchStudyRequest.newBuilder().setName(name).build());
  }

  private static StudyReport report(
      ManagedChannel channel, String name, Iterator<WatchStudyResponse> updates) {
    WatchStudyResponse last = WatchStudyResponse.getDefaultInstance();
    while (updates.hasNext()) {
      last = updates.next();
    }
    assertThat(last.getStudy().getState())
        .as(last.getStudy().getError().getMessage())
        .isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    return StudyServiceGrpc.newBlockingStub(channel)
        .getStudyReport(GetStudyReportRequest.newBuilder().setName(name).build())
        .getReport();
  }

  /** What was found, without what was asked for, also in words, and what it took. */
  private static StudyReport comparable(StudyReport report) {
    return report.toBuilder()
        .clearStudy()
        .clearSpec()
        .clearSampleTexts()
        .clearElapsedSeconds()
        .clearCost()
        .build();
  }
}
