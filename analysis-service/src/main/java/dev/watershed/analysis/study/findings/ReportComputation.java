package dev.watershed.analysis.study.findings;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ModelBootstrap;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.report.SampleText;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.MantelTest;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyCost;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.Job;
import dev.watershed.type.v1.Provenance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.hipparchus.util.MathArrays;

/** Computes the report of a study whose points are all stored. */
public final class ReportComputation {
  /** A study's clusters depend on its points alone. */
  private static final long CLUSTERING_SEED = 0;

  /** As do the permutations of its models. */
  private static final long PERMUTATION_SEED = 0;

  /** At so many kernel widths the affinity exp(-d^2 / 2) is zero, as it is at infinity. */
  private static final double UNRELATED_WIDTHS = 40;

  /** For ranks any distance beyond the greatest will do. */
  private static final double UNRELATED = 10;

  private final StudyStore store;
  private final Job<StudyContent> study;
  private final StudySpec spec;
  private final StudyPlan plan;
  private final Runnable throwIfUnwanted;

  /**
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  public ReportComputation(
      StudyStore store, Job<StudyContent> study, StudyPlan plan, Runnable throwIfUnwanted) {
    this.throwIfUnwanted = throwIfUnwanted;
    this.store = store;
    this.study = study;
    this.spec = plan.spec();
    this.plan = plan;
  }

  /**
   * The whole report.
   *
   * @param elapsedSeconds of the measuring, as the report tells it
   */
  public StudyReport compute(double elapsedSeconds) {
    var scores = scores();
    var uncertainties =
        PairUncertainties.of(spec, scores[0][0].losses().exampleCount(), throwIfUnwanted);
    var pairReports =
        new PairReports(
            store.measurements(), study.number(), plan, scores, uncertainties, throwIfUnwanted);
    var pairs = pairReports.all();
    var distances = matrix(pairs, PairReport::getDistance);
    var clustering = cluster(distances);
    var verdict = verdict(distances, uncertainties);
    var report =
        StudyReport.newBuilder()
            .setStudy(new StudyName(study.id()).toString())
            .setSpec(spec)
            .addAllSampleTexts(SampleText.ofAll(spec))
            .addAllModels(models(scores, clustering, verdict))
            .addAllPairs(pairs)
            .setClustering(clustering)
            .setVerdict(verdict)
            .setInDomainExampleCount(scores[0][0].metrics().getExampleCount())
            .setProvenance(provenance(store.facts().provenances(study.number())))
            .setElapsedSeconds(elapsedSeconds)
            .setInDomainDigest(store.facts().sampleDigests(study.number()).get(0))
            .setCost(cost(pairs, pairReports));
    uncertainties.greatestGap().ifPresent(report::setEpsilonConvexNats);
    var features = Doubles.toArray(clustering.getCentroidDistanceDifferencesList());
    if (features.length > 0) {
      report.addAllDiagnostics(
          new DiagnosticFindings(report.getModelsList(), verdict, features, throwIfUnwanted)
              .of(
                  spec.getDiagnosticsList().stream()
                      .map(diagnostic -> diagnostic.getSample().getName())
                      .toList()));
    }
    report.addAllGroups(groups(report.getModelsList(), pairs));
    report.addAllExtremes(new Extremes(plan, report.getModelsList(), pairs).all());
    if (spec.getDistance() != DistanceMetric.DISTANCE_METRIC_EUCLIDEAN) {
      report.setEuclidean(
          group("Euclidean distance", pairs, matrix(pairs, PairReport::getEuclideanDistance)));
    }
    report.addAllWarnings(ReportWarnings.of(report, store.facts().labelCount(study.number(), 0)));
    report.addAllWarnings(ReportWarnings.ofNotices(spec, store.facts().notices(study.number())));
    return report.setFinding(Finding.of(report)).build();
  }

  /** Returns the scores as (model, sample). */
  private Score[][] scores() {
    var scores = new Score[plan.modelCount()][1 + spec.getDiagnosticsCount()];
    for (var score : store.measurements().scores(study.number())) {
      scores[score.model()][score.sample()] = score;
    }
    return scores;
  }

