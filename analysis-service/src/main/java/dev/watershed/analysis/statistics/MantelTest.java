package dev.watershed.analysis.statistics;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.function.IntFunction;

/**
 * Whether two distances of the same models go together (Mantel, 1967). Pairs that share a model are
 * not independent, so that a p over pairs is far too small; here the models of one matrix are
 * permuted.
 *
 * @param r Pearson's r over pairs, in [-1, 1]; NaN where it is not defined
 * @param p two-sided: one plus the permutations whose |r| is at least the one measured, over one
 *     plus all; NaN where r is
 * @param permutationCount permutations
 * @param modelCount n, the independent units
 */
public record MantelTest(double r, double p, int permutationCount, int modelCount) {
  /** As many permutations as make the least p .0005. */
  public static final int DEFAULT_PERMUTATIONS = 1999;

  /** A permutation that moves nothing gives the same r up to rounding. */
  private static final double ROUNDING = 1e-12;

  /**
   * Draws permutations at random. Each is a function of the seed and its own number.
   *
   * @param x (n, n) symmetric; a pair whose value is not finite is left out
   * @param y (n, n) symmetric; r is not defined where one off the diagonal is not finite
   * @throws UnusableNumbersException naming {@code y} where the sizes differ
   */
  public static MantelTest of(double[][] x, double[][] y, int permutations, long seed) {
    return of(x, y, permutations, seed, () -> {});
  }

  /**
   * As {@link #of(double[][], double[][], int, long)}, for work that may be given up.
   *
   * @param throwIfUnwanted run before each permutation; what it throws ends the work
   */
  public static MantelTest of(
      double[][] x, double[][] y, int permutations, long seed, Runnable throwIfUnwanted) {
    return of(
        x,
        y,
        number -> {
          throwIfUnwanted.run();
          return SplitMix64.permutation(x.length, SplitMix64.mix(seed) + number * SplitMix64.STEP);
        },
        permutations);
  }

  /**
   * @param permutation by number from 0; where each model of y stands
   */
  static MantelTest of(
      double[][] x, double[][] y, IntFunction<int[]> permutation, int permutations) {
    int n = x.length;
    if (y.length != n) {
      throw new UnusableNumbersException(
          "COUNTS_UNEQUAL", "y", n + " models in x and " + y.length + " in y; pair them.");
    }
    var identity = new int[n];
    for (int i = 0; i < n; i++) {
      identity[i] = i;
    }
    double r = correlation(x, y, identity);
    if (Double.isNaN(r)) {
      return new MantelTest(r, Double.NaN, permutations, n);
    }
    int hits = 0;
    for (int k = 0; k < permutations; k++) {
      // One that leaves y without variance over the pairs of x says nothing against chance.
      if (!(Math.abs(correlation(x, y, permutation.apply(k))) < Math.abs(r) - ROUNDING)) {
        hits++;
      }
    }
    return new MantelTest(r, (1.0 + hits) / (1.0 + permutations), permutations, n);
  }

  /** Pearson's r of x and of y with its models permuted, over the pairs that x has. O(n^2). */
  private static double correlation(double[][] x, double[][] y, int[] at) {
    double count = 0;
    double meanX = 0;
    double meanY = 0;
    double varianceX = 0;
    double varianceY = 0;
    double covariance = 0;
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < i; j++) {
        if (Double.isFinite(x[i][j])) {
          count++;
          double offX = x[i][j] - meanX;
          double offY = y[at[i]][at[j]] - meanY;
          meanX += offX / count;
          meanY += offY / count;
          double share = (count - 1) / count;
          varianceX += share * offX * offX;
          varianceY += share * offY * offY;
          covariance += share * offX * offY;
        }
      }
    }
    // Rounding leaves a constant a variance of nothing.
    boolean constant =
        varianceX <= count * square(meanX * ROUNDING)
            || varianceY <= count * square(meanY * ROUNDING);
    return constant || !(varianceY < Double.POSITIVE_INFINITY)
        ? Double.NaN
        : Math.clamp(covariance / Math.sqrt(varianceX) / Math.sqrt(varianceY), -1, 1);
  }

  private static double square(double value) {
    return value * value;
  }
}
