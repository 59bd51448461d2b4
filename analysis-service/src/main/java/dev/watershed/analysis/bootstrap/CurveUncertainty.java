package dev.watershed.analysis.bootstrap;

import dev.watershed.analysis.statistics.Interval;
import java.util.Optional;

/**
 * A curve's metrics with their uncertainty over examples, given the two models.
 *
 * @param barrierHeight in nats
 * @param convexityGap in nats
 * @param improvedConvexityGap in nats, where the curve has a nested grid
 * @param area in nats
 * @param zeroTestP p of a convexity gap of 0: the share of resamples of the nearest convex curve
 *     whose gap is as large as the one measured; approximate, see {@link PairedBootstrap}
 * @param level of the band
 * @param band (A) what lies between the quantiles of resampled curves at each alpha, not jointly
 */
public record CurveUncertainty(
    Resampled barrierHeight,
    Resampled convexityGap,
    Optional<Resampled> improvedConvexityGap,
    Resampled area,
    double zeroTestP,
    double level,
    Interval[] band) {

  /** Whether the gap cannot be told from 0, so that its interval begins there. */
  public boolean gapMayBeZero() {
    return zeroTestP > (1 - level) / 2;
  }

  /** Returns the percentile interval of the gap, from 0 where it cannot be told from 0. */
  public Interval gapInterval() {
    var percentile = convexityGap.percentile(level);
    return gapMayBeZero() ? new Interval(0, percentile.high()) : percentile;
  }

  /** Returns the gap less its bias, which is no gap below 0. */
  public double gapBiasCorrected() {
    return Math.max(0, convexityGap.biasCorrected());
  }
}
