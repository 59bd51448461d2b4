package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.data.BatchOrder;
import dev.watershed.classifier.data.EpochOrder;
import dev.watershed.classifier.data.ShuffleBufferOrder;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.HeadInitialization;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.type.v1.Precision;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Fills in what a recipe leaves open, from the recipe it is based on, the model and the number of
 * rows. What it returns says everything; resolving it again changes nothing.
 */
final class RecipeResolver {
  private static final int DEFAULT_MAX_TOKENS = 128;
  private static final long MAX_STEPS = 100_000_000;
  private static final String FIELD = "spec.recipe.";

  private final RecipeCatalogue catalogue;
  private final EncoderConfig encoder;
  private final long maxBatchTokens;

  /**
   * @param encoder of the model that is trained
   * @param maxBatchTokens see {@link TrainingLimits#maxBatchTokens}
   */
  RecipeResolver(RecipeCatalogue catalogue, EncoderConfig encoder, long maxBatchTokens) {
    this.catalogue = catalogue;
    this.encoder = encoder;
    this.maxBatchTokens = maxBatchTokens;
  }

  /**
   * Returns a recipe with the fields of the one it is based on, and with the {@code max_tokens}
   * that the model allows; all that can be said before the rows are known. More tokens than the
   * model's are refused where they are asked for, but not where a recipe by name has them.
   *
   * @throws RefusedException naming what is missing, unknown or too large
   */
  Recipe merge(Recipe asked) {
    if (asked.getMaxTokens() > encoder.maxTokens()) {
      throw RefusedException.invalidArgument(
          "MAX_TOKENS_TOO_LARGE",
          FIELD + "max_tokens",
          String.format(
              Locale.ROOT,
              "is %d, but the model has positions for %d; ask for at most those",
              asked.getMaxTokens(),
              encoder.maxTokens()));
    }
    var named =
        asked.getBasedOn().isEmpty()
            ? Recipe.getDefaultInstance()
            : catalogue.get(asked.getBasedOn()).getRecipe();
    var merged = named.toBuilder().mergeFrom(asked).clearOverriddenFields().build();
    var missing = missing(merged);
    if (!missing.isEmpty()) {
      throw RefusedException.invalidArgument("RECIPE_INCOMPLETE", missing);
    }
    refuseLargeParts(merged);
    return merged.toBuilder().setMaxTokens(maxTokens(merged)).build();
  }

  /**
   * Returns what a recipe lacks that has no default, one violation per field.
   *
   * @param recipe with the fields of the one it is based on
   */
  static List<RefusedException.Violation> missing(Recipe recipe) {
    var missing = new ArrayList<RefusedException.Violation>();
    need(recipe.hasAdamw(), "adamw", "set", missing);
    if (recipe.hasAdamw()) {
      need(recipe.getAdamw().hasBeta1(), "adamw.beta1", "set", missing);
      need(recipe.getAdamw().hasBeta2(), "adamw.beta2", "set", missing);
      need(recipe.getAdamw().hasEpsilon(), "adamw.epsilon", "set", missing);
    }
    need(recipe.hasLearningRate(), "learning_rate", "set", missing);
    need(recipe.getSchedule() != Schedule.SCHEDULE_UNSPECIFIED, "schedule", "set", missing);
    need(
        recipe.getLengthCase() != Recipe.LengthCase.LENGTH_NOT_SET,
        "length",
        "set (steps or epochs)",
        missing);
    need(recipe.hasBatchSize(), "batch_size", "set", missing);
    if (hasProbe(recipe)) {
      var probe = recipe.getLinearProbe();
      need(probe.hasLearningRate(), "linear_probe.learning_rate", "set", missing);
      need(
          probe.getLengthCase() != LinearProbe.LengthCase.LENGTH_NOT_SET,
          "linear_probe.length",
          "set (steps or epochs)",
          missing);
    }
    return missing;
  }

  private static void need(
      boolean there, String field, String what, List<RefusedException.Violation> missing) {
    if (!there) {
      missing.add(
          new RefusedException.Violation(
              FIELD + field, "must be " + what + ", here or in the recipe that based_on names"));
    }
  }

  /** Whether a recipe has a stage that trains the head alone; one of no steps leaves it out. */
  static boolean hasProbe(Recipe recipe) {
    return recipe.hasLinearProbe()
        && !(recipe.getLinearProbe().hasSteps() && recipe.getLinearProbe().getSteps() == 0);
  }

