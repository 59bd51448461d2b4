package dev.watershed.classifier.model;

/**
 * Scores of a classifier on a sample, summed in double and in the sample's order.
 *
 * @param meanLossNats mean cross-entropy
 * @param f1 of class 1 where there are two classes, the unweighted mean over classes beyond
 * @param matthewsCorrelation multiclass (Gorodkin 2004); 0 where it is not defined
 * @param expectedCalibrationError over 10 equal-width confidence bins
 */
public record ClassificationScores(
    double meanLossNats,
    double accuracy,
    double f1,
    double matthewsCorrelation,
    double expectedCalibrationError,
    int exampleCount) {

  /**
   * @param logits {@code (example, label)}, row-major, over the data's labels
   * @param labels {@code (example)}, each in [0, labelCount)
   */
  public static ClassificationScores of(double[] logits, int labelCount, int[] labels) {
    throw new UnsupportedOperationException();
  }

  /** Cross-entropy in nats of each example, {@code (example)}; shapes as in {@link #of}. */
  public static double[] exampleLosses(double[] logits, int labelCount, int[] labels) {
    throw new UnsupportedOperationException();
  }
}
