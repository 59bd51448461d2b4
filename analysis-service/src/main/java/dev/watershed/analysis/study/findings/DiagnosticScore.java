package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Score;

/** Which of the metrics of a sample a diagnostic is scored by. */
final class DiagnosticScore {
  private DiagnosticScore() {}

  static double of(Diagnostic diagnostic, ClassificationMetrics metrics) {
    return switch (diagnostic.getScore()) {
      case SCORE_F1 -> metrics.getF1();
      case SCORE_MATTHEWS_CORRELATION -> metrics.getMatthewsCorrelation();
      case SCORE_MEAN_LOSS -> metrics.getMeanLossNats();
      default -> metrics.getAccuracy();
    };
  }

  /** Whether more of it is better. */
  static boolean highIsGood(Diagnostic diagnostic) {
    return diagnostic.getScore() != Score.SCORE_MEAN_LOSS;
  }
}
