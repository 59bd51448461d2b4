package dev.watershed.standalone.quickstart;

import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Score;
import java.util.List;

/** What the quickstart asks the services for: the recipe and the study of the miniature task. */
public final class MiniatureExperiment {
  /** Position in the study of the diagnostic that tells the basins apart. */
  static final int NOT_ENTAILED = 0;

  /** Positions in the study of the probes of agent, patient and verb. */
  static final int[] PROBES = {2, 3, 4};

  /** The group of the probes. */
  static final String STRATEGY = "strategy";

  private static final String PRETRAINED = "checkpoints/miniature-pretrained";
  private static final int VALIDATION_SIZE = 512;

  private MiniatureExperiment() {}

  /**
   * One fine-tune per seed; head and data order both follow it.
   *
   * @param steps optimiser steps of each; the phenomenon needs 600
   */
  public static BatchCreateTrainingRunsRequest training(int seedCount, int steps) {
    BatchCreateTrainingRunsRequest.Builder request =
        BatchCreateTrainingRunsRequest.newBuilder()
            .setSpec(
                TrainingRunSpec.newBuilder()
                    .setDisplayName("miniature")
                    .setInitialCheckpoint(PRETRAINED)
                    .setClassification(
                        ClassificationObjective.newBuilder().setTrain(builtin("train")))
                    .setRecipe(
                        Recipe.newBuilder()
                            .setAdamw(
                                AdamW.newBuilder()
                                    .setBeta1(0.9)
                                    .setBeta2(0.999)
                                    .setEpsilon(1e-8)
                                    .setWeightDecay(0.01))
                            .setLearningRate(5e-4)
                            .setSchedule(Schedule.SCHEDULE_LINEAR)
                            .setWarmupFraction(0.1)
                            .setSteps(steps)
                            .setBatchSize(32)
                            .setClipNorm(1)
                            .setDropout(0)));
    for (int seed = 1; seed <= seedCount; seed++) {
      request.addSeeds(Seeds.newBuilder().setHeadSeed(seed).setDataSeed(seed));
    }
    return request.build();
  }

  /** All pairs of the runs' last checkpoints, and every model on the diagnostics and probes. */
  static StudySpec study(List<TrainingRun> runs) {
    StudySpec.Builder study =
        StudySpec.newBuilder()
            .setDisplayName("miniature")
            .setInDomain(
                EvaluationSample.newBuilder()
                    .setName("validation")
                    .setSplit(builtin("validation"))
                    .setSize(VALIDATION_SIZE)
                    .setFirstRows(true))
            .addDiagnostics(diagnostic("diagnostic-not-entailed", ""))
            .addDiagnostics(diagnostic("diagnostic-entailed", ""))
            .addDiagnostics(diagnostic("probe-agent", STRATEGY))
            .addDiagnostics(diagnostic("probe-patient", STRATEGY))
            .addDiagnostics(diagnostic("probe-verb", STRATEGY))
            .setProtocol(AlphaProtocol.ALPHA_PROTOCOL_PAPER)
            .setDistance(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP);
    for (TrainingRun run : runs) {
      study.addModels(
          StudyModel.newBuilder()
              .setCheckpoint(run.getCheckpoints(run.getCheckpointsCount() - 1).getCheckpoint())
              .setLabel("seed " + run.getSeeds().getHeadSeed()));
    }
    return study.build();
  }

  private static Diagnostic diagnostic(String name, String group) {
    return Diagnostic.newBuilder()
        .setSample(EvaluationSample.newBuilder().setName(name).setSplit(builtin(name)))
        .setScore(Score.SCORE_ACCURACY)
        .setGroup(group)
        .build();
  }

  private static DatasetSplit builtin(String name) {
    return DatasetSplit.newBuilder().setBuiltin("miniature/" + name).build();
  }
}
