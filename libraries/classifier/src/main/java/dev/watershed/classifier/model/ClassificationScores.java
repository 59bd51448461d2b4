package dev.watershed.classifier.model;

import java.util.Locale;

/**
 * Scores of a classifier on a sample, summed in double and in the sample's order. Where logits are
 * not numbers the loss is NaN, which is a measurement; such an example counts as wrong.
 *
 * @param meanLossNats mean cross-entropy
 * @param f1 of the positive class where there is one, else the unweighted mean over classes; a
 *     class neither predicted nor present has 0
 * @param matthewsCorrelation multiclass (Gorodkin 2004); 0 where it is not defined
 * @param expectedCalibrationError over 10 equal-width bins of the largest probability (Guo et al.
 *     2017)
 */
public record ClassificationScores(
    double meanLossNats,
    double accuracy,
    double f1,
    double matthewsCorrelation,
    double expectedCalibrationError,
    int exampleCount) {
  private static final int CALIBRATION_BINS = 10;

  /**
   * Scores logits over the data's labels.
   *
   * @param logits {@code (example, label)}, row-major
   * @param labels {@code (example)}, each in [0, labelCount)
   * @param positive the class that F1 is of, in [0, labelCount); -1 for the mean over all
   */
  public static ClassificationScores of(
      double[] logits, int labelCount, int[] labels, int positive) {
    double[] losses = exampleLosses(logits, labelCount, labels);
    double loss = 0;
    for (double exampleLoss : losses) {
      loss += exampleLoss;
    }
    var confusion = new Confusion(labelCount);
    var calibration = new Calibration();
    for (int i = 0; i < labels.length; i++) {
      int predicted = largest(logits, i * labelCount, labelCount);
      confusion.count[labels[i]][predicted < 0 ? labelCount : predicted]++;
      if (predicted >= 0) {
        double normaliser = logSumExp(logits, i * labelCount, labelCount);
        calibration.add(
            Math.exp(logits[i * labelCount + predicted] - normaliser), predicted == labels[i]);
      }
    }
    int n = labels.length;
    return new ClassificationScores(
        loss / n,
        (double) confusion.correct() / n,
        positive >= 0 ? confusion.f1(positive) : confusion.macroF1(),
        confusion.matthewsCorrelation(),
        calibration.error(n),
        n);
  }

  /** Cross-entropy in nats of each example, {@code (example)}; shapes as in {@link #of}. */
  public static double[] exampleLosses(double[] logits, int labelCount, int[] labels) {
    requireShapes(logits, labelCount, labels);
    var losses = new double[labels.length];
    for (int i = 0; i < labels.length; i++) {
      int at = i * labelCount;
      losses[i] = logSumExp(logits, at, labelCount) - logits[at + labels[i]];
    }
    return losses;
  }

  /**
   * Softmax of each example's logits, {@code (example, label)}, row-major as {@code logits} are;
   * NaN where one of them is none or infinite.
   */
  public static float[] probabilities(double[] logits, int labelCount) {
    var probabilities = new float[logits.length];
    for (int at = 0; at < logits.length; at += labelCount) {
      double normaliser = logSumExp(logits, at, labelCount);
      for (int k = at; k < at + labelCount; k++) {
        probabilities[k] = (float) Math.exp(logits[k] - normaliser);
      }
    }
    return probabilities;
  }

  private static void requireShapes(double[] logits, int labelCount, int[] labels) {
    if (labelCount < 2 || labels.length == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "need at least one example and two labels, got %d and %d",
              labels.length,
              labelCount));
    }
    if (logits.length != Math.multiplyExact(labels.length, labelCount)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "need %d x %d logits, got %d",
              labels.length,
              labelCount,
              logits.length));
    }
    for (int label : labels) {
      if (label < 0 || label >= labelCount) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "label %d is not among 0 to %d", label, labelCount - 1));
      }
    }
  }

  /** The first of the largest; -1 where one is NaN. */
  private static int largest(double[] logits, int at, int labelCount) {
    int best = 0;
    for (int k = 0; k < labelCount; k++) {
      if (Double.isNaN(logits[at + k])) {
        return -1;
      }
      if (logits[at + k] > logits[at + best]) {
        best = k;
      }
    }
    return best;
  }

  private static double logSumExp(double[] logits, int at, int labelCount) {
    double max = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < labelCount; k++) {
      max = Math.max(max, logits[at + k]);
    }
    double sum = 0;
    for (int k = 0; k < labelCount; k++) {
      sum += Math.exp(logits[at + k] - max);
    }
    return max + Math.log(sum);
  }

  /** {@code count[actual][predicted]}; one more column for what is no prediction. */
  private static final class Confusion {
    private final int classes;
    final long[][] count;

    Confusion(int classes) {
      this.classes = classes;
      this.count = new long[classes][classes + 1];
    }

    long correct() {
      long correct = 0;
      for (int k = 0; k < classes; k++) {
        correct += count[k][k];
      }
      return correct;
    }

    long actual(int k) {
      long actual = 0;
      for (long n : count[k]) {
        actual += n;
      }
      return actual;
    }

    long predicted(int k) {
      long predicted = 0;
      for (long[] row : count) {
        predicted += row[k];
      }
      return predicted;
    }

    double f1(int k) {
      long both = actual(k) + predicted(k);
      return both == 0 ? 0 : 2. * count[k][k] / both;
    }

    double macroF1() {
      double sum = 0;
      for (int k = 0; k < classes; k++) {
        sum += f1(k);
      }
      return sum / classes;
    }

    double matthewsCorrelation() {
      double total = 0;
      double actualPredicted = 0;
      double actualSquared = 0;
      double predictedSquared = 0;
      for (int k = 0; k <= classes; k++) {
        double actual = k < classes ? actual(k) : 0;
        double predicted = predicted(k);
        total += actual;
        actualPredicted += actual * predicted;
        actualSquared += actual * actual;
        predictedSquared += predicted * predicted;
      }
      double norm =
          Math.sqrt(total * total - actualSquared) * Math.sqrt(total * total - predictedSquared);
      return norm == 0 ? 0 : (correct() * total - actualPredicted) / norm;
    }
  }

  private static final class Calibration {
    private final double[] confidence = new double[CALIBRATION_BINS];
    private final long[] correct = new long[CALIBRATION_BINS];

    /** Bins are open on the left and closed on the right, as in the literature. */
    void add(double probability, boolean right) {
      int bin = (int) Math.ceil(probability * CALIBRATION_BINS) - 1;
      bin = Math.min(Math.max(bin, 0), CALIBRATION_BINS - 1);
      confidence[bin] += probability;
      correct[bin] += right ? 1 : 0;
    }

    double error(int examples) {
      double error = 0;
      for (int bin = 0; bin < CALIBRATION_BINS; bin++) {
        error += Math.abs(correct[bin] - confidence[bin]);
      }
      return error / examples;
    }
  }
}
