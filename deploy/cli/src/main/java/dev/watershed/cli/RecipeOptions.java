package dev.watershed.cli;

import com.google.protobuf.Message;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.HeadInitialization;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.type.v1.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Every field of a recipe; what is not given keeps the value of the recipe by name, of the spec or
 * the default.
 */
final class RecipeOptions {
  @Option(
      names = "--lr",
      paramLabel = "RATE",
      description = "Peak learning rate (required without --recipe).")
  @Nullable Double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description =
          "constant, linear (from the end of the warm-up), google-linear (over all steps, as BERT's"
              + " release), polynomial or fairseq-polynomial. Default: linear.")
  @Nullable ScheduleName schedule;

  @Option(names = "--steps", description = "Optimiser steps (this or --epochs).")
  @Nullable Long steps;

  @Option(
      names = "--epochs",
      converter = NumberConverters.Epochs.class,
      description = "Passes over the training split.")
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
      names = "--shuffle-buffer",
      paramLabel = "ROWS",
      description =
          "Rows in the order of the file through a buffer of so many, epochs running into each"
              + " other; 0 permutes all rows in each epoch. Default: 0.")
  @Nullable Integer shuffleBuffer;

  @Option(
      names = "--drop-remainder",
      negatable = true,
      description = "Leave out the rows that do not fill a batch at the end of an epoch.")
  @Nullable Boolean dropRemainder;

  @Option(
      names = "--head-init",
      paramLabel = "NAME",
      description =
          "How a new head begins: normal (.02), truncated-normal (.02, cut at two deviations) or"
              + " lecun-normal (1 / sqrt(width)). Default: normal.")
  @Nullable HeadName headInitialization;

  @Option(
      names = "--accumulate",
      paramLabel = "PARTS",
      description =
          "Compute each step's batch in so many parts, one after the other, to need less memory."
              + " Default: 1.")
  @Nullable Integer accumulationSteps;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description =
          "fp32 or bf16, the arithmetic of forward and backward passes; weights stay fp32. Default:"
              + " fp32.")
  @Nullable PrecisionName precision;

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
      names = "--bias-correction",
      negatable = true,
      description = "AdamW with bias correction, or as in the original BERT code without.")
  @Nullable Boolean biasCorrection;

  @Option(
      names = "--decay-all",
      negatable = true,
      description = "Decay LayerNorm parameters and biases too, or spare them.")
  @Nullable Boolean decayAllParameters;

  @Option(
      names = "--probe-lr",
      paramLabel = "RATE",
      description =
          "Train the classification head alone first, with this peak learning rate, then everything"
              + " (LP-FT).")
  @Nullable Double probeLearningRate;

  @Option(
      names = "--probe-steps",
      paramLabel = "STEPS",
      description =
          "Length of that first stage, besides --steps (this or --probe-epochs); 0 leaves out the one"
              + " of the recipe.")
  @Nullable Long probeSteps;

  @Option(
      names = "--probe-epochs",
      paramLabel = "EPOCHS",
      converter = NumberConverters.Epochs.class,
      description = "Length of that first stage in passes over the training split.")
  @Nullable Integer probeEpochs;

  /** The schedules by the names that people type. */
  enum ScheduleName {
    CONSTANT(Schedule.SCHEDULE_CONSTANT),
    LINEAR(Schedule.SCHEDULE_LINEAR),
    GOOGLE_LINEAR(Schedule.SCHEDULE_GOOGLE_LINEAR),
    POLYNOMIAL(Schedule.SCHEDULE_POLYNOMIAL),
    FAIRSEQ_POLYNOMIAL(Schedule.SCHEDULE_FAIRSEQ_POLYNOMIAL);

    private final Schedule schedule;

    ScheduleName(Schedule schedule) {
      this.schedule = schedule;
    }

    @Override
    public String toString() {
      return RecipeText.word(schedule.getValueDescriptor());
    }
  }

  /** How a head begins, by the names that people type. */
  enum HeadName {
    NORMAL(HeadInitialization.HEAD_INITIALIZATION_NORMAL),
    TRUNCATED_NORMAL(HeadInitialization.HEAD_INITIALIZATION_TRUNCATED_NORMAL),
    LECUN_NORMAL(HeadInitialization.HEAD_INITIALIZATION_LECUN_NORMAL);

    private final HeadInitialization initialization;

    HeadName(HeadInitialization initialization) {
      this.initialization = initialization;
    }

    @Override
    public String toString() {
      return RecipeText.word(initialization.getValueDescriptor());
    }
  }

  /** The precisions by the names that people type. */
  enum PrecisionName {
    FP32(Precision.PRECISION_FP32),
    BF16(Precision.PRECISION_BF16);

    private final Precision precision;

    PrecisionName(Precision precision) {
      this.precision = precision;
    }
  }

  /** What a recipe is where neither a recipe's name nor a spec nor an option says otherwise. */
  static Recipe.Builder defaults() {
    return Recipe.newBuilder()
        .setAdamw(
            AdamW.newBuilder().setBeta1(0.9).setBeta2(0.999).setEpsilon(1e-8).setWeightDecay(0.01))
        .setSchedule(Schedule.SCHEDULE_LINEAR)
        .setWarmupFraction(0.1)
        .setBatchSize(32)
        .setClipNorm(1);
  }

  /**
   * Sets what was given, zero or not.
   *
   * @throws CommandException where two options say the same thing
   */
  void applyTo(Recipe.Builder recipe) {
    exclude(steps, epochs, "--steps and --epochs both say how long; give one");
    exclude(warmupSteps, warmupFraction, "--warmup-steps and --warmup-fraction exclude each other");
    exclude(probeSteps, probeEpochs, "--probe-steps and --probe-epochs exclude each other");
    put(recipe, "learning_rate", learningRate);
    put(recipe, "schedule", schedule == null ? null : schedule.schedule.getValueDescriptor());
    put(recipe, "steps", steps);
    put(recipe, "epochs", epochs);
    put(recipe, "warmup_steps", warmupSteps);
    put(recipe, "warmup_fraction", warmupFraction);
    put(recipe, "batch_size", batchSize);
    put(recipe, "shuffle_buffer", shuffleBuffer);
    put(recipe, "drop_remainder", dropRemainder);
    put(
        recipe,
        "head_initialization",
        headInitialization == null ? null : headInitialization.initialization.getValueDescriptor());
    put(recipe, "accumulation_steps", accumulationSteps);
    put(recipe, "max_tokens", maxTokens);
    put(recipe, "precision", precision == null ? null : precision.precision.getValueDescriptor());
    put(recipe, "clip_norm", clipNorm);
    put(recipe, "dropout", dropout);
    put(recipe, "end_learning_rate", endLearningRate);
    put(recipe, "polynomial_power", polynomialPower);
    put(recipe, "adamw.beta1", beta1);
    put(recipe, "adamw.beta2", beta2);
    put(recipe, "adamw.epsilon", epsilon);
    put(recipe, "adamw.weight_decay", weightDecay);
    put(recipe, "adamw.bias_correction", biasCorrection);
    put(recipe, "adamw.decay_all_parameters", decayAllParameters);
    put(recipe, "linear_probe.learning_rate", probeLearningRate);
    put(recipe, "linear_probe.steps", probeSteps);
    put(recipe, "linear_probe.epochs", probeEpochs);
  }

  private static void exclude(@Nullable Object one, @Nullable Object other, String message) {
    if (one != null && other != null) {
      throw CommandException.badInput(message);
    }
  }

  /**
   * @param path of a field, relative to the recipe
   * @param value of the field's own type; null where the option was not given
   */
  private static void put(Recipe.Builder recipe, String path, @Nullable Object value) {
    if (value == null) {
      return;
    }
    Message.Builder message = recipe;
    String[] names = path.split("\\.", -1);
    for (String name : List.of(names).subList(0, names.length - 1)) {
      message = message.getFieldBuilder(message.getDescriptorForType().findFieldByName(name));
    }
    message.setField(
        message.getDescriptorForType().findFieldByName(names[names.length - 1]), value);
  }
}
