package dev.watershed.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Memory over time, and whether it grows. The first third is the time in which caches fill and code
 * is compiled; of the rest the median of the second half is held against that of the first.
 */
final class MemorySeries {
  /** What the halves may differ by: garbage of allocators, not of ours. */
  static final long RESIDENT_ALLOWANCE_BYTES = 24L << 20;

  static final long HEAP_ALLOWANCE_BYTES = 8L << 20;

  /** DJL frees arrays when they are closed, so at rest there are as many as before. */
  static final long ARRAY_ALLOWANCE = 0;

  /** What the evaluator holds is bounded, and all of it is held after the first third. */
  static final long HELD_ALLOWANCE_BYTES = 0;

  private static final int FEWEST = 6;

  private final List<MemoryPoint> points = new ArrayList<>();

  void add(MemoryPoint point) {
    points.add(point);
  }

  List<MemoryPoint> points() {
    return List.copyOf(points);
  }

  /** The growth of each kind of memory; none of them may exceed its allowance. */
  List<MemoryGrowth> growth() {
    if (points.size() < FEWEST) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "%d points are too few to tell growth, take %d", points.size(), FEWEST));
    }
    return List.of(
        growth("residentBytes", MemoryPoint::residentBytes, RESIDENT_ALLOWANCE_BYTES),
        growth("heapBytes", MemoryPoint::heapBytes, HEAP_ALLOWANCE_BYTES),
        growth("nativeArrays", MemoryPoint::nativeArrays, ARRAY_ALLOWANCE),
        growth("heldBytes", MemoryPoint::heldBytes, HELD_ALLOWANCE_BYTES));
  }

  private MemoryGrowth growth(String what, ToDoubleFunction<MemoryPoint> value, long allowance) {
    List<MemoryPoint> settled = points.subList(points.size() / 3, points.size());
    int middle = settled.size() / 2;
    double first = median(settled.subList(0, middle), value);
    double second = median(settled.subList(middle, settled.size()), value);
    return new MemoryGrowth(
        what, first, second, 1000 * slope(settled, value), allowance, second - first <= allowance);
  }

  private static double median(List<MemoryPoint> of, ToDoubleFunction<MemoryPoint> value) {
    return Medians.of(of.stream().map(value::applyAsDouble).toList());
  }

  /** By least squares, for each evaluation. */
  private static double slope(List<MemoryPoint> of, ToDoubleFunction<MemoryPoint> value) {
    double meanX = of.stream().mapToDouble(MemoryPoint::evaluations).average().orElse(0);
    double meanY = of.stream().mapToDouble(value).average().orElse(0);
    double products = 0;
    double squares = 0;
    for (MemoryPoint point : of) {
      double x = point.evaluations() - meanX;
      products += x * (value.applyAsDouble(point) - meanY);
      squares += x * x;
    }
    return squares > 0 ? products / squares : 0;
  }
}
