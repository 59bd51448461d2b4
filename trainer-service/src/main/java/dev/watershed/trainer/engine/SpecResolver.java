package dev.watershed.trainer.engine;

import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.EpochOrder;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.Row;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.Samples;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;

/**
 * Fills in what a spec leaves open and refuses what could not be trained, before anything is
 * queued. What it returns says everything; resolving it again changes nothing.
 */
final class SpecResolver {
  private static final int DEFAULT_MAX_TOKENS = 128;
  private static final double DEFAULT_MASK_PROBABILITY = .15;
  private static final long DEFAULT_RESUME_EVERY_STEPS = 200;
  private static final long MAX_STEPS = 100_000_000;
  private static final String RECIPE = "spec.recipe.";

  private final CheckpointStore checkpoints;
  private final DataRoots roots;
  private final TrainingData data;
  private final TrainingLimits limits;

  SpecResolver(
      CheckpointStore checkpoints, DataRoots roots, TrainingData data, TrainingLimits limits) {
    this.checkpoints = checkpoints;
    this.roots = roots;
    this.data = data;
    this.limits = limits;
  }

  /**
   * @param spec one that keeps the rules of its contract
   * @throws RefusedException naming the field that is wrong
   * @throws InvalidInputException where what a field names cannot be used
   */
  TrainingRunSpec resolve(TrainingRunSpec spec) throws IOException {
    try (var start = StartingPoint.open(spec, checkpoints, roots)) {
      var resolved = spec.toBuilder();
      var encoder = start.architecture().encoder();
      int maxTokens = maxTokens(spec.getRecipe(), encoder);
      refuseLargeBatch(spec.getRecipe().getBatchSize(), maxTokens);
      var train = resolveObjective(resolved, start, maxTokens);
      refuseLargeModel(start, resolved);
      var order = new EpochOrder(train.rows().size(), spec.getRecipe().getBatchSize(), 0);
      var recipe = resolve(spec.getRecipe(), encoder, order, maxTokens);
      return resolved
          .setRecipe(recipe)
          .setCheckpoints(resolve(spec.getCheckpoints(), recipe.getSteps()))
          .build();
    }
  }

  /** Returns the training rows. */
  private Dataset resolveObjective(
      TrainingRunSpec.Builder spec, StartingPoint start, int maxTokens) {
    if (spec.hasMaskedLanguageModel()) {
      spec.setMaskedLanguageModel(resolve(spec.getMaskedLanguageModel()));
      var objective = spec.getMaskedLanguageModel();
      if (objective.hasValidation()) {
        rows(objective.getValidation(), start, maxTokens, "spec.masked_language_model.validation");
      }
      return rows(objective.getTrain(), start, maxTokens, "spec.masked_language_model.train");
    }
    var objective = spec.getClassificationBuilder();
    String trainField = "spec.classification.train";
    var train = rows(objective.getTrain(), start, maxTokens, trainField);
    refuseUnlabelled(train, trainField);
    var labels =
        Samples.within(
            "spec.classification", () -> start.labels(objective.getLabelsList(), train.labels()));
    Samples.within(trainField, () -> LabelMapping.byName(train.labels(), labels).toModelLabels());
    if (objective.hasValidation()) {
      String field = "spec.classification.validation";
      var validation = rows(objective.getValidation(), start, maxTokens, field);
      refuseUnlabelled(validation, field);
      Samples.within(field, () -> LabelMapping.byName(validation.labels(), labels));
    }
    objective.clearLabels().addAllLabels(labels);
    return train;
  }

  /** Reads a split and tries its first row, which tells most of what can go wrong with the rest. */
  private Dataset rows(DatasetSplit split, StartingPoint start, int maxTokens, String field) {
    return Samples.within(
        field,
        () -> {
          var rows = data.rows(split);
          if (rows.rows().getFirst() instanceof Row.TextRow row) {
            start.tokenizer().encode(row.text(), row.pair(), row.label(), maxTokens);
          }
          return rows;
        });
  }

  private static void refuseUnlabelled(Dataset rows, String field) {
    if (rows.labels().isEmpty()) {
      throw RefusedException.invalidArgument(
          "LABELS_MISSING",
          field,
          "has no labels to classify by; name its label_column, or train a masked language model");
    }
  }

  private static MaskedLanguageModelObjective resolve(MaskedLanguageModelObjective objective) {
    double first =
        objective.getMaskProbability() > 0
            ? objective.getMaskProbability()
            : DEFAULT_MASK_PROBABILITY;
    double second =
        objective.getPairMaskProbability() > 0 ? objective.getPairMaskProbability() : first;
    return objective.toBuilder().setMaskProbability(first).setPairMaskProbability(second).build();
  }

  private static int maxTokens(Recipe recipe, EncoderConfig encoder) {
    if (recipe.getMaxTokens() > encoder.maxTokens()) {
      throw RefusedException.invalidArgument(
          "MAX_TOKENS_TOO_LARGE",
          RECIPE + "max_tokens",
          "is %d, but the model has positions for %d; ask for at most those"
              .formatted(recipe.getMaxTokens(), encoder.maxTokens()));
    }
    return recipe.getMaxTokens() > 0
        ? recipe.getMaxTokens()
        : Math.min(DEFAULT_MAX_TOKENS, encoder.maxTokens());
  }

