package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.classifier.data.Miniature;
import dev.watershed.cli.WholeReport;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.LabelMappingEntry;
import io.grpc.Channel;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/**
 * Runs and studies that a server is asked for, and what became of them.
 *
 * @param channel to the server
 */
public record PicoWork(Channel channel) {
  private static final long PATIENCE_MINUTES = 3;

  /** Returns the new run's name. */
  public String train(CreateTrainingRunRequest run) {
    return TrainingServiceGrpc.newBlockingStub(channel)
        .createTrainingRun(run)
        .getTrainingRun()
        .getName();
  }

  /** The same asked for again, as the command line does: work that is there is not repeated. */
  String trainAgain(CreateTrainingRunRequest run) {
    return train(run.toBuilder().setReuseExisting(true).build());
  }

  TrainingRun run(String name) {
    return TrainingServiceGrpc.newBlockingStub(channel)
        .getTrainingRun(GetTrainingRunRequest.newBuilder().setName(name).build())
        .getTrainingRun();
  }

  Iterator<WatchTrainingRunResponse> watchRun(String name) {
    return TrainingServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PATIENCE_MINUTES, TimeUnit.MINUTES)
        .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(name).build());
  }

  /** Waits until a run has taken so many steps. */
  void awaitStep(String name, long step) {
    for (var updates = watchRun(name);
        updates.next().getTrainingRun().getProgress().getStep() < step; ) {
      assertThat(updates.hasNext()).isTrue();
    }
  }

  /** Waits until a process has the run for the nth time. */
  void awaitAttempt(String name, int attempt) {
    for (var updates = watchRun(name);
        updates.next().getTrainingRun().getAttemptCount() < attempt; ) {
      assertThat(updates.hasNext()).isTrue();
    }
  }

  /** Waits for the end of a run, however it ends. */
  TrainingRun ended(String name) {
    var last = TrainingRun.getDefaultInstance();
    for (var updates = watchRun(name); updates.hasNext(); ) {
      last = updates.next().getTrainingRun();
    }
    return last;
  }

  /** Waits for the end of a run that succeeds. */
  public TrainingRun trained(String name) {
    var last = ended(name);
    assertThat(last.getState())
        .as(last.getError().getMessage())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    return last;
  }

  /** The last checkpoint's name. */
  public static String checkpoint(TrainingRun run) {
    return run.getCheckpoints(run.getCheckpointsCount() - 1).getCheckpoint();
  }

  /** The digest of the weights that a run ended with. */
  String digest(TrainingRun run) {
    return CheckpointServiceGrpc.newBlockingStub(channel)
        .getCheckpoint(GetCheckpointRequest.newBuilder().setName(checkpoint(run)).build())
        .getCheckpoint()
        .getDigest()
        .getSha256();
  }

  /** Returns the new study's name. */
  String study(StudySpec spec) {
    return StudyServiceGrpc.newBlockingStub(channel)
        .createStudy(CreateStudyRequest.newBuilder().setSpec(spec).build())
        .getStudy()
        .getName();
  }

  Study studyNow(String name) {
    return StudyServiceGrpc.newBlockingStub(channel)
        .getStudy(GetStudyRequest.newBuilder().setName(name).build())
        .getStudy();
  }

  Iterator<WatchStudyResponse> watchStudy(String name) {
    return StudyServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PATIENCE_MINUTES, TimeUnit.MINUTES)
        .watchStudy(WatchStudyRequest.newBuilder().setName(name).build());
  }

  /** Waits until this server computes what a study asks for. */
  void awaitEvaluator() {
    var evaluator = EvaluationServiceGrpc.newBlockingStub(channel);
    long start = System.nanoTime();
    while (evaluator
            .getStatistics(GetStatisticsRequest.getDefaultInstance())
            .getStatistics()
            .getVectorReadCount()
        == 0) {
      assertThat(System.nanoTime() - start).isLessThan(TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES));
    }
  }

  /** Waits until a study has so many points; returns how many it has. */
  long awaitPoints(String name, long points) {
    var updates = watchStudy(name);
    while (true) {
      long completed = updates.next().getStudy().getProgress().getCompletedPoints();
      if (completed >= points) {
        return completed;
      }
    }
  }

  /** Waits for the end of a study, however it ends. */
  Study endedStudy(String name) {
    var last = Study.getDefaultInstance();
    for (var updates = watchStudy(name); updates.hasNext(); ) {
      last = updates.next().getStudy();
    }
    return last;
  }

  /** Waits for the report of a study that succeeds. */
  StudyReport report(String name) {
    var last = endedStudy(name);
    assertThat(last.getState())
        .as(last.getError().getMessage())
        .isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    return WholeReport.of(channel, name);
  }

  /**
   * What follows without a mapping, spelled out: to studies it is another sample, so that nothing
   * is taken over from one that does not.
   */
  static StudySpec spelledOut(StudySpec spec) {
    var study = spec.toBuilder();
    for (var label : Miniature.LABELS) {
      study
          .getInDomainBuilder()
          .getLabelMappingBuilder()
          .addEntries(LabelMappingEntry.newBuilder().setDataLabel(label).addModelLabels(label));
    }
    return study.build();
  }

  /** What was found, without what was asked for, also in words, and what it took. */
  static StudyReport comparable(StudyReport report) {
    return report.toBuilder()
        .clearStudy()
        .clearSpec()
        .clearSampleTexts()
        .clearElapsedSeconds()
        .clearCost()
        .build();
  }
}
