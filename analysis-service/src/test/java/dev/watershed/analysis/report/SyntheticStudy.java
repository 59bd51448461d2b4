package dev.watershed.analysis.report;

import com.google.common.collect.Lists;
import com.google.common.primitives.Doubles;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.GroupComparison;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.MantelTest;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.ClusterComparison;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.GivenAccuracy;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.Row;
import dev.watershed.analysis.v1.ScoreCorrelationMatrix;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Provenance;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Reports as a study would make them, from made-up losses: every third model is of another basin.
 */
public final class SyntheticStudy {
  /** Examples that curves are means of, in opposite pairs so that the means are exact. */
  private static final int EXAMPLES = 256;

  private static final int RESAMPLES = 50;

  private static final String[] DIAGNOSTICS = {"swapped arguments", "verb probe"};

  private SyntheticStudy() {}

  public static StudyReport of(int modelCount) {
    var random = new Random(7);
    var report = StudyReport.newBuilder().setStudy("studies/synthetic").setSpec(spec(modelCount));
    var scores = new double[DIAGNOSTICS.length][modelCount];
    for (int i = 0; i < modelCount; i++) {
      scores[0][i] =
          basin(i) == 1 ? .03 + .05 * random.nextDouble() : .78 + .1 * random.nextDouble();
      scores[1][i] = .4 + .2 * random.nextDouble();
    }
    var distances = new double[modelCount][modelCount];
    for (int a = 0; a < modelCount; a++) {
      for (int b = a + 1; b < modelCount; b++) {
        var pair = pair(a, b, random);
        report.addPairs(pair);
        distances[a][b] = distances[b][a] = pair.getDistance();
      }
    }
    tellUncertainty(report);
    var clustering = SpectralClustering.cluster(distances, 2, 1, 0);
    var feature = clustering.centroidDistanceDifferences();
    var verdict = BasinVerdict.of(distances, () -> {});
    report.setClustering(MetricMessages.clustering(clustering));
    report.setVerdict(MetricMessages.verdict(verdict));
    for (int i = 0; i < modelCount; i++) {
      report.addModels(
          model(i, random)
              .setCluster(verdict.assignments()[i])
              .setCentroidDistanceDifference(feature[i])
              .addDiagnosticScores(scores[0][i])
              .addDiagnosticScores(scores[1][i]));
    }
    for (int d = 0; d < DIAGNOSTICS.length; d++) {
      report.addDiagnostics(diagnostic(d, scores[d], feature, verdict.assignments()));
    }
    addOtherDistances(report, distances, verdict);
    addExtremes(report, scores[0]);
    return report
        .addGroups(
            GroupReport.newBuilder()
                .setName("strategy")
                .setFit(
                    MetricMessages.linearFit(
                        LinearFit.of(
                            report.getPairsList().stream()
                                .mapToDouble(PairReport::getDistance)
                                .toArray(),
                            report.getPairsList().stream()
                                .mapToDouble(
                                    p ->
                                        Math.abs(
                                            scores[0][p.getModelA()] - scores[0][p.getModelB()]))
                                .toArray()))))
        .setFinding(
            "The "
                + modelCount
                + " models fall into two basins that validation accuracy does not tell apart but"
                + " swapped arguments does (r = -0.99).")
        .setProvenance(
            Provenance.newBuilder()
                .setWatershedVersion("0.1.0")
                .setEngine("PyTorch 2.7.1")
                .setDevice("cpu")
                .setThreads(1)
                .setPrecision(Precision.PRECISION_FP32)
                .setKernels("onednn-fused-linear"))
        .setElapsedSeconds(27.4)
        .setInDomainExampleCount(EXAMPLES)
        .setEpsilonConvexNats(
            report.getPairsList().stream()
                .mapToDouble(p -> p.getUncertainty().getConvexityGap().getInterval().getHigh())
                .max()
                .orElse(0))
        .setInDomainDigest(digest(99))
        .build();
  }

