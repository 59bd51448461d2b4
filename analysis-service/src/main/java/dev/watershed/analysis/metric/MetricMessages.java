package dev.watershed.analysis.metric;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.bootstrap.Resampled;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.statistics.Correlation;
import dev.watershed.analysis.statistics.GroupComparison;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.ClusterComparison;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.ConvexityGapCertificate;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.CurveUncertainty;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.LinearFit;
import dev.watershed.analysis.v1.LinkageMerge;
import dev.watershed.analysis.v1.MantelTest;
import dev.watershed.analysis.v1.MetricUncertainty;
import dev.watershed.analysis.v1.PairMean;
import dev.watershed.analysis.v1.RecipeComparison;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.Row;
import dev.watershed.analysis.v1.ScoreSummary;
import java.util.function.ToDoubleFunction;

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
        .setPearsonInterval(interval(Correlation.fisher(fit.pearsonR(), fit.pointCount())))
        .setSpearmanInterval(
            interval(Correlation.bonettWright(fit.spearmanRho(), fit.pointCount())))
        .build();
  }

  /**
   * Returns a fit over pairs of models: without a p, because pairs that share a model are not
   * independent.
   *
   * @param pearsonInterval over models
   */
  public static LinearFit pairFit(
      dev.watershed.analysis.statistics.LinearFit fit,
      dev.watershed.analysis.statistics.Interval pearsonInterval) {
    return linearFit(fit).toBuilder()
        .setPearsonP(Double.NaN)
        .setPearsonInterval(interval(pearsonInterval))
        .clearSpearmanInterval()
        .build();
  }

  /** Returns a test. */
  public static MantelTest mantelTest(dev.watershed.analysis.statistics.MantelTest test) {
    return MantelTest.newBuilder()
        .setP(test.p())
        .setPermutationCount(test.permutationCount())
        .setModelCount(test.modelCount())
        .build();
  }

  /** Returns what is known of a curve's metrics. */
  public static CurveUncertainty uncertainty(
      dev.watershed.analysis.bootstrap.CurveUncertainty found) {
    var message =
        CurveUncertainty.newBuilder()
            .setBarrierHeight(uncertainty(found.barrierHeight(), found.level()))
            .setConvexityGap(
                uncertainty(found.convexityGap(), found.level()).toBuilder()
                    .setInterval(interval(found.gapInterval())))
            .setArea(uncertainty(found.area(), found.level()))
            .setZeroTestP(found.zeroTestP())
            .setLowerEndSetToZero(found.gapMayBeZero());
    found
        .improvedConvexityGap()
        .ifPresent(
            improved -> message.setImprovedConvexityGap(uncertainty(improved, found.level())));
    for (var at : found.band()) {
      message.addBandLowNats(at.low()).addBandHighNats(at.high());
    }
    return message.build();
  }

  private static MetricUncertainty uncertainty(Resampled metric, double level) {
    return MetricUncertainty.newBuilder()
        .setStandardError(metric.standardError())
        .setBias(metric.bias())
        .setInterval(interval(metric.percentile(level)))
        .build();
  }

  /**
   * Adds the bias-corrected and accelerated intervals.
   *
   * @param examples what the uncertainty is of
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  public static CurveUncertainty withBca(
      CurveUncertainty message,
      dev.watershed.analysis.bootstrap.CurveUncertainty found,
      ExampleCurve examples,
      Runnable throwIfUnwanted) {
    var all = message.toBuilder();
    all.getBarrierHeightBuilder()
        .setBcaInterval(
            bca(found, found.barrierHeight(), examples, c -> c.barrier().nats(), throwIfUnwanted));
    all.getConvexityGapBuilder()
        .setBcaInterval(
            bca(
                found,
                found.convexityGap(),
                examples,
                c -> c.convexityGap().nats(),
                throwIfUnwanted));
    all.getAreaBuilder()
        .setBcaInterval(bca(found, found.area(), examples, LossCurve::areaNats, throwIfUnwanted));
    found
        .improvedConvexityGap()
        .ifPresent(
            improved ->
                all.getImprovedConvexityGapBuilder()
                    .setBcaInterval(
                        bca(
                            found,
                            improved,
                            examples,
                            c -> c.improvedConvexityGap().orElseThrow().nats(),
                            throwIfUnwanted)));
    return all.build();
  }

  private static Interval bca(
      dev.watershed.analysis.bootstrap.CurveUncertainty found,
      Resampled resampled,
      ExampleCurve examples,
      ToDoubleFunction<LossCurve> metric,
      Runnable throwIfUnwanted) {
    var leftOut = PairedBootstrap.leavingOneOut(examples, metric, throwIfUnwanted);
    return interval(resampled.bca(found.level(), leftOut));
  }

  /** Returns an interval. */
  public static Interval interval(dev.watershed.analysis.statistics.Interval interval) {
    return Interval.newBuilder().setLow(interval.low()).setHigh(interval.high()).build();
  }

  /** Returns what is asked for, with every default filled in. */
  public static Resampling resampling(Resampling asked) {
    return asked.toBuilder()
        .setResampleCount(asked.hasResampleCount() ? asked.getResampleCount() : Draws.DEFAULT_COUNT)
        .setLevel(
            asked.hasLevel() ? asked.getLevel() : dev.watershed.analysis.statistics.Interval.LEVEL)
        .build();
  }

  /**
   * Returns a comparison of a score.
   *
   * @param permutationP NaN where none was asked for
   */
  public static ClusterComparison comparison(
      String name, GroupComparison found, double holmP, double permutationP) {
    var difference = found.difference();
    var message =
        ClusterComparison.newBuilder()
            .setName(name)
            .setFirst(summary(found.first()))
            .setSecond(summary(found.second()))
            .setDifferenceOverFirstDeviation(found.differenceOverFirstDeviation())
            .setDistanceToBestOfSecondOverFirstDeviation(
                found.distanceToBestOfSecondOverFirstDeviation())
            .setDifference(difference.difference())
            .setDifferenceInterval(interval(difference.interval()))
            .setWelchT(difference.t())
            .setWelchDegreesOfFreedom(difference.degreesOfFreedom())
            .setWelchP(difference.p())
            .setWelchPHolm(holmP)
            .setHedgesG(found.hedgesG())
            .setHedgesGInterval(interval(found.hedgesGInterval()))
            .setAuc(found.auc())
            .setAucInterval(interval(found.aucInterval()))
            .setMannWhitneyP(found.mannWhitneyP());
    if (!Double.isNaN(permutationP)) {
      message.setPermutationP(permutationP);
    }
    return message.build();
  }

  /**
   * Returns a comparison of recipes.
   *
   * @param distance in words
   * @param unit of it; empty where it is not known
   */
  public static RecipeComparison recipeComparison(
      dev.watershed.analysis.statistics.RecipeComparison found, String distance, String unit) {
    var difference = found.difference();
    var message =
        RecipeComparison.newBuilder()
            .setFirst(pairMean(found.first()))
            .setSecond(pairMean(found.second()))
            .setDifference(difference.difference())
            .setDifferenceInterval(interval(difference.interval()))
            .setStandardError(difference.standardError())
            .setT(difference.t())
            .setDegreesOfFreedom(difference.degreesOfFreedom())
            .setP(difference.p())
            .setRatio(found.ratio())
            .setPaired(found.paired())
            .setHalvingPower(found.powerToSeeHalf())
            .setSentence(found.sentence(distance, unit));
    found.modelsNeeded().ifPresent(message::setModelsNeeded);
    return message.build();
  }

  private static PairMean pairMean(PairMeans means) {
    var test = means.test();
    return PairMean.newBuilder()
        .setMean(means.mean())
        .setInterval(interval(test.interval()))
        .setStandardError(test.standardError())
        .setModelCount(means.modelCount())
        .setPairCount(means.pairCount())
        .build();
  }

  private static ScoreSummary summary(Summary summary) {
    return ScoreSummary.newBuilder()
        .setMean(summary.mean())
        .setPopulationStandardDeviation(summary.populationStandardDeviation())
        .setMinimum(summary.minimum())
        .setMaximum(summary.maximum())
        .setModelCount(summary.count())
        .build();
  }

  /** Returns a verdict. */
  public static BasinVerdict verdict(dev.watershed.analysis.cluster.BasinVerdict verdict) {
    double nan = Double.NaN;
    var message =
        BasinVerdict.newBuilder()
            .setState(
                switch (verdict.state()) {
                  case SPLIT -> BasinState.BASIN_STATE_SPLIT;
                  case UNDECIDED -> BasinState.BASIN_STATE_UNDECIDED;
                  case NO_SPLIT -> BasinState.BASIN_STATE_NO_SPLIT;
                })
            .setClusterCount(verdict.clusterCount())
            .addAllAssignments(Ints.asList(verdict.assignments()))
            .setSeparation(nan)
            .setModelSeparation(nan)
            .setSilhouette(nan)
            .setSeparationNeeded(verdict.separationNeeded())
            .addAllRemoteness(Doubles.asList(verdict.remoteness()))
            .setSentence(verdict.sentence());
    var best = verdict.best();
    if (best != null) {
      message
          .setSeparation(best.separation())
          .setModelSeparation(best.modelSeparation())
          .setSilhouette(best.silhouette())
          .addAllLookedAt(Ints.asList(best.kept()));
    }
    for (var merge : verdict.linkage().merges()) {
      message.addLinkage(
          LinkageMerge.newBuilder()
              .setFirst(merge.first())
              .setSecond(merge.second())
              .setHeight(merge.height())
              .setModelCount(merge.size()));
    }
    return message.build();
  }

  private static Row row(double[] values) {
    return Row.newBuilder().addAllValues(Doubles.asList(values)).build();
  }
}
