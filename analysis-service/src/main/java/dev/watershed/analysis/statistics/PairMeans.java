package dev.watershed.analysis.statistics;

import dev.watershed.analysis.statistics.GroupComparison.MeanDifference;
import java.util.Arrays;
import org.hipparchus.stat.StatUtils;

/**
 * The mean of a distance over the pairs of a group of models, with its uncertainty over models:
 * pairs share models, so that their spread says too little; each model is left out in turn instead
 * (Arvesen, 1969, for U-statistics). Pairs without a value take no part, and models without a pair
 * none either. Everything is NaN where it is not defined: the mean of no pair, the variance of
 * fewer than three models or where every pair shares one.
 *
 * @param mean over the pairs
 * @param variance of the mean, over models
 * @param leftOut (n) the mean without each model
 * @param pairCount pairs with a value
 */
public record PairMeans(double mean, double variance, double[] leftOut, int pairCount) {

  /**
   * @param distances (n, n) symmetric; NaN for a pair without a value
   */
  public static PairMeans of(double[][] distances) {
    int n = distances.length;
    var pairs = new double[n * (n - 1) / 2];
    int pair = 0;
    for (int a = 0; a < n; a++) {
      for (int b = a + 1; b < n; b++) {
        pairs[pair++] = distances[a][b];
      }
    }
    return of(n, pairs);
  }

  /**
   * @param models how many there are
   * @param distances of every pair a &lt; b, by a and then b; NaN for a pair without a value
   */
  public static PairMeans of(int models, double[] distances) {
    double sum = 0;
    int count = 0;
    var sumOf = new double[models];
    var countOf = new int[models];
    int pair = 0;
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        double distance = distances[pair++];
        if (!Double.isNaN(distance)) {
          sum += distance;
          count++;
          sumOf[a] += distance;
          sumOf[b] += distance;
          countOf[a]++;
          countOf[b]++;
        }
      }
    }
    var leftOut = new double[models];
    int parts = 0;
    for (int i = 0; i < models; i++) {
      if (countOf[i] > 0) {
        leftOut[parts++] = (sum - sumOf[i]) / (count - countOf[i]);
      }
    }
    leftOut = Arrays.copyOf(leftOut, parts);
    double variance =
        parts < 3 ? Double.NaN : (parts - 1.0) * StatUtils.populationVariance(leftOut);
    return new PairMeans(sum / count, variance, leftOut, count);
  }

  /** Returns n, the models that are in a pair. */
  public int modelCount() {
    return leftOut.length;
  }

  /** Returns the mean with its interval over models, and the test that it is 0. */
  public MeanDifference test() {
    return MeanDifference.of(mean, Math.sqrt(variance), modelCount() - 1);
  }

  /** Returns how much more one group of models has than another, independent one. */
  public static MeanDifference difference(PairMeans first, PairMeans second) {
    return MeanDifference.of(
        first.mean - second.mean,
        first.variance,
        first.modelCount() - 1,
        second.variance,
        second.modelCount() - 1);
  }

  /**
   * Returns how much more the pairs of a group have in one matrix than in another of the same
   * models.
   *
   * @param from (n, n) symmetric
   * @param less of the same models
   */
  public static PairMeans difference(double[][] from, double[][] less) {
    int n = from.length;
    var difference = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        difference[i][j] = from[i][j] - less[i][j];
      }
    }
    return of(difference);
  }
}
