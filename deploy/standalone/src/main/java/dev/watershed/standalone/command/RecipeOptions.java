package dev.watershed.standalone.command;

import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Every field of a recipe; what is not given keeps the value of the spec or the default. */
final class RecipeOptions {
  @Option(names = "--lr", paramLabel = "RATE", description = "Peak learning rate (required).")
  @Nullable Double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = "constant, linear or polynomial. Default: linear.")
  @Nullable ScheduleName schedule;

  @Option(names = "--steps", description = "Optimiser steps (this or --epochs).")
  @Nullable Long steps;

  @Option(names = "--epochs", description = "Passes over the training split.")
  @Nullable Integer epochs;

  @Option(names = "--warmup-steps", paramLabel = "STEPS", description = "Steps of linear warm-up.")
  @Nullable Long warmupSteps;

  @Option(
      names = "--warmup-fraction",
      paramLabel = "SHARE",
      description = "Warm-up as a fraction of all steps. Default: 0.1.")
  @Nullable Double warmupFraction;

  @Option(names = "--batch-size", description = "Examples a step. Default: 32.")
  @Nullable Integer batchSize;

  @Option(
      names = "--max-tokens",
      description = "Longer inputs are truncated. Default: 128 or the model's limit.")
  @Nullable Integer maxTokens;

  @Option(
      names = "--clip-norm",
      description = "Global L2 norm of the gradient; 0 does not clip. Default: 1.")
  @Nullable Double clipNorm;

  @Option(
      names = "--dropout",
      description = "Of hidden states and attention. Default: the checkpoint's own.")
  @Nullable Double dropout;

  @Option(
      names = "--end-lr",
      paramLabel = "RATE",
      description = "Floor of a polynomial schedule. Default: 0.")
  @Nullable Double endLearningRate;

  @Option(names = "--power", description = "Power of a polynomial schedule. Default: 1.")
  @Nullable Double polynomialPower;

  @Option(names = "--beta1", description = "AdamW's decay of the first moment. Default: 0.9.")
  @Nullable Double beta1;

  @Option(names = "--beta2", description = "AdamW's decay of the second moment. Default: 0.999.")
  @Nullable Double beta2;

  @Option(names = "--epsilon", description = "AdamW's epsilon. Default: 1e-8.")
  @Nullable Double epsilon;

  @Option(names = "--weight-decay", description = "Decoupled weight decay. Default: 0.01.")
  @Nullable Double weightDecay;

  @Option(
      names = "--no-bias-correction",
      description = "AdamW as in the original BERT code, without bias correction.")
  boolean withoutBiasCorrection;

  @Option(names = "--decay-all", description = "Decay LayerNorm parameters and biases too.")
  boolean decayAllParameters;

  /** The schedules by the names that people type. */
  enum ScheduleName {
    CONSTANT(Schedule.SCHEDULE_CONSTANT),
    LINEAR(Schedule.SCHEDULE_LINEAR),
    POLYNOMIAL(Schedule.SCHEDULE_POLYNOMIAL);

    private final Schedule schedule;

    ScheduleName(Schedule schedule) {
      this.schedule = schedule;
    }
  }

  /** What a recipe is where neither a spec nor an option says otherwise. */
  static Recipe.Builder defaults() {
    return Recipe.newBuilder()
        .setAdamw(
            AdamW.newBuilder().setBeta1(0.9).setBeta2(0.999).setEpsilon(1e-8).setWeightDecay(0.01))
        .setSchedule(Schedule.SCHEDULE_LINEAR)
        .setWarmupFraction(0.1)
        .setBatchSize(32)
        .setClipNorm(1);
  }

  void applyTo(Recipe.Builder recipe) {
    if (steps != null && epochs != null) {
      throw CommandException.badInput("--steps and --epochs both say how long; give one");
    }
    if (warmupSteps != null && warmupFraction != null) {
      throw CommandException.badInput("--warmup-steps and --warmup-fraction exclude each other");
    }
    if (learningRate != null) {
      recipe.setLearningRate(learningRate);
    }
    if (schedule != null) {
      recipe.setSchedule(schedule.schedule);
    }
    if (steps != null) {
      recipe.setSteps(steps);
    }
    if (epochs != null) {
      recipe.setEpochs(epochs);
    }
    if (warmupSteps != null) {
      recipe.setWarmupSteps(warmupSteps);
    }
    if (warmupFraction != null) {
      recipe.setWarmupFraction(warmupFraction);
    }
    if (batchSize != null) {
      recipe.setBatchSize(batchSize);
    }
    if (maxTokens != null) {
      recipe.setMaxTokens(maxTokens);
    }
    if (clipNorm != null) {
      recipe.setClipNorm(clipNorm);
    }
    if (dropout != null) {
      recipe.setDropout(dropout);
    }
    if (endLearningRate != null) {
      recipe.setEndLearningRate(endLearningRate);
    }
    if (polynomialPower != null) {
      recipe.setPolynomialPower(polynomialPower);
    }
    applyTo(recipe.getAdamwBuilder());
  }

  private void applyTo(AdamW.Builder adamw) {
    if (beta1 != null) {
      adamw.setBeta1(beta1);
    }
    if (beta2 != null) {
      adamw.setBeta2(beta2);
    }
    if (epsilon != null) {
      adamw.setEpsilon(epsilon);
    }
    if (weightDecay != null) {
      adamw.setWeightDecay(weightDecay);
    }
    if (withoutBiasCorrection) {
      adamw.setWithoutBiasCorrection(true);
    }
    if (decayAllParameters) {
      adamw.setDecayAllParameters(true);
    }
  }
}
