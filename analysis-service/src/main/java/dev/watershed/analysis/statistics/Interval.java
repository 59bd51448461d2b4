package dev.watershed.analysis.statistics;

import org.hipparchus.stat.descriptive.rank.Percentile;
import org.hipparchus.stat.descriptive.rank.Percentile.EstimationType;

/**
 * Where a value may lie. Both ends are NaN where nothing can be said.
 *
 * @param low lower end
 * @param high upper end
 */
public record Interval(double low, double high) {
  /** The level that is meant where none is said. */
  public static final double LEVEL = .95;

  public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

  /** Returns half of the width. */
  public double halfWidth() {
    return (high - low) / 2;
  }

  public boolean contains(double value) {
    return low <= value && value <= high;
  }

  /** An estimate plus or minus as much. */
  public static Interval around(double centre, double halfWidth) {
    return new Interval(centre - halfWidth, centre + halfWidth);
  }

  /**
   * Returns the quantile of type 7 of Hyndman and Fan (1996), linear between order statistics as
   * NumPy and R have it; NaN of no values.
   *
   * @param values finite, in any order
   * @param probability 0 to 1
   */
  public static double quantile(double[] values, double probability) {
    if (values.length == 0) {
      return Double.NaN;
    }
    if (probability <= 0) {
      return Summary.of(values).minimum();
    }
    return new Percentile()
        .withEstimationType(EstimationType.R_7)
        .evaluate(values, 100 * Math.min(1, probability));
  }

  /** Returns what lies between the quantiles that leave out as much on either side. */
  public static Interval ofQuantiles(double[] values, double level) {
    return new Interval(quantile(values, (1 - level) / 2), quantile(values, 1 - (1 - level) / 2));
  }
}
