package dev.watershed.analysis.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;
import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.exception.MathIllegalArgumentException;
import org.hipparchus.stat.regression.OLSMultipleLinearRegression;

/**
 * Correlations over independent units with their intervals, given another variable, and what they
 * are worth for prediction. NaN where a variable is constant or there are too few units.
 */
public final class Correlation {
  private static final double Z =
      new NormalDistribution().inverseCumulativeProbability(1 - (1 - Interval.LEVEL) / 2);

  private Correlation() {}

  /** Returns the interval of 95 % of Pearson's r over n units (Fisher, 1921); unknown below 4. */
  public static Interval fisher(double r, int n) {
    return transformed(r, n, 1);
  }

  /** Returns the interval of 95 % of Spearman's rho over n units (Bonett and Wright, 2000). */
  public static Interval bonettWright(double rho, int n) {
    return transformed(rho, n, 1 + rho * rho / 2);
  }

  private static Interval transformed(double r, int n, double variance) {
    if (n < 4 || Double.isNaN(r)) {
      return Interval.UNKNOWN;
    }
    double half = Z * Math.sqrt(variance / (n - 3));
    double z = .5 * Math.log((1 + r) / (1 - r));
    return new Interval(Math.tanh(z - half), Math.tanh(z + half));
  }

  /**
   * How a feature goes with a score given a third variable: all three standardised, the score's
   * regression on both. Arithmetic, no cause: feature and third may both be outcomes of one thing.
   *
   * @param total r of feature and score: direct plus indirect
   * @param direct coefficient of the feature
   * @param indirect thirdOnFeature times scoreOnThird
   * @param thirdOnFeature r of feature and third variable
   * @param scoreOnThird coefficient of the third variable
   * @param partial r of feature and score with the third taken out of both
   * @param partialP two-sided, n - 3 degrees of freedom
   */
  public record Given(
      double total,
      double direct,
      double indirect,
      double thirdOnFeature,
      double scoreOnThird,
      double partial,
      double partialP) {}

  /** See {@link Given}. */
  public static Given given(double[] feature, double[] score, double[] third) {
    int n = feature.length;
    double total = LinearFit.of(feature, score).pearsonR();
    double a = LinearFit.of(feature, third).pearsonR();
    double b = LinearFit.of(third, score).pearsonR();
    double left = 1 - a * a;
    if (!(left > 0)) {
      double nan = Double.NaN;
      return new Given(total, nan, nan, a, nan, nan, nan);
    }
    double direct = (total - a * b) / left;
    double onThird = (b - a * total) / left;
    double partial = (total - a * b) / Math.sqrt(left * (1 - b * b));
    double p = Double.NaN;
    if (n > 3 && Math.abs(partial) < 1) {
      double t = Math.abs(partial) * Math.sqrt((n - 3) / (1 - partial * partial));
      p = 2 * new TDistribution(n - 3).cumulativeProbability(-t);
    }
    return new Given(total, direct, a * onThird, a, onThird, partial, p);
  }

  /**
   * Returns the share of a score's variance that its line on some features predicts for units left
   * out of the fit, each against the mean of the others; negative where the mean predicts better.
   * O(n^2).
   *
   * @param features (k) of n values each
   */
  public static double leaveOneOutRSquared(double[] score, double[]... features) {
    int n = score.length;
    if (n < features.length + 2) {
      return Double.NaN;
    }
    var x = new double[n][features.length];
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += score[i];
      for (int k = 0; k < features.length; k++) {
        x[i][k] = features[k][i];
      }
    }
    var regression = new OLSMultipleLinearRegression();
    try {
      regression.newSampleData(score, x);
      var residuals = regression.estimateResiduals();
      var hat = regression.calculateHat();
      double left = 0;
      double mean = 0;
      for (int i = 0; i < n; i++) {
        left += square(residuals[i] / (1 - hat.getEntry(i, i)));
        mean += square(score[i] - (sum - score[i]) / (n - 1));
      }
      return mean == 0 ? Double.NaN : 1 - left / mean;
    } catch (MathIllegalArgumentException constant) {
      return Double.NaN;
    }
  }

  private static double square(double value) {
    return value * value;
  }
}
