package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.data.EncodedSample;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.model.ClassificationScores;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.type.v1.ClassificationMetrics;
import java.util.List;

/** Scores a classifier on labelled examples. */
final class ClassificationValidation implements Validation {
  private final ClassifierProgram program;
  private final PreparedSample sample;
  private final LabelMapping mapping;
  private final int[] labels;

  ClassificationValidation(
      Architecture architecture, EncodedSample split, List<String> onlyLabels) {
    this.mapping =
        LabelMapping.forTraining(split.labels(), onlyLabels, architecture.labels(), "validation");
    this.labels =
        split.examples().stream().mapToInt(example -> mapping.place(example.label())).toArray();
    this.program = ClassifierProgram.compile(architecture);
    try {
      this.sample = program.prepare(split.examples(), PADDED_TOKEN_BUDGET);
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  @Override
  public ClassificationMetrics score(ParameterVector weights) {
    double[] logits = mapping.reduce(program.logits(weights, sample, () -> false));
    return ClassifierMessages.metrics(
        ClassificationScores.of(logits, mapping.dataLabels().size(), labels, mapping.positive()),
        mapping.positiveLabel());
  }

  @Override
  public void close() {
    sample.close();
    program.close();
  }
}