  private void refuseLargeParts(Recipe recipe) {
    int parts = accumulationSteps(recipe);
    if (parts > recipe.getBatchSize()) {
      throw RefusedException.invalidArgument(
          "TOO_MANY_ACCUMULATION_STEPS",
          FIELD + "accumulation_steps",
          String.format(
              Locale.ROOT,
              "is %d, but a step has only %d examples (batch_size) to be divided",
              parts,
              recipe.getBatchSize()));
    }
    int examples = (recipe.getBatchSize() + parts - 1) / parts;
    int maxTokens = maxTokens(recipe);
    long tokens = (long) examples * maxTokens;
    if (tokens > maxBatchTokens) {
      throw RefusedException.invalidArgument(
          "BATCH_TOO_LARGE",
          FIELD + "batch_size",
          String.format(
              Locale.ROOT,
              ("is %d, in %d part(s), which with %d tokens each makes %d tokens at once; the limit is %d"
                  + " (watershed.trainer.max-batch-tokens). Raise accumulation_steps"),
              recipe.getBatchSize(),
              parts,
              maxTokens,
              tokens,
              maxBatchTokens));
    }
  }

  /**
   * Returns a recipe with every default filled in, lengths as steps, and in {@code
   * overridden_fields} where it differs from the one it is based on.
   *
   * @param merged as {@link #merge} returned it
   * @param rowCount rows of the training split
   * @throws RefusedException naming the field that does not fit
   */
  Recipe resolve(Recipe merged, int rowCount) {
    refuseNoFullBatch(merged, rowCount);
    // How many steps an epoch has does not depend on the seed.
    var order = order(merged, rowCount, 0);
    long steps = steps(merged, order);
    refuseLong(steps, "epochs", merged.getEpochs(), merged.getBatchSize());
    var probe = merged.getLinearProbe();
    refuseLong(
        steps(probe, order), "linear_probe.epochs", probe.getEpochs(), merged.getBatchSize());
    var resolved = filled(merged, merged, order);
    if (resolved.getWarmupSteps() > steps) {
      throw RefusedException.invalidArgument(
          "WARMUP_TOO_LONG",
          FIELD + "warmup_steps",
          String.format(
              Locale.ROOT,
              "is %d, but the run has only %d steps; give fewer, or a warmup_fraction",
              resolved.getWarmupSteps(),
              steps));
    }
    if (LearningRateSchedule.isPolynomial(resolved.getSchedule())
        && resolved.getEndLearningRate() > resolved.getLearningRate()) {
      throw RefusedException.invalidArgument(
          "END_LEARNING_RATE_TOO_LARGE",
          FIELD + "end_learning_rate",
          "is %s, above the peak learning_rate %s"
              .formatted(resolved.getEndLearningRate(), resolved.getLearningRate()));
    }
    if (merged.getBasedOn().isEmpty()) {
      return resolved;
    }
    var named = filled(catalogue.get(merged.getBasedOn()).getRecipe(), merged, order);
    return resolved.toBuilder().setOverriddenFields(RecipeDifferences.of(named, resolved)).build();
  }

