package dev.watershed.analysis.metric;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.ConvexityGapCertificate;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.LinearFit;
import dev.watershed.analysis.v1.MantelTest;
import dev.watershed.analysis.v1.Row;

/** What was computed, as the messages that carry it. */
public final class MetricMessages {
  private MetricMessages() {}

  /** Returns every metric of a curve. */
  public static CurveMetrics curveMetrics(LossCurve curve) {
    var barrier = curve.barrier();
    var gap = curve.convexityGap();
    var metrics =
        CurveMetrics.newBuilder()
            .setBarrierHeightNats(barrier.nats())
            .setBarrierAlpha(barrier.alpha())
            .setConvexityGapNats(gap.nats())
            .setConvexityGapCertificate(
                ConvexityGapCertificate.newBuilder()
                    .setGamma(gap.gamma())
                    .setAlpha(gap.alpha())
                    .setBeta(gap.beta()))
            .setAreaNats(curve.areaNats());
    curve
        .improvedConvexityGap()
        .ifPresent(
            improved ->
                metrics
                    .setImprovedConvexityGapNats(improved.nats())
                    .setNestedGridIntervals(improved.intervals()));
    return metrics.build();
  }

  /** Returns a clustering. */
  public static Clustering clustering(dev.watershed.analysis.cluster.Clustering clustering) {
    var message =
        Clustering.newBuilder()
            .addAllAssignments(Ints.asList(clustering.assignments()))
            .addAllEigenvalues(Doubles.asList(clustering.eigenvalues()))
            .setEigengap(clustering.eigengap())
            .setSilhouette(clustering.silhouette())
            .addAllCentroidDistanceDifferences(
                Doubles.asList(clustering.centroidDistanceDifferences()))
            .setConnected(clustering.connected())
            .setOneBasin(clustering.oneBasin())
            .setVerdict(clustering.verdict())
            .setKernelWidth(clustering.kernelWidth());
    for (var coordinates : clustering.embedding()) {
      message.addEmbedding(row(coordinates));
    }
    for (var distances : clustering.centroidDistances()) {
      message.addCentroidDistances(row(distances));
    }
    return message.build();
  }

  /** Returns a fit. */
  public static LinearFit linearFit(dev.watershed.analysis.statistics.LinearFit fit) {
    return LinearFit.newBuilder()
        .setSlope(fit.slope())
        .setIntercept(fit.intercept())
        .setPearsonR(fit.pearsonR())
        .setPearsonP(fit.pearsonP())
        .setSpearmanRho(fit.spearmanRho())
        .setRSquared(fit.rSquared())
        .setPointCount(fit.pointCount())
        .build();
  }

  /**
   * Returns a fit over pairs of models: without a p, because pairs that share a model are not
   * independent.
   */
  public static LinearFit pairFit(dev.watershed.analysis.statistics.LinearFit fit) {
    return linearFit(fit).toBuilder().setPearsonP(Double.NaN).build();
  }

  /** Returns a test. */
  public static MantelTest mantelTest(dev.watershed.analysis.statistics.MantelTest test) {
    return MantelTest.newBuilder()
        .setP(test.p())
        .setPermutationCount(test.permutationCount())
        .setModelCount(test.modelCount())
        .build();
  }

  private static Row row(double[] values) {
    return Row.newBuilder().addAllValues(Doubles.asList(values)).build();
  }
}
