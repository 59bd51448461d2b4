package dev.watershed.analysis.statistics;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Correction of p values for how many were looked at (Holm, 1979). */
public final class Holm {
  private Holm() {}

  /**
   * Returns the adjusted p values, step-down, at most 1: those below .05 hold together at that
   * level. NaN stays and counts for none.
   */
  public static double[] adjusted(double... p) {
    var order =
        IntStream.range(0, p.length)
            .filter(i -> !Double.isNaN(p[i]))
            .boxed()
            .sorted(Comparator.comparingDouble(i -> p[i]))
            .toList();
    var adjusted = p.clone();
    double most = 0;
    for (int rank = 0; rank < order.size(); rank++) {
      most = Math.max(most, Math.min(1, (order.size() - rank) * p[order.get(rank)]));
      adjusted[order.get(rank)] = most;
    }
    return adjusted;
  }
}
