package dev.watershed.analysis.curve;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Locale;

/**
 * Where an {@link AdaptiveCurve} is measured, and when it is known well enough.
 *
 * @param toleranceNats how far the convexity gap may lie above the one measured, positive
 * @param initialIntervals intervals of the grid begun with, at least 2: without three points there
 *     is no second difference
 * @param finestIntervals alphas are multiples of one over this; a power of two times {@code
 *     initialIntervals}
 * @param curvatureMargin how many times the largest second difference around it an interval's
 *     second derivative may be, at least 1
 */
public record AdaptiveRule(
    double toleranceNats, int initialIntervals, int finestIntervals, double curvatureMargin) {
  /** A rule that {@link AdaptiveCurve} can follow. */
  public AdaptiveRule {
    if (!(toleranceNats > 0)) {
      throw new UnusableNumbersException(
          "TOLERANCE_NOT_POSITIVE",
          "tolerance_nats",
          "The tolerance is " + toleranceNats + " nats; it must be positive.");
    }
    if (initialIntervals < 2) {
      throw new UnusableNumbersException(
          "INITIAL_GRID_TOO_COARSE",
          "initial_interval_count",
          initialIntervals
              + " interval to begin with; take at least 2, since curvature is estimated from three"
              + " points.");
    }
    if (!isPowerOfTwoTimes(finestIntervals, initialIntervals)) {
      throw new UnusableNumbersException(
          "FINEST_GRID_DOES_NOT_FIT",
          "finest_interval_count",
          String.format(
              Locale.ROOT,
              "%d intervals of the finest grid do not come from halving the %d begun with; take %d times a power of two, such as %d.",
              finestIntervals,
              initialIntervals,
              initialIntervals,
              16L * initialIntervals));
    }
    if (!(curvatureMargin >= 1)) {
      throw new UnusableNumbersException(
          "CURVATURE_MARGIN_TOO_SMALL",
          "curvature_margin",
          "The margin is "
              + curvatureMargin
              + "; take at least 1, for a curve bends as much as it was seen to.");
    }
  }

  private static boolean isPowerOfTwoTimes(int finest, int initial) {
    return finest >= initial && finest % initial == 0 && Integer.bitCount(finest / initial) == 1;
  }

  /** Steps of the finest grid between the points of the grid begun with. */
  public int initialStep() {
    return finestIntervals / initialIntervals;
  }
}
