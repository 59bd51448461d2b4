package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.Row;
import dev.watershed.input.InvalidInputException;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.Samples;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.SplitDescription;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Fills in what a spec leaves open and refuses what could not be trained, before anything is
 * queued. What it returns says everything; resolving it again changes nothing.
 */
final class SpecResolver {
  private static final double DEFAULT_MASK_PROBABILITY = .15;
  private static final long DEFAULT_RESUME_EVERY_STEPS = 200;

  private static final int NO_TOKEN = -1;

  private final CheckpointStore checkpoints;
  private final DataRoots roots;
  private final TrainingData data;
  private final TrainingLimits limits;
  private final RecipeCatalogue catalogue = RecipeCatalogue.PUBLISHED;

  SpecResolver(
      CheckpointStore checkpoints, DataRoots roots, TrainingData data, TrainingLimits limits) {
    this.checkpoints = checkpoints;
    this.roots = roots;
    this.data = data;
    this.limits = limits;
  }

  /**
   * Returns what a spec comes to.
   *
   * @param spec one that keeps the rules of its contract
   * @throws RefusedException naming the field that is wrong
   * @throws InvalidInputException where what a field names cannot be used
   */
  ResolvedSpec resolve(TrainingRunSpec spec) throws IOException {
    try (var start = StartingPoint.open(spec, checkpoints, roots)) {
      var resolved = spec.toBuilder();
      var recipes =
          new RecipeResolver(catalogue, start.architecture().encoder(), limits.maxBatchTokens());
      var merged = recipes.merge(spec.getRecipe());
      refuseProbeOfNoHead(spec, merged);
      resolved.setNewHead(Samples.within("spec", () -> start.leavesHeadOut(spec)));
      var train = resolveObjective(resolved, start, merged.getMaxTokens());
      refuseLargeModel(start, resolved);
      var recipe = recipes.resolve(merged, train.rows().size());
      resolved.setRecipe(recipe).setCheckpoints(resolve(spec.getCheckpoints(), recipe));
      return new ResolvedSpec(
          resolved.build(),
          splits(resolved.build(), start.architecture().encoder().padTokenId()),
          start.contentDigest(),
          start.notices(resolved.build()));
    }
  }

  /** Returns the rows that a resolved spec is trained and validated on, as they are now. */
  List<SplitDescription> splits(TrainingRunSpec spec) {
    return splits(spec, NO_TOKEN);
  }

  private List<SplitDescription> splits(TrainingRunSpec spec, int padTokenId) {
    if (spec.hasMaskedLanguageModel()) {
      var objective = spec.getMaskedLanguageModel();
      return describe(objective.getTrain(), objective.getValidation(), List.of(), padTokenId);
    }
    var objective = spec.getClassification();
    return describe(
        objective.getTrain(), objective.getValidation(), objective.getLabelsList(), padTokenId);
  }

  private List<SplitDescription> describe(
      DatasetSplit train, DatasetSplit validation, List<String> labels, int padTokenId) {
    var described = data.describe("train", train, labels, padTokenId);
    return validation.getSourceCase() == DatasetSplit.SourceCase.SOURCE_NOT_SET
        ? List.of(described)
        : List.of(described, data.describe("validation", validation, labels, padTokenId));
  }

  private static void refuseProbeOfNoHead(TrainingRunSpec spec, Recipe recipe) {
    if (RecipeResolver.hasProbe(recipe) && !spec.hasClassification()) {
      throw RefusedException.invalidArgument(
          "PROBE_WITHOUT_CLASSIFICATION",
          "spec.recipe.linear_probe",
          "trains a classification head, which masked language modelling does not have; leave it"
              + " out, or override it with nothing where the recipe in based_on has one");
    }
  }

  /** Returns the training rows. */
  private Dataset resolveObjective(
      TrainingRunSpec.Builder spec, StartingPoint start, int maxTokens) {
    if (spec.hasMaskedLanguageModel()) {
      start.requireTokenizer();
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
            "spec.classification",
            () -> start.labels(objective.getLabelsList(), train.labels(), spec.getNewHead()));
    Samples.within(
        "spec.classification",
        () ->
            LabelMapping.forTraining(
                train.labels(),
                objective.getTrain().getOnlyLabelsList(),
                labels,
                "labels",
                start.labelAdvice(spec.getNewHead())));
    if (objective.hasValidation()) {
      String field = "spec.classification.validation";
      var validation = rows(objective.getValidation(), start, maxTokens, field);
      refuseUnlabelled(validation, field);
      Samples.within(
          "spec.classification",
          () ->
              LabelMapping.forTraining(
                  validation.labels(),
                  objective.getValidation().getOnlyLabelsList(),
                  labels,
                  "validation"));
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
            start.requireTokenizer().encode(row.text(), row.pair(), row.label(), maxTokens);
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
        objective.hasMaskProbability() ? objective.getMaskProbability() : DEFAULT_MASK_PROBABILITY;
    double second = objective.hasPairMaskProbability() ? objective.getPairMaskProbability() : first;
    return objective.toBuilder().setMaskProbability(first).setPairMaskProbability(second).build();
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
          String.format(
              Locale.ROOT,
              "has %d parameters; the limit is %d (watershed.trainer.max-parameters)",
              parameters,
              limits.maxParameters()));
    }
  }

  /** Returns what is trained: the encoder under the head that the objective needs. */
  static Architecture architecture(Architecture start, List<String> labels) {
    return labels.isEmpty()
        ? start.withMaskedLanguageModelHead()
        : start.withClassificationHead(labels);
  }

  /**
   * Fills in a policy for a resolved recipe. That of a recipe by name knows nothing of the run's
   * length: what lies beyond it is left out. The same from a caller is a mistake.
   */
  private CheckpointPolicy resolve(CheckpointPolicy asked, Recipe recipe) {
    long total = totalSteps(recipe);
    var policy = asked.toBuilder();
    if (!asked.hasEverySteps() && asked.getAtStepsCount() == 0 && !recipe.getBasedOn().isEmpty()) {
      var named = catalogue.get(recipe.getBasedOn()).getCheckpoints();
      policy
          .setEverySteps(named.getEverySteps())
          .addAllAtSteps(named.getAtStepsList().stream().filter(step -> step <= total).toList());
    }
    for (int i = 0; i < policy.getAtStepsCount(); i++) {
      if (policy.getAtSteps(i) > total) {
        throw RefusedException.invalidArgument(
            "CHECKPOINT_AFTER_END",
            "spec.checkpoints.at_steps[" + i + "]",
            String.format(
                Locale.ROOT, "is %d, but the run has only %d steps", policy.getAtSteps(i), total));
      }
    }
    long count =
        policy.getAtStepsCount()
            + 1
            + (policy.getEverySteps() > 0 ? total / policy.getEverySteps() : 0);
    if (count > limits.maxCheckpoints()) {
      throw RefusedException.invalidArgument(
          "TOO_MANY_CHECKPOINTS",
          "spec.checkpoints.every_steps",
          String.format(
              Locale.ROOT,
              "is %d, which makes %d checkpoints; the limit is %d (watershed.trainer.max-checkpoints)",
              policy.getEverySteps(),
              count,
              limits.maxCheckpoints()));
    }
    policy.setEverySteps(policy.getEverySteps());
    if (!policy.hasResumeEverySteps()) {
      policy.setResumeEverySteps(DEFAULT_RESUME_EVERY_STEPS);
    }
    return policy.build();
  }

  /** Returns the optimiser steps of both stages of a resolved recipe. */
  static long totalSteps(Recipe recipe) {
    return recipe.getLinearProbe().getSteps() + recipe.getSteps();
  }
}
