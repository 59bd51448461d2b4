package dev.watershed.bench;

import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The middle of several runs, which one disturbed run does not move. */
final class Medians {
  private Medians() {}

  /** The median; the mean of the two in the middle of an even number. */
  static double of(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int n = sorted.size();
    return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
  }

  /** The one of median value; the lower of the two in the middle of an even number. */
  static <T> T by(List<T> runs, ToDoubleFunction<T> value) {
    return runs.stream()
        .sorted(Comparator.comparingDouble(value))
        .toList()
        .get((runs.size() - 1) / 2);
  }
}
