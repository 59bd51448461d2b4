package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.data.BatchOrder;
import dev.watershed.classifier.data.EncodedSample;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.model.TrainingBatch;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Masking;
import dev.watershed.input.InvalidInputException;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The batch of each step: a function of the data, the data seed and the step. */
final class TrainingBatches {
  private final List<EncodedExample> examples;
  private final BatchOrder order;
  private final @Nullable Masking masking;

  private TrainingBatches(
      List<EncodedExample> examples, BatchOrder order, @Nullable Masking masking) {
    this.examples = examples;
    this.order = order;
    this.masking = masking;
  }

  static TrainingBatches of(
      TrainingRunSpec spec,
      Seeds seeds,
      StartingPoint start,
      Architecture architecture,
      TrainingData data) {
    var recipe = spec.getRecipe();
    var mlm = spec.getMaskedLanguageModel();
    var split =
        spec.hasMaskedLanguageModel() ? mlm.getTrain() : spec.getClassification().getTrain();
    var encoded = data.tokens(split, start, recipe.getMaxTokens());
    var order = RecipeResolver.order(recipe, encoded.examples().size(), seeds.getDataSeed());
    return spec.hasMaskedLanguageModel()
        ? new TrainingBatches(
            encoded.examples(),
            order,
            new Masking(
                start.requireTokenizer(),
                mlm.getMaskProbability(),
                mlm.getPairMaskProbability(),
                seeds.getDataSeed()))
        : new TrainingBatches(
            relabelled(encoded, split.getOnlyLabelsList(), architecture.labels()), order, null);
  }

  /** Labels of the data become labels of the model. */
  private static List<EncodedExample> relabelled(
      EncodedSample data, List<String> onlyLabels, List<String> modelLabels) {
    if (data.labels().equals(modelLabels)) {
      return data.examples();
    }
    LabelMapping mapping =
        LabelMapping.forTraining(data.labels(), onlyLabels, modelLabels, "labels");
    var examples = new ArrayList<EncodedExample>(data.examples().size());
    for (var example : data.examples()) {
      examples.add(
          new EncodedExample(
              example.inputIds(),
              example.tokenTypeIds(),
              mapping.toModelLabel(example.label()),
              example.truncated()));
    }
    return examples;
  }

  /** Returns the batch of the step that follows {@code done} steps. */
  TrainingBatch batch(long done) {
    int[] indices = order.batch(done);
    var batch = new ArrayList<EncodedExample>(indices.length);
    for (int index : indices) {
      batch.add(examples.get(index));
    }
    if (masking == null) {
      return new TrainingBatch(batch, null);
    }
    var masked = masking.apply(batch, done);
    if (masked.predictedCount() == 0) {
      throw InvalidInputException.invalid(
          "NOTHING_TO_PREDICT",
          "spec.masked_language_model.train",
          String.format(
              Locale.ROOT,
              "the batch of step %d holds special tokens only; leave empty rows out",
              done + 1));
    }
    return new TrainingBatch(masked.examples(), masked.labels());
  }
}
