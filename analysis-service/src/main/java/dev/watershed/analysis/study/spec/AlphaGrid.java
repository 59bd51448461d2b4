package dev.watershed.analysis.study.spec;

import dev.watershed.analysis.curve.AdaptiveCurve;
import dev.watershed.analysis.curve.AdaptiveRule;
import dev.watershed.analysis.v1.StudySpec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.IntStream;

/**
 * Where a study's curves are measured: at multiples of 1 / {@code intervals} in [0, 1], by index;
 * index 0 is model B alone, the last is model A alone.
 *
 * @param rule which of these; empty for all
 */
public record AlphaGrid(int intervals, Optional<AdaptiveRule> rule) {
  private static final int PAPER = 10;
  private static final int REFERENCE = 9;
  private static final int NESTED = 100;

  /** Of a spec whose defaults are filled in. */
  public static AlphaGrid of(StudySpec spec) {
    return switch (spec.getAlphasCase()) {
      case INTERVAL_COUNT -> equal(spec.getIntervalCount());
      case ADAPTIVE -> {
        var adaptive = spec.getAdaptive();
        yield new AlphaGrid(
            adaptive.getFinestIntervalCount(),
            Optional.of(
                new AdaptiveRule(
                    adaptive.getToleranceNats(),
                    adaptive.getInitialIntervalCount(),
                    adaptive.getFinestIntervalCount(),
                    adaptive.getCurvatureMargin())));
      }
      default ->
          switch (spec.getProtocol()) {
            case ALPHA_PROTOCOL_REFERENCE -> equal(REFERENCE);
            case ALPHA_PROTOCOL_NESTED -> equal(NESTED);
            default -> equal(PAPER);
          };
    };
  }

  private static AlphaGrid equal(int intervals) {
    return new AlphaGrid(intervals, Optional.empty());
  }

  /** Whether what was measured decides which points are measured next. */
  public boolean adaptive() {
    return rule.isPresent();
  }

  /** Indices from one point of the first round to the next. */
  public int firstStep() {
    return rule.map(AdaptiveRule::initialStep).orElse(1);
  }

  /** Points between the two ends in the first round; there is no other unless it is adaptive. */
  public int firstInteriorCount() {
    return intervals / firstStep() - 1;
  }

  /** Indices between the two ends in the first round, ascending: all curves have these. */
  public List<Integer> firstInterior() {
    return IntStream.rangeClosed(1, firstInteriorCount())
        .map(i -> i * firstStep())
        .boxed()
        .toList();
  }

  /** The most points between the two ends that a curve may come to have. */
  public int mostInteriorCount() {
    return intervals - 1;
  }

  /** Of the point with an index, 0 to the number of intervals. */
  public double alpha(int index) {
    return (double) index / intervals;
  }

  /**
   * Returns the indices of the next round, ascending; none where the curve is complete. A curve
   * that diverges has no gap to be known better.
   *
   * @param losses the points of all rounds before, and the two ends
   */
  public List<Integer> next(SortedMap<Integer, Double> losses) {
    var first = firstInterior().stream().filter(index -> !losses.containsKey(index)).toList();
    boolean complete = rule.isEmpty() || !losses.values().stream().allMatch(Double::isFinite);
    return first.isEmpty() && !complete
        ? AdaptiveCurve.of(rule.orElseThrow(), losses).next()
        : first;
  }

  /**
   * Whether every curve holds every k / m^2 for one m of at least 2, which the improved gap needs.
   */
  public boolean nested() {
    int root = (int) Math.round(Math.sqrt(intervals));
    return !adaptive() && root >= 2 && root * root == intervals;
  }

  @Override
  public String toString() {
    return rule.map(
            adaptive ->
                String.format(
                    Locale.ROOT,
                    "adaptive alphas (%d to %d intervals, tolerance %s nats, curvature margin %s)",
                    adaptive.initialIntervals(),
                    adaptive.finestIntervals(),
                    adaptive.toleranceNats(),
                    adaptive.curvatureMargin()))
        .orElse(String.format(Locale.ROOT, "%d equally spaced points", intervals + 1));
  }
}
