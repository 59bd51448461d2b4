package dev.watershed.analysis.study;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.curve.AdaptiveCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.report.SampleText;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.MantelTest;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.StudyStore.Point;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.PairReportOrBuilder;
import dev.watershed.analysis.v1.StudyCost;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.Job;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Provenance;
import dev.watershed.type.v1.Score;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.hipparchus.util.MathArrays;

/** Computes the report of a study whose points are all stored. */
final class ReportComputation {
  /** A study's clusters depend on its points alone. */
  private static final long CLUSTERING_SEED = 0;

  /** As do the permutations of its models. */
  private static final long PERMUTATION_SEED = 0;

  /** At so many kernel widths the affinity exp(-d^2 / 2) is zero, as it is at infinity. */
  private static final double UNRELATED_WIDTHS = 40;

  private final StudyStore store;
  private final Job<StudyContent> study;
  private final StudySpec spec;
  private final StudyPlan plan;
  private final Runnable throwIfUnwanted;

  /**
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  ReportComputation(
      StudyStore store, Job<StudyContent> study, StudyPlan plan, Runnable throwIfUnwanted) {
    this.throwIfUnwanted = throwIfUnwanted;
    this.store = store;
    this.study = study;
    this.spec = plan.spec();
    this.plan = plan;
  }

  StudyReport compute(double elapsedSeconds) {
    var scores = scores();
    var pairs = pairs(scores);
    var clustering = cluster(pairs);
    var report =
        StudyReport.newBuilder()
            .setStudy(new StudyName(study.id()).toString())
            .setSpec(spec)
            .addAllSampleTexts(SampleText.ofAll(spec))
            .addAllModels(models(scores, clustering))
            .addAllPairs(pairs)
            .setClustering(clustering)
            .setProvenance(provenance(store.provenances(study.number())))
            .setElapsedSeconds(elapsedSeconds)
            .setInDomainDigest(store.sampleDigests(study.number()).get(0))
            .setCost(cost(pairs));
    report.addAllDiagnostics(diagnostics(report.getModelsList(), clustering));
    report.addAllGroups(groups(report.getModelsList(), pairs));
    if (spec.getDistance() != DistanceMetric.DISTANCE_METRIC_EUCLIDEAN) {
      report.setEuclidean(
          group("Euclidean distance", pairs, matrix(pairs, PairReport::getEuclideanDistance)));
    }
    report.addAllWarnings(ReportWarnings.of(report, store.labelCount(study.number(), 0)));
    report.addAllWarnings(ReportWarnings.ofNotices(spec, store.notices(study.number())));
    return report.setFinding(Finding.of(report)).build();
  }

  /** Returns the scores as (model, sample). */
  private ClassificationMetrics[][] scores() {
    var scores = new ClassificationMetrics[plan.modelCount()][1 + spec.getDiagnosticsCount()];
    for (var score : store.scores(study.number())) {
      scores[score.model()][score.sample()] = score.metrics();
    }
    return scores;
  }

  private List<PairReport> pairs(ClassificationMetrics[][] scores) {
    var reports = new ArrayList<PairReport>(plan.pairCount());
    int modelA = -1;
    List<Point> points = List.of();
    for (var pair : store.pairs(study.number())) {
      if (pair.modelA() != modelA) {
        throwIfUnwanted.run();
        modelA = pair.modelA();
        points = store.points(study.number(), modelA);
      }
      var curve = new TreeMap<Integer, ClassificationMetrics>();
      curve.put(0, scores[pair.modelB()][0]);
      curve.put(plan.grid().intervals(), scores[pair.modelA()][0]);
      for (var point : points) {
        if (point.modelB() == pair.modelB()) {
          curve.put(point.alphaIndex(), point.metrics());
        }
      }
      reports.add(report(pair, curve));
    }
    return reports;
  }

