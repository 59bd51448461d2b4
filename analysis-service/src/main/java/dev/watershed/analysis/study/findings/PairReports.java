package dev.watershed.analysis.study.findings;

import com.google.common.collect.Lists;
import com.google.common.primitives.Doubles;
import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.curve.AdaptiveCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.Measurements;
import dev.watershed.analysis.store.Measurements.Pair;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.store.PooledSample;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.DiagnosticCurve;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.PairReportOrBuilder;
import dev.watershed.type.v1.ClassificationMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads the curves of a study's pairs, some at a time, and reports each. */
final class PairReports {
  /** Losses of examples that are in memory at once: 64 MiB, or one pair. */
  private static final long LOSSES_AT_ONCE = 1L << 23;

  private final Measurements measurements;
  private final long study;
  private final StudyPlan plan;
  private final PooledSample inDomain;
  private final Score[][] scores;
  private final PairUncertainties uncertainties;
  private final PredictionDistances predictions;
  private final Runnable throwIfUnwanted;

  /**
   * @param inDomain what was measured between the ends
   * @param scores (model, sample), of which the in-domain sample's are the ends of curves
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  PairReports(
      Measurements measurements,
      long study,
      StudyPlan plan,
      PooledSample inDomain,
      Score[][] scores,
      PairUncertainties uncertainties,
      PredictionDistances predictions,
      Runnable throwIfUnwanted) {
    this.measurements = measurements;
    this.study = study;
    this.plan = plan;
    this.inDomain = inDomain;
    this.scores = scores;
    this.uncertainties = uncertainties;
    this.predictions = predictions;
    this.throwIfUnwanted = throwIfUnwanted;
  }

  /** A point of a diagnostic's curve: which pair, which sample. */
  private record Place(int modelB, int sample) {}

  /** Measured at one alpha. */
  private record Measured(ClassificationMetrics metrics, ExampleFloats losses) {}

  /**
   * A pair and its curve.
   *
   * @param points by index on the grid
   */
  private record MeasuredPair(Pair pair, SortedMap<Integer, Measured> points) {}

  /** Returns the pairs' reports, by model A and model B. */
  List<PairReport> all() {
    var byModelA =
        measurements.pairs(study).stream()
            .collect(Collectors.groupingBy(Pair::modelA, TreeMap::new, Collectors.toList()));
    var reports = new ArrayList<PairReport>(plan.pairCount());
    byModelA.forEach(
        (modelA, pairs) -> {
          for (var some : Lists.partition(pairs, pairsAtOnce())) {
            throwIfUnwanted.run();
            var measured = measured(modelA, some);
            var found = uncertainties.of(measured.stream().map(this::curve).toList());
            var diagnostics = diagnosticPoints(modelA, some);
            for (int i = 0; i < measured.size(); i++) {
              reports.add(report(measured.get(i), found.get(i), diagnostics));
            }
          }
        });
    return reports;
  }

  private int pairsAtOnce() {
    long losses = scores[0][0].losses().count() * (2L + plan.grid().mostInteriorCount());
    return (int) Math.clamp(LOSSES_AT_ONCE / Math.max(1, losses), 1, plan.modelCount());
  }

  private List<MeasuredPair> measured(int modelA, List<Pair> pairs) {
    var byModelB = new TreeMap<Integer, MeasuredPair>();
    for (var pair : pairs) {
      var points = new TreeMap<Integer, Measured>();
      points.put(0, measured(scores[pair.modelB()][0]));
      points.put(plan.grid().intervals(), measured(scores[modelA][0]));
      byModelB.put(pair.modelB(), new MeasuredPair(pair, points));
    }
    int firstB = pairs.get(0).modelB();
    int lastB = pairs.get(pairs.size() - 1).modelB();
    for (var point : inDomain.points(modelA, firstB, lastB)) {
      var pair = byModelB.get(point.modelB());
      if (pair != null) {
        pair.points().put(point.alphaIndex(), new Measured(point.metrics(), point.losses()));
      }
    }
    return List.copyOf(byModelB.values());
  }

  /** By pair, sample and index on the grid; without the ends. */
  private Map<Place, SortedMap<Integer, ClassificationMetrics>> diagnosticPoints(
      int modelA, List<Pair> pairs) {
    var points = new HashMap<Place, SortedMap<Integer, ClassificationMetrics>>();
    if (!plan.samplesAlongCurves().isEmpty()) {
      int firstB = pairs.get(0).modelB();
      int lastB = pairs.get(pairs.size() - 1).modelB();
      for (int sample : plan.samplesAlongCurves()) {
        for (var point : measurements.points(study, sample, modelA, firstB, lastB)) {
          points
              .computeIfAbsent(new Place(point.modelB(), sample), place -> new TreeMap<>())
              .put(point.alphaIndex(), point.metrics());
        }
      }
    }
    return points;
  }

  private static Measured measured(Score score) {
    return new Measured(score.metrics(), score.losses());
  }