  private static void addOtherDistances(
      StudyReport.Builder report, double[][] distances, BasinVerdict verdict) {
    int n = distances.length;
    var apart = new double[n][n];
    for (var pair : report.getPairsList()) {
      apart[pair.getModelA()][pair.getModelB()] = pair.getEuclideanDistance();
      apart[pair.getModelB()][pair.getModelA()] = pair.getEuclideanDistance();
    }
    var line =
        MetricMessages.linearFit(
            LinearFit.of(new double[] {.1, .5, 1}, new double[] {12.1, 12.4, 12.3}));
    report.setEuclidean(
        GroupReport.newBuilder()
            .setName("Euclidean distance")
            .setFit(line)
            .setFitWithin(line)
            .setFitAcross(line)
            .setMantel(MetricMessages.mantelTest(MantelTest.of(distances, apart, 99, 0))));
    report.addVariants(
        DistanceVariant.newBuilder()
            .setDistance(DistanceMetric.DISTANCE_METRIC_EUCLIDEAN)
            .setVerdict(MetricMessages.verdict(BasinVerdict.of(apart, () -> {})))
            .setAgreement(.125));
    var rows = Row.newBuilder().addValues(1).addValues(-.5).addValues(Double.NaN);
    report.setScoreCorrelations(
        ScoreCorrelationMatrix.newBuilder()
            .addNames("in-domain accuracy")
            .addAllNames(List.of(DIAGNOSTICS))
            .addPearsonR(rows)
            .addPearsonR(Row.newBuilder().addValues(-.5).addValues(1).addValues(.25))
            .addPearsonR(Row.newBuilder().addValues(Double.NaN).addValues(.25).addValues(1))
            .addPearsonPHolm(Row.newBuilder().addValues(0).addValues(.02).addValues(Double.NaN))
            .addPearsonPHolm(Row.newBuilder().addValues(.02).addValues(0).addValues(.6))
            .addPearsonPHolm(Row.newBuilder().addValues(Double.NaN).addValues(.6).addValues(0))
            .setModelCount(n));
    if (verdict.clusterCount() > 1) {
      var accuracies =
          report.getModelsList().stream().mapToDouble(m -> m.getInDomain().getAccuracy()).toArray();
      report.setInDomainComparison(comparison("in-domain accuracy", accuracies, verdict));
      for (int d = 0; d < DIAGNOSTICS.length; d++) {
        int diagnostic = d;
        var scores =
            report.getModelsList().stream()
                .mapToDouble(model -> model.getDiagnosticScores(diagnostic))
                .toArray();
        report.getDiagnosticsBuilder(d).setComparison(comparison(DIAGNOSTICS[d], scores, verdict));
      }
    }
    report
        .getDiagnosticsBuilder(0)
        .setGivenAccuracy(
            GivenAccuracy.newBuilder()
                .setTotal(-.99)
                .setDirect(-.95)
                .setDirectInterval(Interval.newBuilder().setLow(-.99).setHigh(-.8))
                .setIndirect(-.04)
                .setIndirectInterval(Interval.newBuilder().setLow(-.2).setHigh(.1)));
  }

  /** The first diagnostic measured along the lines too: twice the loss in domain. */
  static StudyReport alongLines(StudyReport plain) {
    var report = plain.toBuilder();
    report.getSpecBuilder().getDiagnosticsBuilder(0).setAlongCurves(true);
    for (var pair : report.getPairsBuilderList()) {
      var along = pair.addDiagnosticCurvesBuilder().getCurveBuilder();
      along.addAllAlphas(pair.getCurve().getAlphasList());
      pair.getCurve().getLossesNatsList().forEach(loss -> along.addLossesNats(2 * loss));
    }
    return report.build();
  }

