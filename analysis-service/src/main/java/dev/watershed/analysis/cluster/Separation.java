package dev.watershed.analysis.cluster;

import dev.watershed.analysis.statistics.Interval;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * How surely a distance across clusters exceeds one within: by ranks, so that no power of the
 * distances matters. Baker and Hubert's (1975) gamma is twice this less 1.
 *
 * @param ofPairs P(across > within) over all pairs, ties counting half; NaN where there are none
 * @param ofModels its 10 % quantile over models of the same for one model's distances
 */
record Separation(double ofPairs, double ofModels) {
  /** Models below 0 count for nothing. O(n^2 log n). */
  static Separation of(DistanceMatrix distances, int[] assignments) {
    var within = DoubleStream.builder();
    var across = DoubleStream.builder();
    var models = DoubleStream.builder();
    for (int i = 0; i < assignments.length; i++) {
      if (assignments[i] < 0) {
        continue;
      }
      var own = DoubleStream.builder();
      var others = DoubleStream.builder();
      for (int j = 0; j < assignments.length; j++) {
        if (j != i && assignments[j] >= 0) {
          boolean together = assignments[i] == assignments[j];
          (together ? own : others).add(distances.values()[i][j]);
          if (j < i) {
            (together ? within : across).add(distances.values()[i][j]);
          }
        }
      }
      double one = share(own.build().toArray(), others.build().toArray());
      if (!Double.isNaN(one)) {
        models.add(one);
      }
    }
    return new Separation(
        share(within.build().toArray(), across.build().toArray()),
        Interval.quantile(models.build().toArray(), .1));
  }

  private static double share(double[] within, double[] across) {
    Arrays.sort(within);
    Arrays.sort(across);
    double exceeded = 0;
    int below = 0;
    int notAbove = 0;
    for (double distance : across) {
      while (below < within.length && within[below] < distance) {
        below++;
      }
      while (notAbove < within.length && within[notAbove] <= distance) {
        notAbove++;
      }
      exceeded += (below + notAbove) / 2.0;
    }
    return exceeded / within.length / across.length;
  }
}