  private PairUncertainties.PairCurve curve(MeasuredPair measured) {
    var pair = measured.pair();
    return new PairUncertainties.PairCurve(
        pair.modelA(), pair.modelB(), pair.euclideanDistance(), examples(measured.points()));
  }

  /** Empty where the losses of examples are not kept everywhere, not finite or too many. */
  private Optional<ExampleCurve> examples(SortedMap<Integer, Measured> points) {
    var first = points.get(points.firstKey());
    boolean usable =
        plan.keepsLosses()
            && first != null
            && PairedBootstrap.fits(
                plan.spec().getResampling().getResampleCount(),
                first.losses().count(),
                points.size())
            && points.values().stream()
                .allMatch(
                    point ->
                        point.losses().kept()
                            && Double.isFinite(point.metrics().getMeanLossNats()));
    if (!usable) {
      return Optional.empty();
    }
    var losses = points.values().stream().map(point -> point.losses().values());
    return Optional.of(new ExampleCurve(alphas(points), losses.toArray(double[][]::new)));
  }

  private double[] alphas(SortedMap<Integer, Measured> points) {
    return points.keySet().stream().mapToDouble(plan.grid()::alpha).toArray();
  }

  private PairReport report(
      MeasuredPair measured,
      Optional<CurveUncertainty> uncertainty,
      Map<Place, SortedMap<Integer, ClassificationMetrics>> diagnostics) {
    var pair = measured.pair();
    var metrics = measured.points().values().stream().map(Measured::metrics).toList();
    var alphas = alphas(measured.points());
    var losses = metrics.stream().mapToDouble(ClassificationMetrics::getMeanLossNats).toArray();
    var report =
        PairReport.newBuilder()
            .setModelA(pair.modelA())
            .setModelB(pair.modelB())
            .setCurve(
                Curve.newBuilder()
                    .addAllAlphas(Doubles.asList(alphas))
                    .addAllLossesNats(Doubles.asList(losses)))
            .addAllAccuracies(
                Doubles.asList(
                    metrics.stream().mapToDouble(ClassificationMetrics::getAccuracy).toArray()))
            .setMetrics(PairMetrics.of(alphas, losses, plan.grid()))
            .setEuclideanDistance(pair.euclideanDistance());
    report.setAreaTimesEuclideanDistance(
        report.getMetrics().getAreaNats() * report.getEuclideanDistance());
    for (int sample : plan.samplesAlongCurves()) {
      var between =
          diagnostics.getOrDefault(new Place(pair.modelB(), sample), Collections.emptySortedMap());
      report.addDiagnosticCurves(diagnosticCurve(pair, sample, between));
    }
    predictions.addTo(report);
    uncertainty.map(MetricMessages::uncertainty).ifPresent(report::setUncertainty);
    adaptiveCurve(report)
        .ifPresent(curve -> report.setConvexityGapToleranceNats(curve.excessNats()));
    return report.setDistance(PairMetrics.distance(plan.spec().getDistance(), report)).build();
  }

  private DiagnosticCurve diagnosticCurve(
      Pair pair, int sample, SortedMap<Integer, ClassificationMetrics> between) {
    var points = new TreeMap<>(between);
    points.put(0, scores[pair.modelB()][sample].metrics());
    points.put(plan.grid().intervals(), scores[pair.modelA()][sample].metrics());
    var alphas = points.keySet().stream().mapToDouble(plan.grid()::alpha).toArray();
    var losses =
        points.values().stream().mapToDouble(ClassificationMetrics::getMeanLossNats).toArray();
    var diagnostic = plan.spec().getDiagnostics(sample - 1);
    var curve =
        DiagnosticCurve.newBuilder()
            .setDiagnostic(sample - 1)
            .setCurve(
                Curve.newBuilder()
                    .addAllAlphas(Doubles.asList(alphas))
                    .addAllLossesNats(Doubles.asList(losses)));
    points.values().forEach(at -> curve.addScores(DiagnosticScore.of(diagnostic, at)));
    if (Arrays.stream(losses).allMatch(Double::isFinite)) {
      curve.setMetrics(PairMetrics.of(alphas, losses, plan.grid()));
    }
    return curve.build();
  }

  /** Empty where alphas were not chosen, or the curve diverges. */
  Optional<AdaptiveCurve> adaptiveCurve(PairReportOrBuilder pair) {
    var losses = pair.getCurve().getLossesNatsList();
    if (!losses.stream().allMatch(Double::isFinite)) {
      return Optional.empty();
    }
    return plan.grid()
        .rule()
        .map(
            rule -> {
              var points = new TreeMap<Integer, Double>();
              for (int i = 0; i < losses.size(); i++) {
                double place = pair.getCurve().getAlphas(i) * rule.finestIntervals();
                points.put((int) Math.round(place), losses.get(i));
              }
              return AdaptiveCurve.of(rule, points);
            });
  }
}
