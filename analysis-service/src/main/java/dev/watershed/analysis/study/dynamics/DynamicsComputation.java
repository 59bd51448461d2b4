package dev.watershed.analysis.study.dynamics;

import static dev.watershed.type.v1.WarningReason.WARNING_REASON_ALPHAS_ADAPTIVE;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_LOSS_NOT_FINITE;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_SPECS_DIFFER;

import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.ClusterMatching;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.statistics.Forecast;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.study.comparison.PairDifferences;
import dev.watershed.analysis.study.comparison.PairMetric;
import dev.watershed.analysis.study.findings.Warnings;
import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.v1.BasinForecast;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.PairDynamics;
import dev.watershed.analysis.v1.StepChange;
import dev.watershed.analysis.v1.StepSummary;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.UncertaintyUnit;
import dev.watershed.type.v1.Warning;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Computes how the metrics of the same pairs changed over steps. Infinite metrics are left out of
 * means and changes and counted; in medians they are the extremes that they are.
 */
final class DynamicsComputation {
  /** Partitions that agree at least so well are called the same. */
  private static final double SAME_CLUSTERS = .9;

  /** Over all steps looked at. */
  private static final double FORECAST_LEVEL = .05;

  private final List<DynamicsStep> steps;
  private final DynamicsStep last;
  private final boolean nested;

  /** Which pairs are of which kind, in the order of pairs; within and across the last basins. */
  private final boolean[] all;

  private final boolean[] within;
  private final boolean[] across;
  private final Runnable throwIfUnwanted;