  /** On the first diagnostic, in domain and along the lines. */
  private static void addExtremes(StudyReport.Builder report, double[] scores) {
    int count = Math.min(5, scores.length / 2);
    if (count < 2) {
      return;
    }
    var worstFirst =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> scores[i]))
            .toList();
    var best = worstFirst.subList(scores.length - count, scores.length);
    for (var members : List.of(best, worstFirst.subList(0, count))) {
      var extreme = report.addExtremesBuilder().setBest(members == best).addAllModels(members);
      for (int scale = 1; scale <= 2; scale++) {
        var mean = extreme.addCurvesBuilder();
        for (int k = 0; k <= 10; k++) {
          int at = k;
          double loss =
              scale
                  * report.getPairsList().stream()
                      .filter(p -> members.contains(p.getModelA()))
                      .filter(p -> members.contains(p.getModelB()))
                      .mapToDouble(p -> p.getCurve().getLossesNats(at))
                      .average()
                      .orElseThrow();
          mean.addAlphas(k / 10.0)
              .addLossesNats(loss)
              .addLowNats(loss - .05)
              .addHighNats(loss + .05);
        }
      }
    }
  }

  private static ClusterComparison comparison(String name, double[] scores, BasinVerdict verdict) {
    return MetricMessages.comparison(
        name, GroupComparison.of(of(scores, verdict, 0), of(scores, verdict, 1)), .01, Double.NaN);
  }

  private static double[] of(double[] scores, BasinVerdict verdict, int cluster) {
    return IntStream.range(0, scores.length)
        .filter(i -> verdict.assignments()[i] == cluster)
        .mapToDouble(i -> scores[i])
        .toArray();
  }

  /** By the bootstrap, of losses that scatter around the curves. */
  private static void tellUncertainty(StudyReport.Builder report) {
    var random = new Random(8);
    var bootstrap = new PairedBootstrap(Draws.of(0, RESAMPLES, EXAMPLES), .95);
    var scatter = random.doubles(11L * EXAMPLES / 2).map(uniform -> 2 * uniform - 1).toArray();
    for (var pairs : Lists.partition(report.getPairsBuilderList(), 64)) {
      var found =
          bootstrap.of(
              pairs.stream().map(pair -> examples(pair.getCurve(), scatter)).toList(), () -> {});
      for (int i = 0; i < pairs.size(); i++) {
        pairs.get(i).setUncertainty(MetricMessages.uncertainty(found.get(i)));
      }
    }
  }

  private static ExampleCurve examples(Curve curve, double[] scatter) {
    var losses = new double[curve.getAlphasCount()][EXAMPLES];
    for (int k = 0; k < losses.length; k++) {
      for (int i = 0; i < EXAMPLES; i += 2) {
        double off = scatter[k * EXAMPLES / 2 + i / 2];
        losses[k][i] = curve.getLossesNats(k) + off;
        losses[k][i + 1] = curve.getLossesNats(k) - off;
      }
    }
    return new ExampleCurve(Doubles.toArray(curve.getAlphasList()), losses);
  }

  private static StudySpec spec(int modelCount) {
    var spec =
        StudySpec.newBuilder()
            .setDisplayName("Miniature, " + modelCount + " seeds")
            .setInDomain(sample("validation", "miniature/validation"))
            .setProtocol(AlphaProtocol.ALPHA_PROTOCOL_PAPER)
            .setDistance(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP)
            .setClusterCount(2)
            .setKernelWidth(1)
            .setResampling(Resampling.newBuilder().setResampleCount(RESAMPLES).setLevel(.95));
    for (int i = 0; i < modelCount; i++) {
      spec.addModels(StudyModel.newBuilder().setCheckpoint(checkpoint(i)).setLabel("seed " + i));
    }
    for (String name : DIAGNOSTICS) {
      spec.addDiagnostics(
          Diagnostic.newBuilder()
              .setSample(sample(name, "miniature/diagnostic-not-entailed"))
              .setGroup("strategy"));
    }
    return spec.build();
  }

  private static EvaluationSample sample(String name, String split) {
    return EvaluationSample.newBuilder()
        .setName(name)
        .setSplit(DatasetSplit.newBuilder().setBuiltin(split))
        .setSize(512)
        .setSeed(1)
        .build();
  }

  /** The same, of which every other model was trained with another learning rate. */
  static StudyReport ofTwoRates(int modelCount) {
    var report = of(modelCount).toBuilder();
    var factor = report.addFactorsBuilder().setFact("recipe.learning_rate");
    for (int rate = 0; rate < 2; rate++) {
      var level = factor.addLevelsBuilder().setValue(rate == 0 ? 2e-5 : 5e-4);
      level.getDistanceBuilder().setMean(.2 + rate).getIntervalBuilder().setLow(.1).setHigh(1.5);
      level.getInDomainAccuracyBuilder().setMean(.94);
      level.addDiagnosticsBuilder().setMean(.5);
      level.addDiagnosticsBuilder().setMean(.6);
      for (int i = rate; i < modelCount; i += 2) {
        level.addModels(i);
        report
            .getModelsBuilder(i)
            .getOriginBuilder()
            .putFacts("recipe.learning_rate", rate == 0 ? "2e-5" : "5e-4");
      }
    }
    return report.build();
  }

  private static ModelReport.Builder model(int i, Random random) {
    return ModelReport.newBuilder()
        .setCheckpoint(checkpoint(i))
        .setLabel("seed " + i)
        .setDigest(digest(i))
        .setInDomain(
            ClassificationMetrics.newBuilder()
                .setMeanLossNats(.1 + .05 * random.nextDouble())
                .setAccuracy(.93 + .03 * random.nextDouble())
                .setF1(.94)
                .setMatthewsCorrelation(.88)
                .setExpectedCalibrationError(.02)
                .setExampleCount(512));
  }

  private static PairReport pair(int a, int b, Random random) {
    double rise =
        basin(a) == basin(b) ? .1 + .2 * random.nextDouble() : .55 + .4 * random.nextDouble();
    var alphas = IntStream.rangeClosed(0, 10).mapToDouble(k -> k / 10.0).toArray();
    var losses = new double[alphas.length];
    var accuracies = new double[alphas.length];
    for (int k = 0; k < alphas.length; k++) {
      double bump = 4 * alphas[k] * (1 - alphas[k]);
      losses[k] = .12 + rise * bump * bump + .02 * random.nextDouble();
      accuracies[k] = .95 - .3 * rise * bump;
    }
    var metrics = MetricMessages.curveMetrics(LossCurve.of(alphas, losses));
    return PairReport.newBuilder()
        .setModelA(a)
        .setModelB(b)
        .setCurve(
            Curve.newBuilder()
                .addAllAlphas(Doubles.asList(alphas))
                .addAllLossesNats(Doubles.asList(losses)))
        .addAllAccuracies(Doubles.asList(accuracies))
        .setMetrics(metrics)
        .setEuclideanDistance(12 + random.nextDouble())
        .setDistance(metrics.getConvexityGapNats())
        .setDisagreement(metrics.getConvexityGapNats() / 4)
        .setJensenShannonNats(metrics.getConvexityGapNats() / 8)
        .build();
  }

  private static DiagnosticReport diagnostic(
      int d, double[] scores, double[] feature, int[] clusters) {
    var diagnostic =
        DiagnosticReport.newBuilder()
            .setName(DIAGNOSTICS[d])
            .setPearsonPHolm(d == 0 ? .002 : .6)
            .setFit(MetricMessages.linearFit(LinearFit.of(feature, scores)));
    for (int c = 0; c < 2; c++) {
      int cluster = c;
      var summary =
          Summary.of(
              IntStream.range(0, scores.length)
                  .filter(i -> clusters[i] == cluster)
                  .mapToDouble(i -> scores[i])
                  .toArray());
      diagnostic
          .addClusterMeans(summary.mean())
          .addClusterStandardDeviations(summary.populationStandardDeviation());
    }
    return diagnostic.build();
  }

  private static int basin(int model) {
    return model % 3 == 1 ? 1 : 0;
  }

  private static String checkpoint(int i) {
    return "checkpoints/miniature-seed-" + i;
  }

  private static Digest digest(int i) {
    return Digest.newBuilder()
        .setSha256(String.format(Locale.ROOT, "%064x", i + 0xabcdef01L))
        .setSizeBytes(454_068)
        .build();
  }
}
