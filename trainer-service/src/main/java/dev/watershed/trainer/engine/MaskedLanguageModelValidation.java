package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.TrainingBatch;
import dev.watershed.classifier.model.TrainingProgram;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.LengthBuckets;
import dev.watershed.classifier.text.Masking;
import dev.watershed.input.InvalidInputException;
import dev.watershed.type.v1.ClassificationMetrics;
import java.util.ArrayList;
import java.util.List;

/** The mean loss over the masked tokens of one fixed masking. */
final class MaskedLanguageModelValidation implements Validation {
  private record Part(TrainingBatch batch, int predictedCount) {}

  private final TrainingProgram program;
  private final List<Part> parts = new ArrayList<>();
  private final int exampleCount;

  /**
   * @param program stays its owner's
   */
  MaskedLanguageModelValidation(
      TrainingProgram program, List<EncodedExample> examples, Masking masking) {
    this.program = program;
    this.exampleCount = examples.size();
    var lengths = examples.stream().mapToInt(EncodedExample::length).toArray();
    long step = 0;
    for (int[] bucket : LengthBuckets.of(lengths, PADDED_TOKEN_BUDGET)) {
      var batch = new ArrayList<EncodedExample>();
      for (int index : bucket) {
        batch.add(examples.get(index));
      }
      var masked = masking.apply(batch, step++);
      int count = masked.predictedCount();
      if (count > 0) {
        parts.add(new Part(new TrainingBatch(masked.examples(), masked.labels()), count));
      }
    }
    if (parts.isEmpty()) {
      throw InvalidInputException.invalid(
          "NOTHING_MASKED",
          "spec.masked_language_model.mask_probability",
          "is so small that no token of the validation split is masked; raise it");
    }
  }

  @Override
  public ClassificationMetrics score(ParameterVector weights) {
    double sum = 0;
    long count = 0;
    for (var part : parts) {
      sum += program.loss(weights, part.batch()) * part.predictedCount();
      count += part.predictedCount();
    }
    return ClassificationMetrics.newBuilder()
        .setMeanLossNats(sum / count)
        .setExampleCount(exampleCount)
        .build();
  }

  @Override
  public void close() {}
}
