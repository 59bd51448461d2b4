package dev.watershed.analysis.statistics;

import dev.watershed.analysis.statistics.GroupComparison.MeanDifference;
import org.hipparchus.stat.StatUtils;

/**
 * The mean of a distance over the pairs of a group of models, with its uncertainty over models:
 * pairs share models, so that their spread says too little; each model is left out in turn instead
 * (Arvesen, 1969, for U-statistics).
 *
 * @param mean over the pairs
 * @param variance of the mean, over models
 * @param leftOut (n) the mean without each model
 */
public record PairMeans(double mean, double variance, double[] leftOut) {

  /**
   * @param distances (n, n) symmetric; NaN everywhere for fewer than three models
   */
  public static PairMeans of(double[][] distances) {
    int n = distances.length;
    double sum = 0;
    var ofModel = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        sum += distances[i][j];
        ofModel[i] += distances[i][j];
        ofModel[j] += distances[i][j];
      }
    }
    var leftOut = new double[n];
    for (int i = 0; i < n; i++) {
      leftOut[i] = (sum - ofModel[i]) / ((n - 1) * (n - 2) / 2.0);
    }
    return new PairMeans(
        sum / (n * (n - 1) / 2.0), (n - 1.0) * StatUtils.populationVariance(leftOut), leftOut);
  }

  /** Returns how much more one group of models has than another, independent one. */
  public static MeanDifference difference(PairMeans first, PairMeans second) {
    return MeanDifference.of(
        first.mean - second.mean,
        first.variance,
        first.leftOut.length - 1,
        second.variance,
        second.leftOut.length - 1);
  }

  /**
   * Returns how much a distance changed over the same models.
   *
   * @param start (n, n) symmetric
   * @param end of the same models
   */
  public static MeanDifference change(double[][] start, double[][] end) {
    int n = start.length;
    var change = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        change[i][j] = end[i][j] - start[i][j];
      }
    }
    var means = of(change);
    return MeanDifference.of(means.mean, Math.sqrt(means.variance), n - 1);
  }
}
