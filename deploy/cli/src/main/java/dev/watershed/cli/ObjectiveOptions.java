package dev.watershed.cli;

import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is learned, and from which data; what is not given keeps the value of the spec. */
final class ObjectiveOptions {
  /** What is learned. */
  enum Objective {
    CLASSIFICATION,
    MLM
  }

  @Option(
      names = "--objective",
      description = "classification or mlm (masked language modelling). Default: classification.")
  private @Nullable Objective objective;

  @Option(
      names = "--train",
      paramLabel = "DATA",
      description =
          "What is learned from: builtin:NAME, task:NAME or file:PATH,key=value; all of it below.")
  private @Nullable String train;

  @Option(
      names = "--validation",
      paramLabel = "DATA",
      description = "Scored, whole, at each checkpoint.")
  private @Nullable String validation;

  @Option(
      names = "--labels",
      paramLabel = "A,B",
      converter = LabelList.Converter.class,
      description =
          "Labels in the order of the logits, as the data name them; in quotes where one holds a"
              + " comma. Default: the checkpoint's or the data's.")
  private LabelList labels = new LabelList(List.of());

  @Option(
      names = "--mask",
      paramLabel = "SHARE",
      description = "Fraction of tokens masked (mlm). Default: 0.15.")
  private @Nullable Double maskProbability;

  @Option(
      names = "--pair-mask",
      paramLabel = "SHARE",
      description = "The same for the second text. Default: as --mask.")
  private @Nullable Double pairMaskProbability;

  /**
   * @param split reads what was typed for a split
   */
  void applyTo(TrainingRunSpec.Builder spec, Function<String, DatasetSplit> split) {
    Objective chosen =
        objective != null
            ? objective
            : spec.hasMaskedLanguageModel() ? Objective.MLM : Objective.CLASSIFICATION;
    DatasetSplit trainSplit = train == null ? null : split.apply(train);
    DatasetSplit validationSplit = validation == null ? null : split.apply(validation);
    if (chosen == Objective.CLASSIFICATION) {
      if (maskProbability != null || pairMaskProbability != null) {
        throw CommandException.badInput("--mask and --pair-mask belong to --objective mlm");
      }
      ClassificationObjective.Builder classification = spec.getClassificationBuilder();
      if (trainSplit != null) {
        classification.setTrain(trainSplit);
      }
      if (validationSplit != null) {
        classification.setValidation(validationSplit);
      }
      if (!labels.names().isEmpty()) {
        classification.clearLabels().addAllLabels(labels.names());
      }
      needTrain(classification.hasTrain());
    } else {
      if (!labels.names().isEmpty()) {
        throw CommandException.badInput("--labels belongs to --objective classification");
      }
      MaskedLanguageModelObjective.Builder masked = spec.getMaskedLanguageModelBuilder();
      if (trainSplit != null) {
        masked.setTrain(trainSplit);
      }
      if (validationSplit != null) {
        masked.setValidation(validationSplit);
      }
      if (maskProbability != null) {
        masked.setMaskProbability(maskProbability);
      }
      if (pairMaskProbability != null) {
        masked.setPairMaskProbability(pairMaskProbability);
      }
      needTrain(masked.hasTrain());
    }
  }

  private static void needTrain(boolean present) {
    if (!present) {
      throw CommandException.badInput(
          "nothing to train on; give --train, for example --train builtin:miniature/train");
    }
  }
}
