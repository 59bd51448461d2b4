package dev.watershed.analysis.bootstrap;

import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.Summary;
import java.util.Arrays;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * A statistic and what it is of resamples (Efron and Tibshirani, 1993). Everything is NaN where the
 * estimate is or fewer than two replicates are defined.
 *
 * @param estimate of the sample itself
 * @param replicates (B) of its resamples, all finite
 * @param undefined resamples left out because the statistic has no value there
 */
public record Resampled(double estimate, double[] replicates, int undefined) {
  private static final NormalDistribution NORMAL = new NormalDistribution();

  /** Leaves out the replicates that are not finite, and counts them. */
  public static Resampled of(double estimate, double[] replicates) {
    var defined = Arrays.stream(replicates).filter(Double::isFinite).toArray();
    return new Resampled(
        estimate,
        defined.length == replicates.length ? replicates : defined,
        replicates.length - defined.length);
  }

  private boolean unknown() {
    return !Double.isFinite(estimate) || replicates.length < 2;
  }

  /** Returns the standard deviation of the replicates (divided by B - 1). */
  public double standardError() {
    return unknown() ? Double.NaN : Summary.of(replicates).sampleStandardDeviation();
  }

  /** Returns how far the replicates lie above the estimate on average. */
  public double bias() {
    return unknown() ? Double.NaN : Summary.of(replicates).mean() - estimate;
  }

  /** Returns the estimate less its bias. */
  public double biasCorrected() {
    return estimate - bias();
  }

  /** Returns what lies between quantiles of the replicates. */
  public Interval percentile(double level) {
    return unknown() ? Interval.UNKNOWN : Interval.ofQuantiles(replicates, level);
  }

  /** Returns the percentile interval mirrored at the estimate: right for differences. */
  public Interval basic(double level) {
    var percentile = percentile(level);
    return new Interval(2 * estimate - percentile.high(), 2 * estimate - percentile.low());
  }

  /** Returns the normal interval around the estimate less its bias. */
  public Interval normal(double level) {
    return Interval.around(
        biasCorrected(), NORMAL.inverseCumulativeProbability((1 + level) / 2) * standardError());
  }

  /** Returns by how many standard errors the median of the replicates lies below the estimate. */
  public double z0() {
    if (unknown()) {
      return Double.NaN;
    }
    long below = Arrays.stream(replicates).filter(value -> value < estimate).count();
    long notAbove = Arrays.stream(replicates).filter(value -> value <= estimate).count();
    return NORMAL.inverseCumulativeProbability((below + notAbove) / 2.0 / replicates.length);
  }

  /**
   * Returns the bias-corrected and accelerated interval. It is not defined for an estimate at its
   * bound, as a convexity gap of 0 is: all replicates lie on one side.
   *
   * @param leftOut (n) the statistic without each of the things sampled
   */
  public Interval bca(double level, double[] leftOut) {
    double z0 = z0();
    double a = acceleration(leftOut);
    if (!Double.isFinite(z0) || !Double.isFinite(a)) {
      return Interval.UNKNOWN;
    }
    double z = NORMAL.inverseCumulativeProbability((1 + level) / 2);
    return new Interval(
        Interval.quantile(replicates, bcaProbability(z0, a, -z)),
        Interval.quantile(replicates, bcaProbability(z0, a, z)));
  }

  static double bcaProbability(double z0, double a, double z) {
    return NORMAL.cumulativeProbability(z0 + (z0 + z) / (1 - a * (z0 + z)));
  }

  /** How fast the standard error changes with the statistic; NaN where nothing moves it. */
  static double acceleration(double[] leftOut) {
    double mean = Summary.of(leftOut).mean();
    double squares = 0;
    double cubes = 0;
    for (double value : leftOut) {
      double off = mean - value;
      squares += off * off;
      cubes += off * off * off;
    }
    return cubes / (6 * Math.pow(squares, 1.5));
  }
}
