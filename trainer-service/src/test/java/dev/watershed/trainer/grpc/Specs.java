package dev.watershed.trainer.grpc;

import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.RandomInitialization;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import java.util.List;

/** Runs of an encoder so small that it trains in a second. */
public final class Specs {
  private Specs() {}

  /** The names of the checkpoints that a run wrote. */
  public static List<String> checkpoints(TrainingRun run) {
    return run.getCheckpointsList().stream().map(RunCheckpoint::getCheckpoint).toList();
  }

  /** What runs are drawn from where a test does not care. */
  public static final Seeds SEEDS = seeds(1, 2);

  static Seeds seeds(long head, long data) {
    return Seeds.newBuilder().setHeadSeed(head).setDataSeed(data).build();
  }

  /** Asks for a run of {@link #SEEDS}. */
  public static CreateTrainingRunRequest.Builder run(TrainingRunSpec.Builder spec) {
    return CreateTrainingRunRequest.newBuilder().setSpec(spec).setSeeds(SEEDS);
  }

  static DatasetSplit builtin(String name) {
    return DatasetSplit.newBuilder().setBuiltin(name).build();
  }

  static RandomInitialization pico() {
    return RandomInitialization.newBuilder()
        .setFamily("bert")
        .setBuiltinTokenizer("miniature")
        .setLayerCount(1)
        .setHiddenSize(16)
        .setAttentionHeadCount(2)
        .setIntermediateSize(32)
        .setMaxPositions(40)
        .setStandardDeviation(.06)
        .setSeed(1)
        .build();
  }

  static Recipe recipe(long steps) {
    return Recipe.newBuilder()
        .setAdamw(
            AdamW.newBuilder().setBeta1(.9).setBeta2(.999).setEpsilon(1e-8).setWeightDecay(.01))
        .setLearningRate(1e-3)
        .setSchedule(Schedule.SCHEDULE_LINEAR)
        .setWarmupFraction(.1)
        .setSteps(steps)
        .setBatchSize(16)
        .setClipNorm(1)
        .build();
  }

  /** Classification from random weights, with the family's dropout of .1. */
  public static TrainingRunSpec.Builder classification(long steps) {
    return TrainingRunSpec.newBuilder()
        .setRandom(pico())
        .setClassification(
            ClassificationObjective.newBuilder()
                .setTrain(builtin("miniature/validation"))
                .setValidation(builtin("miniature/probe-verb")))
        .setRecipe(recipe(steps));
  }

  /** Masked language modelling from random weights. */
  static TrainingRunSpec.Builder maskedLanguageModel(long steps) {
    return TrainingRunSpec.newBuilder()
        .setRandom(pico())
        .setMaskedLanguageModel(
            MaskedLanguageModelObjective.newBuilder()
                .setTrain(builtin("miniature/validation"))
                .setValidation(builtin("miniature/validation")))
        .setRecipe(recipe(steps));
  }
}
