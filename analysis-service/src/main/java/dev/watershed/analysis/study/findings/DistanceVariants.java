package dev.watershed.analysis.study.findings;

import com.google.common.primitives.Ints;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a study would say by its other distances, without measuring anything again. */
final class DistanceVariants {
  private static final List<DistanceMetric> ALL =
      List.of(
          DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP,
          DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT,
          DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP,
          DistanceMetric.DISTANCE_METRIC_AREA,
          DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN,
          DistanceMetric.DISTANCE_METRIC_EUCLIDEAN,
          DistanceMetric.DISTANCE_METRIC_DISAGREEMENT,
          DistanceMetric.DISTANCE_METRIC_JENSEN_SHANNON);

  /** What the curves of a diagnostic are judged by. */
  private static final List<DistanceMetric> OF_SURFACES =
      List.of(
          DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP,
          DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT);

  /** Of so many diagnostics at most, so that a report fits an answer. */
  private static final int MOST_SURFACES = 10;

  private final StudySpec spec;
  private final List<ModelReport> models;
  private final List<PairReport> pairs;
  private final ResampledDistances resampled;
  private final Runnable throwIfUnwanted;

  DistanceVariants(
      StudySpec spec,
      List<ModelReport> models,
      List<PairReport> pairs,
      ResampledDistances resampled,
      Runnable throwIfUnwanted) {
    this.spec = spec;
    this.models = models;
    this.pairs = pairs;
    this.resampled = resampled;
    this.throwIfUnwanted = throwIfUnwanted;
  }

  /**
   * Returns those that the study gives, but for the chosen one, which {@code chosen} judges, then
   * those of diagnostics along curves.
   */
  List<DistanceVariant> of(DistanceComparisons comparisons, BasinVerdict chosen) {
    var variants = new ArrayList<DistanceVariant>();
    for (var metric : ALL) {
      if (metric != spec.getDistance() && given(metric)) {
        var values = comparisons.matrix(pair -> PairMetrics.distance(metric, pair));
        variants.add(variant(metric, false, values, comparisons, chosen).build());
      }
    }
    int surfaces = Math.min(MOST_SURFACES, pairs.get(0).getDiagnosticCurvesCount());
    for (int s = 0; s < surfaces; s++) {
      int surface = s;
      int diagnostic = pairs.get(0).getDiagnosticCurves(s).getDiagnostic();
      for (var metric : OF_SURFACES) {
        var values =
            comparisons.matrix(
                pair -> PairMetrics.distance(metric, pair.getDiagnosticCurves(surface)));
        variants.add(
            variant(metric, true, values, comparisons, chosen)
                .setAlongDiagnostic(diagnostic)
                .build());
      }
    }
    return variants;
  }

  private boolean given(DistanceMetric metric) {
    return switch (metric) {
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP ->
          pairs.stream().allMatch(pair -> pair.getMetrics().hasImprovedConvexityGapNats());
      case DISTANCE_METRIC_DISAGREEMENT -> pairs.stream().allMatch(PairReport::hasDisagreement);
      case DISTANCE_METRIC_JENSEN_SHANNON ->
          pairs.stream().allMatch(PairReport::hasJensenShannonNats);
      default -> true;
    };
  }

  private DistanceVariant.Builder variant(
      DistanceMetric metric,
      boolean alongDiagnostic,
      double[][] values,
      DistanceComparisons comparisons,
      BasinVerdict chosen) {
    throwIfUnwanted.run();
    var distances = new Distances(values, throwIfUnwanted);
    var verdict = distances.verdict();
    var variant =
        DistanceVariant.newBuilder()
            .setDistance(metric)
            .setVerdict(MetricMessages.verdict(verdict))
            .addAllGroups(comparisons.shortGroups(values))
            .setAgainstChosen(comparisons.againstChosen(values, chosen));
    var stability =
        alongDiagnostic
            ? Optional.<ResampledDistances.Stability>empty()
            : resampled.stability(metric, distances.related(), verdict);
    stability.ifPresentOrElse(
        found ->
            variant
                .getVerdictBuilder()
                .setStability(found.meanAdjustedRand())
                .setStabilityResampleCount(found.resamples()),
        () -> variant.setStabilityLeftOut(whyNot(metric, alongDiagnostic, verdict)));
    if (verdict.best() != null && chosen.getLookedAtCount() > 0) {
      variant.setAgreement(
          AdjustedRandIndex.of(verdict.best().kept(), Ints.toArray(chosen.getLookedAtList())));
    }
    var features =
        distances
            .clustering(spec.getClusterCount(), kernelWidth(metric, distances))
            .centroidDistanceDifferences();
    if (features.length > 0) {
      for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
        int diagnostic = d;
        var scores =
            models.stream().mapToDouble(model -> model.getDiagnosticScores(diagnostic)).toArray();
        variant.addDiagnostics(MetricMessages.linearFit(LinearFit.of(features, scores)));
      }
    }
    return variant;
  }

  private static String whyNot(
      DistanceMetric metric,
      boolean alongDiagnostic,
      dev.watershed.analysis.cluster.BasinVerdict verdict) {
    if (verdict.best() == null) {
      return "No partition has two clusters to compare.";
    }
    if (alongDiagnostic) {
      return "Losses of single examples are kept in domain alone.";
    }
    return metric == DistanceMetric.DISTANCE_METRIC_EUCLIDEAN
        ? "Weights do not depend on the examples."
        : "Nothing is kept of single examples, or resamples of them do not fit memory.";
  }

  /** As a spec's default: 1 for gaps and barriers, as in the papers, else the median distance. */
  private static double kernelWidth(DistanceMetric metric, Distances distances) {
    return switch (metric) {
      case DISTANCE_METRIC_CONVEXITY_GAP,
          DISTANCE_METRIC_BARRIER_HEIGHT,
          DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP ->
          SpectralClustering.DEFAULT_KERNEL_WIDTH;
      default -> distances.medianKernelWidth();
    };
  }
}
