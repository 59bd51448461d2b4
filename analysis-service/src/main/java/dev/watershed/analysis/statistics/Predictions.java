package dev.watershed.analysis.statistics;

/**
 * What a model gives the labels of a sample's examples, and how unlike another model's predictions
 * that is: the functional counterpart of a distance of weights. Both distances are symmetric, and
 * exactly 0 for equal predictions.
 */
public final class Predictions {
  private final float[] probabilities;
  private final int labels;
  private final double[] negativeEntropies;

  /**
   * @param probabilities (n, labels), row-major, each row summing to 1 but for rounding; kept
   * @param labels at least 2
   */
  public Predictions(float[] probabilities, int labels) {
    if (labels < 2 || probabilities.length == 0 || probabilities.length % labels != 0) {
      throw new IllegalArgumentException(
          probabilities.length + " probabilities are not some of " + labels + " labels each");
    }
    this.probabilities = probabilities;
    this.labels = labels;
    this.negativeEntropies = negativeEntropies(this);
  }

  /** Returns n. */
  public int examples() {
    return probabilities.length / labels;
  }

  /**
   * Returns the share of examples whose most probable label differs, in [0, 1]; of equal ones a
   * model predicts the first. NaN where a probability is none.
   */
  public double disagreement(Predictions other) {
    return sum(disagreements(other)) / examples();
  }

  /** Returns for each example 1 where {@link #disagreement} counts it, else 0, (n). */
  public double[] disagreements(Predictions other) {
    requireSameShape(other);
    var differing = new double[examples()];
    for (int i = 0; i < differing.length; i++) {
      int mine = predicted(i);
      int others = other.predicted(i);
      differing[i] = mine < 0 || others < 0 ? Double.NaN : mine == others ? 0 : 1;
    }
    return differing;
  }

  /**
   * Returns the mean over examples of the Jensen-Shannon divergence in nats, in [0, ln 2] (Lin,
   * 1991): of the mean of two distributions, the entropy less the mean of their entropies. The
   * divergence itself, not its root. NaN where a probability is none.
   */
  public double jensenShannonNats(Predictions other) {
    return Math.clamp(sum(jensenShannonsNats(other)) / examples(), 0, Math.log(2));
  }

  /** Returns the divergence of each example, (n), but for rounding in [0, ln 2]. */
  public double[] jensenShannonsNats(Predictions other) {
    requireSameShape(other);
    var mixed = negativeEntropies(other);
    var divergences = new double[examples()];
    for (int i = 0; i < divergences.length; i++) {
      divergences[i] = (negativeEntropies[i] + other.negativeEntropies[i]) / 2 - mixed[i];
    }
    return divergences;
  }

  /** By example, of the mean with another model's probabilities. */
  private double[] negativeEntropies(Predictions other) {
    var sums = new double[examples()];
    for (int i = 0; i < probabilities.length; i++) {
      double p = ((double) probabilities[i] + other.probabilities[i]) / 2;
      sums[i / labels] += p == 0 ? 0 : p * Math.log(p);
    }
    return sums;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /** The first of the most probable labels; -1 where a probability is none. */
  private int predicted(int example) {
    int at = example * labels;
    int best = 0;
    for (int k = 0; k < labels; k++) {
      if (Float.isNaN(probabilities[at + k])) {
        return -1;
      }
      if (probabilities[at + k] > probabilities[at + best]) {
        best = k;
      }
    }
    return best;
  }

  private void requireSameShape(Predictions other) {
    if (labels != other.labels || probabilities.length != other.probabilities.length) {
      throw new IllegalArgumentException("predictions of other examples or labels");
    }
  }
}