  /**
   * @param points by index on the grid
   */
  private PairReport report(
      StudyStore.Pair pair, SortedMap<Integer, ClassificationMetrics> points) {
    var alphas = points.keySet().stream().mapToDouble(plan.grid()::alpha).toArray();
    var losses = doubles(List.copyOf(points.values()), ClassificationMetrics::getMeanLossNats);
    var accuracies = doubles(List.copyOf(points.values()), ClassificationMetrics::getAccuracy);
    var report =
        PairReport.newBuilder()
            .setModelA(pair.modelA())
            .setModelB(pair.modelB())
            .setCurve(
                Curve.newBuilder()
                    .addAllAlphas(Doubles.asList(alphas))
                    .addAllLossesNats(Doubles.asList(losses)))
            .addAllAccuracies(Doubles.asList(accuracies))
            .setMetrics(PairMetrics.of(alphas, losses, plan.grid()))
            .setEuclideanDistance(pair.euclideanDistance());
    report.setAreaTimesEuclideanDistance(
        report.getMetrics().getAreaNats() * report.getEuclideanDistance());
    adaptiveCurve(report)
        .ifPresent(curve -> report.setConvexityGapToleranceNats(curve.excessNats()));
    return report.setDistance(PairMetrics.distance(spec.getDistance(), report)).build();
  }

  /** Empty where alphas were not chosen, or the curve diverges. */
  private Optional<AdaptiveCurve> adaptiveCurve(PairReportOrBuilder pair) {
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

  private StudyCost cost(List<PairReport> pairs) {
    var cost = store.cost(study.number()).toBuilder();
    if (plan.grid().adaptive()) {
      long interior = 0;
      for (var pair : pairs) {
        // On any grid a curve that diverges ends the search.
        interior +=
            adaptiveCurve(pair)
                .map(curve -> curve.equalIntervals() - 1)
                .orElse(pair.getCurve().getAlphasCount() - 2);
      }
      cost.setEqualGridPoints(interior + (long) plan.modelCount() * plan.samples().size());
    }
    return cost.build();
  }

  private Clustering cluster(List<PairReport> pairs) {
    var distances = matrix(pairs, PairReport::getDistance);
    double kernelWidth =
        spec.getMedianKernelWidth()
            ? SpectralClustering.medianKernelWidth(distances)
            : spec.getKernelWidth();
    for (var row : distances) {
      Arrays.setAll(row, i -> Double.isFinite(row[i]) ? row[i] : UNRELATED_WIDTHS * kernelWidth);
    }
    return MetricMessages.clustering(
        SpectralClustering.cluster(
            distances, spec.getClusterCount(), kernelWidth, CLUSTERING_SEED, throwIfUnwanted));
  }

  private double[][] matrix(List<PairReport> pairs, ToDoubleFunction<PairReport> value) {
    var matrix = new double[plan.modelCount()][plan.modelCount()];
    for (var pair : pairs) {
      double apart = value.applyAsDouble(pair);
      matrix[pair.getModelA()][pair.getModelB()] = apart;
      matrix[pair.getModelB()][pair.getModelA()] = apart;
    }
    return matrix;
  }

  private List<ModelReport> models(ClassificationMetrics[][] scores, Clustering clustering) {
    var digests = store.modelDigests(study.number());
    var reports = new ArrayList<ModelReport>();
    for (int i = 0; i < plan.modelCount(); i++) {
      var report =
          ModelReport.newBuilder()
              .setCheckpoint(plan.checkpoint(i))
              .setLabel(spec.getModels(i).getLabel())
              .setDigest(digests.get(i))
              .setCluster(clustering.getAssignments(i))
              .setInDomain(scores[i][0]);
      for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
        report.addDiagnostics(scores[i][d + 1]);
        report.addDiagnosticScores(score(spec.getDiagnostics(d).getScore(), scores[i][d + 1]));
      }
      if (clustering.getCentroidDistanceDifferencesCount() > 0) {
        report.setCentroidDistanceDifference(clustering.getCentroidDistanceDifferences(i));
      }
      reports.add(report.build());
    }
    return reports;
  }

  private static double score(Score score, ClassificationMetrics metrics) {
    return switch (score) {
      case SCORE_F1 -> metrics.getF1();
      case SCORE_MATTHEWS_CORRELATION -> metrics.getMatthewsCorrelation();
      case SCORE_MEAN_LOSS -> metrics.getMeanLossNats();
      default -> metrics.getAccuracy();
    };
  }

