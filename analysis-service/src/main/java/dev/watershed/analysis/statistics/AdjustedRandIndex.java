package dev.watershed.analysis.statistics;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.HashMap;
import java.util.Map;

/**
 * How far two partitions of the same things agree, corrected for chance (Hubert and Arabie, 1985,
 * equation 5): 1 for equal partitions, 0 on average for random ones of the same cluster sizes,
 * negative for less. Only which things are together counts, not how clusters are numbered.
 */
public final class AdjustedRandIndex {
  private AdjustedRandIndex() {}

  /**
   * Returns the index; 1 where both partitions are one cluster or both are all singletons, which
   * the formula leaves undefined.
   *
   * @param a (n) cluster of each thing
   * @param b (n) cluster of each thing
   * @throws UnusableNumbersException naming {@code b} where the lengths differ
   */
  public static double of(int[] a, int[] b) {
    if (a.length != b.length) {
      throw new UnusableNumbersException(
          "COUNTS_UNEQUAL",
          "b",
          a.length + " things in one partition and " + b.length + " in the other; pair them.");
    }
    record Cell(int a, int b) {}
    var cells = new HashMap<Cell, Integer>();
    var rows = new HashMap<Integer, Integer>();
    var columns = new HashMap<Integer, Integer>();
    for (int i = 0; i < a.length; i++) {
      cells.merge(new Cell(a[i], b[i]), 1, Integer::sum);
      rows.merge(a[i], 1, Integer::sum);
      columns.merge(b[i], 1, Integer::sum);
    }
    double together = pairs(cells);
    double togetherInA = pairs(rows);
    double togetherInB = pairs(columns);
    double all = pairs(a.length);
    double greatest = (togetherInA + togetherInB) / 2;
    double expected = all == 0 ? 0 : togetherInA * togetherInB / all;
    return greatest == expected ? 1 : (together - expected) / (greatest - expected);
  }

  private static double pairs(Map<?, Integer> counts) {
    return counts.values().stream().mapToDouble(AdjustedRandIndex::pairs).sum();
  }

  private static double pairs(int count) {
    return count * (count - 1.0) / 2;
  }
}
