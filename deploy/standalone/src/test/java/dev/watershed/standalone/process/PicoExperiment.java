package dev.watershed.standalone.process;

import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.RandomInitialization;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import java.util.List;

/** The smallest encoder on the miniature task: enough to see whether bits agree. */
public final class PicoExperiment {
  private PicoExperiment() {}

  /** A run from random weights that saves what it resumes from after every ten steps. */
  public static CreateTrainingRunRequest training(int steps, long seed) {
    return CreateTrainingRunRequest.newBuilder()
        .setSpec(spec(steps))
        .setSeeds(Seeds.newBuilder().setHeadSeed(seed).setDataSeed(seed))
        .build();
  }

  /** What such runs have in common. */
  public static TrainingRunSpec spec(int steps) {
    return TrainingRunSpec.newBuilder()
        .setDisplayName("pico")
        .setRandom(
            RandomInitialization.newBuilder()
                .setFamily("bert")
                .setBuiltinTokenizer("miniature")
                .setLayerCount(1)
                .setHiddenSize(16)
                .setAttentionHeadCount(2)
                .setIntermediateSize(32)
                .setMaxPositions(40)
                .setSeed(1))
        .setClassification(
            ClassificationObjective.newBuilder()
                .setTrain(DatasetSplit.newBuilder().setBuiltin("miniature/train")))
        .setRecipe(
            Recipe.newBuilder()
                .setAdamw(
                    AdamW.newBuilder()
                        .setBeta1(0.9)
                        .setBeta2(0.999)
                        .setEpsilon(1e-8)
                        .setWeightDecay(0.01))
                .setLearningRate(1e-3)
                .setSchedule(Schedule.SCHEDULE_LINEAR)
                .setWarmupFraction(0.1)
                .setSteps(steps)
                .setBatchSize(16)
                .setClipNorm(1)
                .setDropout(0.1))
        .setCheckpoints(CheckpointPolicy.newBuilder().setResumeEverySteps(10))
        .build();
  }

  /** All pairs on a fine grid. */
  static StudySpec study(List<String> checkpoints) {
    StudySpec.Builder study =
        StudySpec.newBuilder()
            .setDisplayName("pico")
            .setInDomain(
                EvaluationSample.newBuilder()
                    .setName("validation")
                    .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation"))
                    .setSize(512)
                    .setSeed(1))
            .setProtocol(AlphaProtocol.ALPHA_PROTOCOL_NESTED);
    checkpoints.forEach(
        checkpoint -> study.addModels(StudyModel.newBuilder().setCheckpoint(checkpoint)));
    return study.build();
  }
}
