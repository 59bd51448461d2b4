package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.v1.ConvexityGapCertificate;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.DiagnosticCurve;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.PairReportOrBuilder;
import java.util.Arrays;

/**
 * The metrics of a pair. A loss between the ends that is not finite (weights on the way that
 * overflow) is a wall of infinite height: every metric of such a curve is positive infinity, and
 * its certificate names the first such point. The curve itself keeps what was measured.
 */
public final class PairMetrics {
  private PairMetrics() {}

  /**
   * @param alphas ascending, from 0 to 1
   * @param lossesNats the first and the last finite
   */
  static CurveMetrics of(double[] alphas, double[] lossesNats, AlphaGrid grid) {
    if (!Arrays.stream(lossesNats).allMatch(Double::isFinite)) {
      return diverged(alphas, lossesNats, grid);
    }
    var metrics = MetricMessages.curveMetrics(LossCurve.of(alphas, lossesNats));
    // Curves whose alphas were chosen may hold nested grids, but each another one.
    return grid.adaptive()
        ? metrics.toBuilder().clearImprovedConvexityGapNats().clearNestedGridIntervals().build()
        : metrics;
  }

  private static CurveMetrics diverged(double[] alphas, double[] lossesNats, AlphaGrid grid) {
    int first = 0;
    while (Double.isFinite(lossesNats[first])) {
      first++;
    }
    double alpha = alphas[first];
    var metrics =
        CurveMetrics.newBuilder()
            .setBarrierHeightNats(Double.POSITIVE_INFINITY)
            .setBarrierAlpha(alpha)
            .setConvexityGapNats(Double.POSITIVE_INFINITY)
            .setConvexityGapCertificate(
                ConvexityGapCertificate.newBuilder().setGamma(0).setAlpha(alpha).setBeta(1))
            .setAreaNats(Double.POSITIVE_INFINITY);
    if (grid.nested()) {
      metrics
          .setImprovedConvexityGapNats(Double.POSITIVE_INFINITY)
          .setNestedGridIntervals((int) Math.round(Math.sqrt(grid.intervals())));
    }
    return metrics.build();
  }

  /**
   * Returns half the width of the interval of the convexity gap, in nats. One that begins at 0
   * counts as any other: where a gap is just told from 0 the two are as wide as each other.
   *
   * @param pair with an uncertainty
   */
  public static double halfWidth(PairReport pair) {
    var interval = pair.getUncertainty().getConvexityGap().getInterval();
    return (interval.getHigh() - interval.getLow()) / 2;
  }

  /**
   * Returns the convexity gap or the barrier height of a diagnostic's curve; infinite where it
   * diverges.
   */
  static double distance(DistanceMetric metric, DiagnosticCurve curve) {
    if (!curve.hasMetrics()) {
      return Double.POSITIVE_INFINITY;
    }
    return metric == DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT
        ? curve.getMetrics().getBarrierHeightNats()
        : curve.getMetrics().getConvexityGapNats();
  }

  /** Returns the one that serves as the distance of the pair's models. */
  static double distance(DistanceMetric metric, PairReportOrBuilder pair) {
    var metrics = pair.getMetrics();
    return switch (metric) {
      case DISTANCE_METRIC_BARRIER_HEIGHT -> metrics.getBarrierHeightNats();
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP -> metrics.getImprovedConvexityGapNats();
      case DISTANCE_METRIC_AREA -> metrics.getAreaNats();
      case DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN -> pair.getAreaTimesEuclideanDistance();
      case DISTANCE_METRIC_EUCLIDEAN -> pair.getEuclideanDistance();
      case DISTANCE_METRIC_DISAGREEMENT ->
          pair.hasDisagreement() ? pair.getDisagreement() : Double.NaN;
      case DISTANCE_METRIC_JENSEN_SHANNON ->
          pair.hasJensenShannonNats() ? pair.getJensenShannonNats() : Double.NaN;
      default -> metrics.getConvexityGapNats();
    };
  }
}
