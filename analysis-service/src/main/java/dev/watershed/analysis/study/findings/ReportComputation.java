package dev.watershed.analysis.study.findings;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.report.SampleText;
import dev.watershed.analysis.statistics.SampleGrowth;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.store.PooledSample;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.GrownSample;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyCost;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.Job;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Provenance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Computes the report of a study whose points are all stored. */
public final class ReportComputation {
  private final StudyStore store;
  private final Job<StudyContent> study;
  private final StudySpec spec;
  private final StudyPlan plan;
  private final PooledSample inDomain;
  private final Runnable throwIfUnwanted;
  private @Nullable Curves curves;

  /** What was measured of pairs, and what follows of each. */
  private record Curves(
      Score[][] scores,
      PairUncertainties uncertainties,
      ResampledDistances resampled,
      PairReports reports,
      List<PairReport> pairs) {}

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
    this.inDomain = new PooledSample(store, study.number(), plan.blocks());
  }

  /** Returns half the width of the widest interval of a convexity gap; NaN where there is none. */
  public double widestHalfWidth() {
    return curves().pairs().stream()
        .filter(PairReport::hasUncertainty)
        .mapToDouble(PairMetrics::halfWidth)
        .max()
        .orElse(Double.NaN);
  }

  private Curves curves() {
    var known = curves;
    if (known == null) {
      var scores = scores();
      var predictions = PredictionDistances.of(scores);
      var resampled = new ResampledDistances(spec, predictions, throwIfUnwanted);
      var uncertainties =
          PairUncertainties.of(spec, scores[0][0].losses().count(), resampled, throwIfUnwanted);
      var reports =
          new PairReports(
              store.measurements(),
              study.number(),
              plan,
              inDomain,
              scores,
              uncertainties,
              predictions,
              throwIfUnwanted);
      known = new Curves(scores, uncertainties, resampled, reports, reports.all());
      curves = known;
    }
    return known;
  }

  /**
   * The whole report.
   *
   * @param elapsedSeconds of the measuring, as the report tells it
   */
  public StudyReport compute(double elapsedSeconds) {
    var scores = curves().scores();
    var uncertainties = curves().uncertainties();
    var pairs = curves().pairs();
    var distances =
        new Distances(
            DistanceComparisons.matrix(pairs, plan.modelCount(), PairReport::getDistance),
            throwIfUnwanted);
    var clustering = cluster(distances);
    var verdict = verdict(distances, curves().resampled());
    var report =
        StudyReport.newBuilder()
            .setStudy(new StudyName(study.id()).toString())
            .setSpec(spec)
            .addAllSampleTexts(SampleText.ofAll(measuredSpec()))
            .addAllModels(models(scores, clustering, verdict))
            .addAllPairs(pairs)
            .setClustering(clustering)
            .setVerdict(verdict)
            .setInDomainExampleCount(scores[0][0].metrics().getExampleCount())
            .setProvenance(provenance(store.facts().provenances(study.number())))
            .setElapsedSeconds(elapsedSeconds)
            .setInDomainDigest(inDomain.digest())
            .setCost(cost(pairs, curves().reports()));
    plan.growth().map(this::grown).ifPresent(report::setGrown);
    uncertainties.greatestGap().ifPresent(report::setEpsilonConvexNats);
    addOrigins(report);
    report.addAllFactors(Factors.of(report, distances.values()));
    var diagnostics =
        spec.getDiagnosticsList().stream()
            .map(diagnostic -> diagnostic.getSample().getName())
            .toList();
    var features = Doubles.toArray(clustering.getCentroidDistanceDifferencesList());
    if (features.length > 0) {
      new DiagnosticFindings(report.getModelsList(), verdict, features, throwIfUnwanted)
          .addTo(report, diagnostics);
    }
    if (!diagnostics.isEmpty()) {
      report.setScoreCorrelations(ScoreCorrelations.of(report.getModelsList(), diagnostics));
    }
    var comparisons = new DistanceComparisons(spec, report.getModelsList(), pairs, throwIfUnwanted);
    var clusters = Ints.toArray(verdict.getAssignmentsList());
    report.addAllGroups(comparisons.groups(distances.values(), clusters));
    report.addAllExtremes(new Extremes(plan, report.getModelsList(), pairs).all());
    if (spec.getDistance() != DistanceMetric.DISTANCE_METRIC_EUCLIDEAN) {
      report.setEuclidean(
          comparisons.of(
              "Euclidean distance",
              distances.values(),
              comparisons.matrix(PairReport::getEuclideanDistance),
              clusters));
    }
    report.addAllVariants(
        new DistanceVariants(
                spec, report.getModelsList(), pairs, curves().resampled(), throwIfUnwanted)
            .of(comparisons, verdict));
    report.addAllWarnings(ReportWarnings.of(report, store.facts().labelCount(study.number(), 0)));
    report.addAllWarnings(ReportWarnings.ofNotices(spec, store.facts().notices(study.number())));
    return report.setFinding(Finding.of(report)).build();
  }

  /** Returns the scores as (model, sample). */
  private Score[][] scores() {
    var scores = new Score[plan.modelCount()][1 + spec.getDiagnosticsCount()];
    for (var score : store.measurements().scores(study.number())) {
      if (score.sample() > 0 && score.sample() <= spec.getDiagnosticsCount()) {
        scores[score.model()][score.sample()] = score;
      }
    }
    inDomain.scores().forEach(score -> scores[score.model()][0] = score);
    return scores;
  }

  /** The spec with the in-domain sample as it was measured. */
  private StudySpec measuredSpec() {
    return plan.growth().isEmpty()
        ? spec
        : spec.toBuilder()
            .setInDomain(spec.getInDomain().toBuilder().setSize(plan.grownExampleCount()))
            .build();
  }

  private GrownSample grown(SampleGrowth rule) {
    return GrownSamples.of(
        rule,
        spec.getInDomainGrowth().getFirstExampleCount(),
        store.measurements().laterBlocks(study.number()),
        widestHalfWidth(),
        store.facts().rowCount(study.number(), 0));
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

  private Clustering cluster(Distances distances) {
    double kernelWidth =
        spec.getMedianKernelWidth() ? distances.medianKernelWidth() : spec.getKernelWidth();
    return MetricMessages.clustering(distances.clustering(spec.getClusterCount(), kernelWidth));
  }

  private BasinVerdict verdict(Distances distances, ResampledDistances resampled) {
    var related = distances.related();
    var verdict = distances.verdict();
    var message = MetricMessages.verdict(verdict).toBuilder();
    resampled
        .stability(spec.getDistance(), related, verdict)
        .ifPresent(
            stability ->
                message
                    .setStability(stability.meanAdjustedRand())
                    .setStabilityResampleCount(stability.resamples()));
    double shuffled =
        ShuffledDistances.separation(
            related,
            ResampledDistances.clusterings(related.length),
            DistanceComparisons.SEED,
            throwIfUnwanted);
    if (!Double.isNaN(shuffled)) {
      message.setShuffledSeparation(shuffled);
    }
    return message.build();
  }

  private List<ModelReport> models(Score[][] scores, Clustering clustering, BasinVerdict verdict) {
    var digests = store.facts().modelDigests(study.number());
    var whole = scoresOnTheWhole();
    var reports = new ArrayList<ModelReport>();
    for (int i = 0; i < plan.modelCount(); i++) {
      var report =
          ModelReport.newBuilder()
              .setCheckpoint(plan.checkpoint(i))
              .setLabel(spec.getModels(i).getLabel())
              .setDigest(digests.get(i))
              .setCluster(verdict.getAssignments(i))
              .setInDomain(inDomain(scores[i][0].metrics(), whole.get(i)));
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

  private void addOrigins(StudyReport.Builder report) {
    var known = store.facts().modelOrigins(study.number());
    var origins = ModelOrigins.of(known);
    if (origins.common().getFactsCount() > 0) {
      report.setCommonOrigin(origins.common());
    }
    for (int i = 0; i < known.size(); i++) {
      if (known.get(i).getFactsCount() > 0) {
        report.getModelsBuilder(i).setOrigin(origins.models().get(i));
      }
    }
  }

  /** By model, where the in-domain sample is several blocks. */
  private Map<Integer, ClassificationMetrics> scoresOnTheWhole() {
    return plan.whole().stream()
        .flatMap(
            whole ->
                store.measurements().scores(study.number()).stream()
                    .filter(score -> score.sample() == whole))
        .collect(Collectors.toMap(Score::model, Score::metrics));
  }

  /** Means are those of the curves' ends. */
  private static ClassificationMetrics inDomain(
      ClassificationMetrics ends, @Nullable ClassificationMetrics whole) {
    return whole == null
        ? ends
        : whole.toBuilder()
            .setMeanLossNats(ends.getMeanLossNats())
            .setAccuracy(ends.getAccuracy())
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
}