  private void refuseLargeBatch(int batchSize, int maxTokens) {
    long tokens = (long) batchSize * maxTokens;
    if (tokens > limits.maxBatchTokens()) {
      throw RefusedException.invalidArgument(
          "BATCH_TOO_LARGE",
          RECIPE + "batch_size",
          "is %d, which with %d tokens each makes %d tokens a step; the limit is %d (watershed.trainer.max-batch-tokens)"
              .formatted(batchSize, maxTokens, tokens, limits.maxBatchTokens()));
    }
  }

  private void refuseLargeModel(StartingPoint start, TrainingRunSpec.Builder spec) {
    long parameters =
        ParameterLayout.of(
                architecture(start.architecture(), spec.getClassification().getLabelsList()))
            .size();
    if (parameters > limits.maxParameters()) {
      throw RefusedException.invalidArgument(
          "MODEL_TOO_LARGE",
          spec.hasRandom() ? "spec.random" : "spec.initial_checkpoint",
          "has %d parameters; the limit is %d (watershed.trainer.max-parameters)"
              .formatted(parameters, limits.maxParameters()));
    }
  }

  /** Returns what is trained: the encoder under the head that the objective needs. */
  static Architecture architecture(Architecture start, List<String> labels) {
    return labels.isEmpty()
        ? start.withMaskedLanguageModelHead()
        : start.withClassificationHead(labels);
  }

  private static Recipe resolve(
      Recipe recipe, EncoderConfig encoder, EpochOrder order, int maxTokens) {
    long steps = steps(recipe, order);
    var resolved =
        recipe.toBuilder()
            .setMaxTokens(maxTokens)
            .setSteps(steps)
            .setWarmupSteps(warmupSteps(recipe, steps));
    if (!recipe.hasDropout()
        && encoder.hiddenDropout() == encoder.attentionDropout()
        && encoder.hiddenDropout() == encoder.classifierDropout()) {
      resolved.setDropout(encoder.hiddenDropout());
    }
    if (recipe.getSchedule() == Schedule.SCHEDULE_POLYNOMIAL) {
      if (recipe.getPolynomialPower() == 0) {
        resolved.setPolynomialPower(1);
      }
      if (recipe.getEndLearningRate() > recipe.getLearningRate()) {
        throw RefusedException.invalidArgument(
            "END_LEARNING_RATE_TOO_LARGE",
            RECIPE + "end_learning_rate",
            "is %s, above the peak learning_rate %s"
                .formatted(recipe.getEndLearningRate(), recipe.getLearningRate()));
      }
    }
    return resolved.build();
  }

  private static long steps(Recipe recipe, EpochOrder order) {
    if (recipe.hasSteps()) {
      return recipe.getSteps();
    }
    long steps = recipe.getEpochs() * order.stepsPerEpoch();
    if (steps > MAX_STEPS) {
      throw RefusedException.invalidArgument(
          "TOO_MANY_STEPS",
          RECIPE + "epochs",
          "%d make %d steps of %d examples; the limit is %d"
              .formatted(recipe.getEpochs(), steps, recipe.getBatchSize(), MAX_STEPS));
    }
    return steps;
  }

  private static long warmupSteps(Recipe recipe, long steps) {
    // In decimal and rounded down, as the BERT release does: .29 of 100 is 29.
    long warmup =
        recipe.hasWarmupFraction()
            ? BigDecimal.valueOf(recipe.getWarmupFraction())
                .multiply(BigDecimal.valueOf(steps))
                .longValue()
            : recipe.getWarmupSteps();
    if (warmup > steps) {
      throw RefusedException.invalidArgument(
          "WARMUP_TOO_LONG",
          RECIPE + "warmup_steps",
          "is %d, but the run has only %d steps".formatted(warmup, steps));
    }
    return warmup;
  }

  private CheckpointPolicy resolve(CheckpointPolicy policy, long steps) {
    for (int i = 0; i < policy.getAtStepsCount(); i++) {
      if (policy.getAtSteps(i) > steps) {
        throw RefusedException.invalidArgument(
            "CHECKPOINT_AFTER_END",
            "spec.checkpoints.at_steps[" + i + "]",
            "is %d, but the run has only %d steps".formatted(policy.getAtSteps(i), steps));
      }
    }
    long count =
        policy.getAtStepsCount()
            + 1
            + (policy.getEverySteps() > 0 ? steps / policy.getEverySteps() : 0);
    if (count > limits.maxCheckpoints()) {
      throw RefusedException.invalidArgument(
          "TOO_MANY_CHECKPOINTS",
          "spec.checkpoints.every_steps",
          "is %d, which makes %d checkpoints; the limit is %d (watershed.trainer.max-checkpoints)"
              .formatted(policy.getEverySteps(), count, limits.maxCheckpoints()));
    }
    return policy.getResumeEverySteps() > 0
        ? policy
        : policy.toBuilder().setResumeEverySteps(DEFAULT_RESUME_EVERY_STEPS).build();
  }
}