  /**
   * Fills in defaults.
   *
   * @param run the recipe of the run, whose batch, length and schedule give fractions and epochs
   *     their meaning; {@code recipe} itself, or one based on it. So a recipe by name counts as
   *     followed where only its batch was changed: three epochs are three epochs
   */
  private Recipe filled(Recipe recipe, Recipe run, BatchOrder order) {
    var filled =
        recipe.toBuilder()
            .setMaxTokens(maxTokens(recipe))
            .setSteps(steps(recipe, order))
            .setWarmupSteps(warmupSteps(recipe, steps(run, order)))
            .setAccumulationSteps(accumulationSteps(recipe))
            .setClipNorm(recipe.getClipNorm())
            .setEndLearningRate(recipe.getEndLearningRate())
            .setPolynomialPower(recipe.hasPolynomialPower() ? recipe.getPolynomialPower() : 1)
            .setShuffleBuffer(recipe.getShuffleBuffer())
            .setDropRemainder(recipe.getDropRemainder());
    var adamw = recipe.getAdamw();
    filled
        .getAdamwBuilder()
        .setWeightDecay(adamw.getWeightDecay())
        .setBiasCorrection(!adamw.hasBiasCorrection() || adamw.getBiasCorrection())
        .setDecayAllParameters(adamw.getDecayAllParameters());
    if (recipe.getPrecision() == Precision.PRECISION_UNSPECIFIED) {
      filled.setPrecision(Precision.PRECISION_FP32);
    }
    if (recipe.getHeadInitialization() == HeadInitialization.HEAD_INITIALIZATION_UNSPECIFIED) {
      filled.setHeadInitialization(HeadInitialization.HEAD_INITIALIZATION_NORMAL);
    }
    if (!recipe.hasDropout()
        && encoder.hiddenDropout() == encoder.attentionDropout()
        && encoder.hiddenDropout() == encoder.classifierDropout()) {
      filled.setDropout(encoder.hiddenDropout());
    }
    if (recipe.hasLinearProbe() && !hasProbe(recipe)) {
      filled.setLinearProbe(LinearProbe.newBuilder().setSteps(0));
    } else if (recipe.hasLinearProbe()) {
      filled.getLinearProbeBuilder().setSteps(steps(recipe.getLinearProbe(), order));
    }
    return filled.build();
  }

  private int maxTokens(Recipe recipe) {
    int wanted = recipe.hasMaxTokens() ? recipe.getMaxTokens() : DEFAULT_MAX_TOKENS;
    return Math.min(wanted, encoder.maxTokens());
  }

  private static int accumulationSteps(Recipe recipe) {
    return recipe.hasAccumulationSteps() ? recipe.getAccumulationSteps() : 1;
  }

  /** Returns the order of the rows that a recipe trains on. */
  static BatchOrder order(Recipe recipe, int rowCount, long seed) {
    return recipe.getShuffleBuffer() > 0
        ? new ShuffleBufferOrder(
            rowCount,
            recipe.getBatchSize(),
            recipe.getShuffleBuffer(),
            seed,
            recipe.getDropRemainder())
        : new EpochOrder(rowCount, recipe.getBatchSize(), seed, recipe.getDropRemainder());
  }

  private static long steps(Recipe recipe, BatchOrder order) {
    return recipe.hasSteps() ? recipe.getSteps() : order.steps(recipe.getEpochs());
  }

  private static long steps(LinearProbe probe, BatchOrder order) {
    return probe.hasSteps() ? probe.getSteps() : order.steps(probe.getEpochs());
  }

  /** A remainder that is dropped must not be all there is. */
  private static void refuseNoFullBatch(Recipe recipe, int rowCount) {
    long rows = rowCount;
    if (recipe.getShuffleBuffer() > 0) {
      // Epochs run into each other: all of a stage's together must fill a batch.
      var probe = recipe.getLinearProbe();
      long epochs = recipe.hasSteps() ? Integer.MAX_VALUE : recipe.getEpochs();
      if (probe.hasEpochs()) {
        epochs = Math.min(epochs, probe.getEpochs());
      }
      rows = rowCount * epochs;
    }
    if (recipe.getDropRemainder() && rows < recipe.getBatchSize()) {
      throw RefusedException.invalidArgument(
          "NO_FULL_BATCH",
          FIELD + "batch_size",
          String.format(
              Locale.ROOT,
              "is %d, but the training split has only %d rows, and drop_remainder leaves out what"
                  + " does not fill a batch; give smaller batches, or keep the remainder",
              recipe.getBatchSize(),
              rowCount));
    }
  }

  private static void refuseLong(long steps, String field, int epochs, int batchSize) {
    if (steps > MAX_STEPS) {
      throw RefusedException.invalidArgument(
          "TOO_MANY_STEPS",
          FIELD + field,
          String.format(
              Locale.ROOT,
              "%d make %d steps of %d examples; the limit is %d",
              epochs,
              steps,
              batchSize,
              MAX_STEPS));
    }
  }

  private static long warmupSteps(Recipe recipe, long steps) {
    // In decimal and rounded down, as the BERT release does: .29 of 100 is 29.
    return recipe.hasWarmupFraction()
        ? BigDecimal.valueOf(recipe.getWarmupFraction())
            .multiply(BigDecimal.valueOf(steps))
            .longValue()
        : recipe.getWarmupSteps();
  }
}
