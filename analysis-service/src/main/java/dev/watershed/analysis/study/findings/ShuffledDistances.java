package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.SplitMix64;
import java.util.Arrays;

/** Distances dealt to other pairs by chance: as large as those measured, without any structure. */
final class ShuffledDistances {
  private static final double PROBABILITY = .95;

  private ShuffledDistances() {}

  /**
   * Returns the 95 % quantile of the separation that the rule finds there; NaN where it finds none.
   *
   * @param distances (n, n) symmetric
   */
  static double separation(
      double[][] distances, int shuffles, long seed, Runnable throwIfUnwanted) {
    int n = distances.length;
    var separations = new double[shuffles];
    for (int s = 0; s < shuffles; s++) {
      var dealt = SplitMix64.permutation(n * (n - 1) / 2, SplitMix64.mix(seed) + s);
      var shuffled = new double[n][n];
      for (int i = 0, pair = 0; i < n; i++) {
        for (int j = 0; j < i; j++, pair++) {
          var at = pair(dealt[pair]);
          shuffled[i][j] = distances[at[0]][at[1]];
          shuffled[j][i] = shuffled[i][j];
        }
      }
      var best = BasinVerdict.of(shuffled, throwIfUnwanted).best();
      separations[s] = best == null ? Double.NaN : best.separation();
    }
    return Interval.quantile(
        Arrays.stream(separations).filter(Double::isFinite).toArray(), PROBABILITY);
  }

  /** The place in a matrix of a pair below the diagonal, counted row by row. */
  private static int[] pair(int number) {
    int i = (int) ((1 + Math.sqrt(1 + 8.0 * number)) / 2);
    return new int[] {i, number - i * (i - 1) / 2};
  }
}