  private List<DiagnosticReport> diagnostics(List<ModelReport> models, Clustering clustering) {
    var features = Doubles.toArray(clustering.getCentroidDistanceDifferencesList());
    var reports = new ArrayList<DiagnosticReport>();
    if (features.length == 0) {
      return reports;
    }
    for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
      int diagnostic = d;
      var scores = doubles(models, model -> model.getDiagnosticScores(diagnostic));
      var report =
          DiagnosticReport.newBuilder()
              .setName(spec.getDiagnostics(d).getSample().getName())
              .setFit(MetricMessages.linearFit(LinearFit.of(features, scores)));
      for (int c = 0; c < spec.getClusterCount(); c++) {
        int cluster = c;
        var members = models.stream().filter(model -> model.getCluster() == cluster).toList();
        var summary = Summary.of(doubles(members, model -> model.getDiagnosticScores(diagnostic)));
        report.addClusterMeans(summary.mean());
        report.addClusterStandardDeviations(summary.populationStandardDeviation());
      }
      reports.add(report.build());
    }
    return reports;
  }

  /** Distances of score vectors against distances of models; pairs that diverge have no place. */
  private List<GroupReport> groups(List<ModelReport> models, List<PairReport> pairs) {
    var members = new LinkedHashMap<String, List<Integer>>();
    for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
      var group = spec.getDiagnostics(d).getGroup();
      if (!group.isEmpty()) {
        members.computeIfAbsent(group, name -> new ArrayList<>()).add(d);
      }
    }
    var reports = new ArrayList<GroupReport>();
    members.forEach(
        (name, diagnostics) -> {
          var vectors =
              models.stream()
                  .map(model -> doubles(diagnostics, model::getDiagnosticScores))
                  .toList();
          var apart =
              matrix(
                  pairs,
                  pair ->
                      MathArrays.distance(
                          vectors.get(pair.getModelA()), vectors.get(pair.getModelB())));
          reports.add(group(name, pairs, apart));
        });
    return reports;
  }

  /** Another distance of the models against the chosen one. */
  private GroupReport group(String name, List<PairReport> pairs, double[][] apart) {
    var finite = pairs.stream().filter(pair -> Double.isFinite(pair.getDistance())).toList();
    var fit =
        LinearFit.of(
            doubles(finite, PairReport::getDistance),
            doubles(finite, pair -> apart[pair.getModelA()][pair.getModelB()]));
    var test =
        MantelTest.of(
            matrix(pairs, PairReport::getDistance),
            apart,
            MantelTest.DEFAULT_PERMUTATIONS,
            PERMUTATION_SEED,
            throwIfUnwanted);
    return GroupReport.newBuilder()
        .setName(name)
        .setFit(MetricMessages.pairFit(fit))
        .setMantel(MetricMessages.mantelTest(test))
        .build();
  }

  /** One provenance of what may be several: texts list every value, other fields are zero. */
  static Provenance provenance(List<Provenance> all) {
    if (all.size() == 1) {
      return all.get(0);
    }
    return Provenance.newBuilder()
        .setWatershedVersion(values(all, Provenance::getWatershedVersion))
        .setEngine(values(all, Provenance::getEngine))
        .setDevice(values(all, Provenance::getDevice))
        .setKernels(values(all, Provenance::getKernels))
        .setKernelId(values(all, Provenance::getKernelId))
        .setInstructionSet(values(all, Provenance::getInstructionSet))
        .setProcessor(values(all, Provenance::getProcessor))
        .setThreads(sameOr(all, Provenance::getThreads, 0))
        .setPrecision(
            sameOr(all, Provenance::getPrecision, Provenance.getDefaultInstance().getPrecision()))
        .build();
  }

  private static String values(List<Provenance> all, Function<Provenance, String> field) {
    return all.stream().map(field).distinct().sorted().collect(Collectors.joining(", "));
  }

  private static <T> T sameOr(List<Provenance> all, Function<Provenance, T> field, T mixed) {
    var values = all.stream().map(field).distinct().toList();
    return values.size() == 1 ? values.get(0) : mixed;
  }

  private static <T> double[] doubles(List<T> items, ToDoubleFunction<T> value) {
    return items.stream().mapToDouble(value).toArray();
  }
}