  private StudyCost cost(List<PairReport> pairs, PairReports reports) {
    var cost = store.measurements().cost(study.number()).toBuilder();
    if (plan.grid().adaptive()) {
      long interior = 0;
      for (var pair : pairs) {
        // On any grid a curve that diverges ends the search.
        interior +=
            reports
                .adaptiveCurve(pair)
                .map(curve -> curve.equalIntervals() - 1)
                .orElse(pair.getCurve().getAlphasCount() - 2);
      }
      cost.setEqualGridPoints(interior + (long) plan.modelCount() * plan.samples().size());
    }
    return cost.build();
  }

  private Clustering cluster(double[][] distances) {
    double kernelWidth =
        spec.getMedianKernelWidth()
            ? SpectralClustering.medianKernelWidth(distances)
            : spec.getKernelWidth();
    return MetricMessages.clustering(
        SpectralClustering.cluster(
            finite(distances, UNRELATED_WIDTHS * kernelWidth),
            spec.getClusterCount(),
            kernelWidth,
            CLUSTERING_SEED,
            throwIfUnwanted));
  }

  private static double[][] finite(double[][] distances, double instead) {
    return Arrays.stream(distances)
        .map(row -> Arrays.stream(row).map(d -> Double.isFinite(d) ? d : instead).toArray())
        .toArray(double[][]::new);
  }

  private BasinVerdict verdict(double[][] distances, PairUncertainties uncertainties) {
    double greatest =
        Arrays.stream(distances)
            .flatMapToDouble(Arrays::stream)
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    var related = finite(distances, greatest > 0 ? UNRELATED * greatest : 1);
    var verdict = dev.watershed.analysis.cluster.BasinVerdict.of(related, throwIfUnwanted);
    var message = MetricMessages.verdict(verdict).toBuilder();
    uncertainties
        .stability(related, verdict)
        .ifPresent(
            stability ->
                message
                    .setStability(stability.meanAdjustedRand())
                    .setStabilityResampleCount(stability.resamples()));
    double shuffled =
        ShuffledDistances.separation(
            related,
            PairUncertainties.clusterings(related.length),
            PERMUTATION_SEED,
            throwIfUnwanted);
    if (!Double.isNaN(shuffled)) {
      message.setShuffledSeparation(shuffled);
    }
    return message.build();
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

  private List<ModelReport> models(Score[][] scores, Clustering clustering, BasinVerdict verdict) {
    var digests = store.facts().modelDigests(study.number());
    var reports = new ArrayList<ModelReport>();
    for (int i = 0; i < plan.modelCount(); i++) {
      var report =
          ModelReport.newBuilder()
              .setCheckpoint(plan.checkpoint(i))
              .setLabel(spec.getModels(i).getLabel())
              .setDigest(digests.get(i))
              .setCluster(verdict.getAssignments(i))
              .setInDomain(scores[i][0].metrics());
      for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
        var metrics = scores[i][d + 1].metrics();
        report.addDiagnostics(metrics);
        report.addDiagnosticScores(DiagnosticScore.of(spec.getDiagnostics(d), metrics));
      }
      if (clustering.getCentroidDistanceDifferencesCount() > 0) {
        report.setCentroidDistanceDifference(clustering.getCentroidDistanceDifferences(i));
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
    var distances = matrix(pairs, PairReport::getDistance);
    var resampled =
        ModelBootstrap.of(
            Draws.of(PERMUTATION_SEED, Draws.DEFAULT_COUNT, plan.modelCount()),
            models -> ModelBootstrap.pairCorrelation(distances, apart, models));
    var test =
        MantelTest.of(
            distances, apart, MantelTest.DEFAULT_PERMUTATIONS, PERMUTATION_SEED, throwIfUnwanted);
    return GroupReport.newBuilder()
        .setName(name)
        .setFit(MetricMessages.pairFit(fit, resampled.percentile(Interval.LEVEL)))
        .setMantel(MetricMessages.mantelTest(test))
        .build();
  }

  /** One provenance of what may be several: texts list every value, other fields are zero. */
  public static Provenance provenance(List<Provenance> all) {
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