  /**
   * @param steps ascending, of the same models in the same order
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  DynamicsComputation(List<DynamicsStep> steps, Runnable throwIfUnwanted) {
    this.steps = steps;
    this.throwIfUnwanted = throwIfUnwanted;
    this.last = steps.get(steps.size() - 1);
    this.nested = AlphaGrid.of(last.spec()).nested();
    this.all = new boolean[last.metrics().size()];
    this.within = new boolean[all.length];
    this.across = new boolean[all.length];
    Arrays.fill(all, true);
    int pair = 0;
    for (int a = 0; a < last.labels().size(); a++) {
      for (int b = a + 1; b < last.labels().size(); b++) {
        int clusterA = last.assignments()[a];
        int clusterB = last.assignments()[b];
        // An outlier is of no basin.
        within[pair] = clusterA == clusterB && clusterA >= 0;
        across[pair++] = clusterA != clusterB && Math.min(clusterA, clusterB) >= 0;
      }
    }
  }

  Dynamics compute() {
    var dynamics = Dynamics.newBuilder().addAllLabels(last.labels()).addAllPairs(pairs());
    for (int to = 0; to < steps.size(); to++) {
      throwIfUnwanted.run();
      dynamics.addSteps(summary(steps.get(to)));
    }
    for (int from = 0; from < steps.size(); from++) {
      for (int to = from + 1; to < steps.size(); to++) {
        throwIfUnwanted.run();
        dynamics.addChanges(change(steps.get(from), steps.get(to)));
      }
    }
    dynamics.addAllWarnings(warnings(dynamics.getStepsList()));
    return dynamics
        .setFinding(
            finding(change(steps.get(0), last), dynamics.getStepsList(), dynamics.getPairsCount()))
        .build();
  }

  private List<PairDynamics> pairs() {
    var pairs = new ArrayList<PairDynamics>(last.metrics().size());
    int models = last.labels().size();
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        int pair = pairs.size();
        pairs.add(
            PairDynamics.newBuilder()
                .setLabelA(last.labels().get(a))
                .setLabelB(last.labels().get(b))
                .addAllMetrics(steps.stream().map(step -> step.metrics().get(pair)).toList())
                .build());
      }
    }
    return pairs;
  }

  private StepSummary summary(DynamicsStep step) {
    var finite = step.metrics().stream().filter(DynamicsComputation::finite).toList();
    var summary =
        StepSummary.newBuilder()
            .setStudy(step.study())
            .setStep(step.step())
            .setMeanBarrierHeightNats(mean(finite, CurveMetrics::getBarrierHeightNats))
            .setMeanConvexityGapNats(mean(finite, CurveMetrics::getConvexityGapNats))
            .setMedianConvexityGapWithinNats(medianGap(step, true))
            .setMedianConvexityGapAcrossNats(medianGap(step, false))
            .setAdjustedRandIndex(AdjustedRandIndex.of(step.assignments(), last.assignments()))
            .setMeanLossNats(step.meanLossNats())
            .setMeanAccuracy(step.meanAccuracy())
            .setInfinitePairCount(step.metrics().size() - finite.size())
            .setOneBasin(step.oneBasin());
    for (int cluster : ClusterMatching.renumbered(step.assignments(), last.assignments())) {
      summary.addAssignments(cluster);
    }
    if (nested) {
      summary.setMeanImprovedConvexityGapNats(
          mean(finite, CurveMetrics::getImprovedConvexityGapNats));
    }
    forecast(step).ifPresent(summary::setForecast);
    return summary.build();
  }

  /** Nothing can be told before there are basins, and nothing of them after. */
  private Optional<BasinForecast> forecast(DynamicsStep step) {
    boolean told =
        step.step() < last.step()
            && !last.oneBasin()
            && step.metrics().stream().allMatch(DynamicsComputation::finite);
    if (!told) {
      return Optional.empty();
    }
    int models = last.labels().size();
    var gaps = new double[models][models];
    int pair = 0;
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        gaps[a][b] = gaps[b][a] = step.metrics().get(pair++).getConvexityGapNats();
      }
    }
    var found = Forecast.of(gaps, last.assignments());
    return Optional.of(
        BasinForecast.newBuilder()
            .setRightCount(found.right())
            .setModelCount(found.count())
            .setAccuracy(found.accuracy())
            .setAccuracyInterval(MetricMessages.interval(found.interval()))
            .setBalancedAccuracy(found.balancedAccuracy())
            .setMajorityAccuracy(found.majorityAccuracy())
            .setPBetterThanMajority(found.pBetterThanMajority())
            .build());
  }

  /** Over the pairs within clusters of the last step, or over those across. */
  private double medianGap(DynamicsStep step, boolean within) {
    int models = last.labels().size();
    var gaps = new ArrayList<Double>();
    int pair = 0;
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        if ((last.assignments()[a] == last.assignments()[b]) == within) {
          gaps.add(step.metrics().get(pair).getConvexityGapNats());
        }
        pair++;
      }
    }
    return Summary.median(gaps.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private StepChange change(DynamicsStep from, DynamicsStep to) {
    var change =
        StepChange.newBuilder()
            .setFromStep(from.step())
            .setToStep(to.step())
            .setBarrierHeight(change(from, to, PairMetric.BARRIER_HEIGHT, all))
            .setConvexityGap(change(from, to, PairMetric.CONVEXITY_GAP, all))
            .setArea(change(from, to, PairMetric.AREA, all));
    if (nested) {
      change.setImprovedConvexityGap(change(from, to, PairMetric.IMPROVED_CONVEXITY_GAP, all));
    }
    if (!last.oneBasin()) {
      change
          .setConvexityGapWithin(change(from, to, PairMetric.CONVEXITY_GAP, within))
          .setConvexityGapAcross(change(from, to, PairMetric.CONVEXITY_GAP, across));
    }
    return change.build();
  }

  /**
   * @param wanted which pairs, in their order
   */
  private Change change(DynamicsStep from, DynamicsStep to, PairMetric metric, boolean[] wanted) {
    var differences = new double[wanted.length];
    for (int pair = 0; pair < wanted.length; pair++) {
      var earlier = from.metrics().get(pair);
      var later = to.metrics().get(pair);
      differences[pair] =
          wanted[pair] && finite(earlier) && finite(later)
              ? metric.of(later) - metric.of(earlier)
              : Double.NaN;
    }
    var summary = Summary.of(Arrays.stream(differences).filter(Double::isFinite).toArray());
    var test = PairMeans.of(last.labels().size(), differences).test();
    var change =
        Change.newBuilder()
            .setMeanNats(summary.mean())
            .setStandardDeviationNats(summary.sampleStandardDeviation())
            .setMinimumNats(summary.minimum())
            .setMaximumNats(summary.maximum())
            .setPairCount(summary.count())
            .setP(test.p());
    var interval = test.interval();
    if (!Double.isNaN(interval.low())) {
      change.setUnit(UncertaintyUnit.UNCERTAINTY_UNIT_MODELS);
    } else if (summary.count() == 1) {
      interval = overExamples(from, to, metric);
      change.setUnit(
          Double.isNaN(interval.low())
              ? UncertaintyUnit.UNCERTAINTY_UNIT_UNSPECIFIED
              : UncertaintyUnit.UNCERTAINTY_UNIT_EXAMPLES);
    }
    return change
        .setInterval(MetricMessages.interval(interval))
        .setDistinguishable(interval.low() > 0 || interval.high() < 0)
        .build();
  }

  /** Where the change of the only pair lies; unknown where the two steps have other draws. */
  private static Interval overExamples(DynamicsStep from, DynamicsStep to, PairMetric metric) {
    var resampling = from.spec().getResampling();
    var earlier = from.onlyPair().flatMap(metric::of);
    var later = to.onlyPair().flatMap(metric::of);
    if (earlier.isEmpty()
        || later.isEmpty()
        || !resampling.equals(to.spec().getResampling())
        || from.exampleCount() != to.exampleCount()) {
      return Interval.UNKNOWN;
    }
    return PairDifferences.interval(
        PairedBootstrap.difference(later.get(), earlier.get()),
        from.exampleCount(),
        resampling.getLevel());
  }

  /** One infinite metric of a curve makes all of them so. */
  private static boolean finite(CurveMetrics metrics) {
    return Double.isFinite(metrics.getConvexityGapNats());
  }

  private static double mean(List<CurveMetrics> metrics, ToDoubleFunction<CurveMetrics> value) {
    return Summary.of(metrics.stream().mapToDouble(value).toArray()).mean();
  }

  private List<Warning> warnings(List<StepSummary> summaries) {
    var warnings = new ArrayList<Warning>();
    for (var summary : summaries) {
      if (summary.getInfinitePairCount() > 0) {
        warnings.add(
            Warnings.of(
                WARNING_REASON_LOSS_NOT_FINITE,
                summary.getStudy(),
                String.format(
                    Locale.ROOT,
                    "Step %d: the loss is not finite somewhere between the models of %d of %d"
                        + " pairs; means and changes leave them out.",
                    summary.getStep(),
                    summary.getInfinitePairCount(),
                    last.metrics().size())));
      }
    }
    AlphaGrid.of(last.spec())
        .rule()
        .ifPresent(
            rule ->
                warnings.add(
                    Warnings.of(
                        WARNING_REASON_ALPHAS_ADAPTIVE,
                        "Each study chose its alphas pair by pair: convexity gaps are known to "
                            + rule.toleranceNats()
                            + " nats, barrier heights and areas at the alphas chosen; smaller"
                            + " changes say nothing.")));
    warnDifferent(warnings, "distance", "clusters compare with care", StudySpec::getDistance);
    warnDifferent(
        warnings, "cluster count", "clusters compare with care", StudySpec::getClusterCount);
    warnDifferent(
        warnings,
        "kernel width",
        "clusters compare with care",
        spec -> spec.getMedianKernelWidth() ? "the median distance" : spec.getKernelWidth());
    warnDifferent(warnings, "precision", "small changes may be rounding", StudySpec::getPrecision);
    var stepsOf = new LinkedHashMap<Warning, List<String>>();
    for (var step : steps) {
      for (var warning : step.warnings()) {
        // Of another checkpoint at each step.
        stepsOf
            .computeIfAbsent(
                warning.toBuilder().clearSubject().build(), subjectless -> new ArrayList<>())
            .add(Long.toString(step.step()));
      }
    }
    stepsOf.forEach(
        (warning, at) ->
            warnings.add(
                warning.toBuilder()
                    .setMessage(
                        (at.size() == 1 ? "Step " : "Steps ")
                            + String.join(", ", at)
                            + ": "
                            + warning.getMessage())
                    .build()));
    return warnings;
  }

  private void warnDifferent(
      List<Warning> warnings, String what, String consequence, Function<StudySpec, Object> field) {
    var values = steps.stream().map(step -> field.apply(step.spec())).distinct().toList();
    if (values.size() > 1) {
      warnings.add(
          Warnings.of(
              WARNING_REASON_SPECS_DIFFER,
              "The studies differ in %s (%s); %s."
                  .formatted(
                      what,
                      values.stream().map(Object::toString).collect(Collectors.joining(", ")),
                      consequence)));
    }
  }

  private String finding(StepChange whole, List<StepSummary> summaries, int pairCount) {
    var gap = whole.getConvexityGap();
    var change =
        gap.getPairCount() == 0
            ? String.format(
                Locale.ROOT,
                "From step %d to step %d no pair has finite metrics at both ends",
                whole.getFromStep(),
                whole.getToStep())
            : String.format(
                Locale.ROOT,
                "From step %d to step %d the convexity gap of %d pairs changed by %+.3f nats on"
                    + " average (%+.3f to %+.3f)",
                whole.getFromStep(),
                whole.getToStep(),
                gap.getPairCount(),
                gap.getMeanNats(),
                gap.getMinimumNats(),
                gap.getMaximumNats());
    return change + sure(gap) + "; " + clusters(summaries, pairCount) + forecasts(summaries) + ".";
  }

  private String sure(Change gap) {
    var interval = gap.getInterval();
    if (Double.isNaN(interval.getLow())) {
      return "";
    }
    boolean models = gap.getUnit() == UncertaintyUnit.UNCERTAINTY_UNIT_MODELS;
    return String.format(
        Locale.ROOT,
        ", %s over %s [%+.3f, %+.3f]",
        gap.getDistinguishable() ? "told from 0" : "not distinguishable from 0",
        models ? last.labels().size() + " models" : last.exampleCount() + " examples",
        interval.getLow(),
        interval.getHigh());
  }

  /** The first step whose gaps tell the last basins better than saying the larger one does. */
  private static String forecasts(List<StepSummary> summaries) {
    var told = summaries.stream().filter(StepSummary::hasForecast).toList();
    if (told.isEmpty()) {
      return "";
    }
    return told.stream()
        .filter(step -> step.getForecast().getPBetterThanMajority() < FORECAST_LEVEL / told.size())
        .findFirst()
        .map(
            step ->
                String.format(
                    Locale.ROOT,
                    "; from step %d on gaps tell them better than chance (%d of %d models)",
                    step.getStep(),
                    step.getForecast().getRightCount(),
                    step.getForecast().getModelCount()))
        .orElse("; no earlier step tells them better than saying the larger basin always");
  }

  private String clusters(List<StepSummary> summaries, int pairCount) {
    if (last.oneBasin()) {
      return pairCount == 1
          ? "one pair says nothing about basins"
          : "at the last step the models show no split into basins";
    }
    int since = summaries.size() - 1;
    while (since > 0
        && summaries.get(since - 1).getAdjustedRandIndex() >= SAME_CLUSTERS
        && !summaries.get(since - 1).getOneBasin()) {
      since--;
    }
    return since == summaries.size() - 1
        ? "the basins of the last step do not show at the step before"
        : String.format(
            Locale.ROOT,
            "the basins of the last step show from step %d on (adjusted Rand index at least %.1f)",
            summaries.get(since).getStep(),
            SAME_CLUSTERS);
  }
}
