package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.sample;
import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.ModelBootstrap;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.Correlation;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.study.findings.ReportComputation;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.type.v1.Origin;
import dev.watershed.type.v1.Provenance;
import dev.watershed.type.v1.Score;
import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Reports against what the pure classes compute from the same losses. */
final class StudyReportTest extends ServedStudies {
  private static final List<String> MODELS =
      List.of("left-0", "right-0", "left-1", "right-1", "left-2");

  @Test
  void report_pairs_haveTheCurvesAndTheirMetrics() {
    var report = process.study(spec(MODELS.toArray(String[]::new)));

    assertThat(report.getPairsCount()).isEqualTo(10);
    int index = 0;
    for (int a = 0; a < MODELS.size(); a++) {
      for (int b = a + 1; b < MODELS.size(); b++) {
        var pair = report.getPairs(index++);
        var curve = curve(a, b, 10);
        assertThat(List.of(pair.getModelA(), pair.getModelB())).containsExactly(a, b);
        assertThat(pair.getCurve().getAlphasList()).hasSize(11).startsWith(0.0, .1);
        assertThat(Doubles.toArray(pair.getCurve().getLossesNatsList()))
            .containsExactly(losses(a, b, 10));
        assertThat(pair.getAccuraciesList()).hasSize(11).containsOnly(.9);
        assertThat(pair.getMetrics()).isEqualTo(MetricMessages.curveMetrics(curve));
        assertThat(pair.getDistance()).isEqualTo(curve.convexityGap().nats());
        assertThat(pair.getEuclideanDistance()).isEqualTo(Math.abs(position(a) - position(b)));
      }
    }
  }

  @Test
  void report_clusters_areThoseOfTheDistances() {
    var report = process.study(spec(MODELS.toArray(String[]::new)));
    var distances = new double[5][5];
    for (int a = 0; a < 5; a++) {
      for (int b = a + 1; b < 5; b++) {
        distances[a][b] = distances[b][a] = curve(a, b, 10).convexityGap().nats();
      }
    }
    var expected = SpectralClustering.cluster(distances, 2, 1, 0);

    assertThat(report.getClustering()).isEqualTo(MetricMessages.clustering(expected));
    var verdict = report.getVerdict().toBuilder();
    assertThat(verdict.clearStability().clearStabilityResampleCount().clearShuffledSeparation())
        .extracting(BasinVerdict.Builder::build)
        .isEqualTo(
            MetricMessages.verdict(
                dev.watershed.analysis.cluster.BasinVerdict.of(distances, () -> {})));
    assertThat(verdict.getState()).isEqualTo(BasinState.BASIN_STATE_SPLIT);
    assertThat(report.getVerdict().getStability()).isEqualTo(1);
    assertThat(report.getVerdict().getShuffledSeparation()).isBetween(.5, 1.);
    for (var variant : report.getVariantsList()) {
      boolean ofWeights = variant.getDistance() == DistanceMetric.DISTANCE_METRIC_EUCLIDEAN;
      assertThat(variant.getVerdict().hasStability()).isEqualTo(!ofWeights);
      assertThat(variant.getVerdict().getStability()).isEqualTo(ofWeights ? 0 : 1);
      assertThat(variant.getVerdict().getStabilityResampleCount()).isEqualTo(ofWeights ? 0 : 200);
      assertThat(variant.getStabilityLeftOut().isEmpty()).isEqualTo(!ofWeights);
    }
    assertThat(report.getModelsList())
        .extracting(ModelReport::getCluster)
        .containsExactly(0, 1, 0, 1, 0);
  }

  @Test
  void report_pairs_haveTheIntervalsOfTheirExamples() {
    var spec = spec(MODELS.toArray(String[]::new)).toBuilder();
    spec.setResampling(Resampling.newBuilder().setResampleCount(100).setSeed(5));
    var report = process.study(spec.build());

    int n = evaluator.examples;
    var bootstrap = new PairedBootstrap(Draws.of(5, 100, n), .95);
    double greatest = 0;
    for (var pair : report.getPairsList()) {
      var losses = new double[11][n];
      for (int a = 0; a < losses.length; a++) {
        double mean = pair.getCurve().getLossesNats(a);
        for (int i = 0; i < n; i++) {
          losses[a][i] = (float) (mean * (i % 2 == 0 ? 1.1 : .9));
        }
      }
      var alphas = Doubles.toArray(pair.getCurve().getAlphasList());
      var expected = bootstrap.of(List.of(new ExampleCurve(alphas, losses)), () -> {}).getFirst();
      assertThat(pair.getUncertainty()).isEqualTo(MetricMessages.uncertainty(expected));
      greatest =
          Math.max(greatest, pair.getUncertainty().getConvexityGap().getInterval().getHigh());
    }
    assertThat(report.getEpsilonConvexNats()).isBetween(.9 * greatest, 1.1 * greatest);
    assertThat(report.getInDomainExampleCount()).isEqualTo(n);

    spec.getResamplingBuilder().setResampleCount(0);
    var without = process.study(spec.build());
    assertThat(without.getPairsList()).noneMatch(PairReport::hasUncertainty);
    assertThat(without.hasEpsilonConvexNats()).isFalse();
    assertThat(without.getVerdict().hasStability()).isFalse();
    assertThat(without.getVerdict().getState()).isEqualTo(report.getVerdict().getState());
  }

  /** A study that was measured has its report, whatever does not fit memory. */
  @Test
  void report_moreResampledPointsThanFit_hasNoIntervalsAndSaysSo() {
    evaluator.examples = 256;
    var spec = spec("left-0", "right-0").toBuilder().setIntervalCount(2000);
    spec.setResampling(Resampling.newBuilder().setResampleCount(20_000));
    var report = process.study(spec.build());

    assertThat(report.getPairs(0).hasUncertainty()).isFalse();
    assertThat(report.hasEpsilonConvexNats()).isFalse();
    assertThat(report.getWarningsList())
        .extracting(Warning::getReason)
        .contains(WarningReason.WARNING_REASON_NO_INTERVALS);
  }

  @Test
  void report_models_haveScoresDigestsAndLabels() {
    var spec = spec(MODELS.toArray(String[]::new)).toBuilder();
    spec.getModelsBuilder(0).setLabel("seed 1");
    spec.addDiagnostics(
        Diagnostic.newBuilder()
            .setSample(sample("second"))
            .setScore(Score.SCORE_MATTHEWS_CORRELATION));
    var report = process.study(spec.build());

    var model = report.getModels(0);
    assertThat(model.getLabel()).isEqualTo("seed 1");
    assertThat(report.getModels(1).getLabel()).isEqualTo("right-0");
    assertThat(model.getDigest()).isEqualTo(FakeEvaluator.digestOf("checkpoints/left-0"));
    assertThat(model.getInDomain()).isEqualTo(FakeEvaluator.metrics(position(0), "in-domain"));
    assertThat(model.getDiagnosticScoresList()).containsExactly(.1, 0.0);
    assertThat(report.getModels(3).getDiagnosticScores(1)).isEqualTo(1);
    assertThat(report.getInDomainDigest()).isEqualTo(FakeEvaluator.digestOf("in-domain"));
    assertThat(report.getProvenance()).isEqualTo(FakeEvaluator.PROVENANCE);
    assertThat(report.getElapsedSeconds()).isPositive();
    assertThat(report.getSampleTextsList())
        .containsExactly(
            "in-domain: builtin:miniature/validation, 64 rows drawn by seed 1",
            "diagnostic: builtin:miniature/validation, 64 rows drawn by seed 1",
            "second: builtin:miniature/validation, 64 rows drawn by seed 1");
  }

  @Test
  void report_diagnosticsAndGroups_areFitted() {
    var report = process.study(spec(MODELS.toArray(String[]::new)));
    var features = Doubles.toArray(report.getClustering().getCentroidDistanceDifferencesList());
    var scores =
        IntStream.range(0, 5)
            .mapToDouble(i -> FakeEvaluator.metrics(position(i), "diagnostic").getAccuracy())
            .toArray();

    var diagnostic = report.getDiagnostics(0);
    assertThat(diagnostic.getName()).isEqualTo("diagnostic");
    assertThat(diagnostic.getFit())
        .isEqualTo(MetricMessages.linearFit(LinearFit.of(features, scores)));
    assertThat(diagnostic.getFit().getPearsonR()).isGreaterThan(.99);
    assertThat(diagnostic.getClusterMeans(0)).isCloseTo((.1 + .108 + .116) / 3, within(1e-12));
    assertThat(diagnostic.getClusterMeans(1)).isCloseTo(.9, within(1e-12));
    assertThat(diagnostic.getClusterStandardDeviations(1)).isCloseTo(0, within(1e-12));

    assertThat(diagnostic.getPearsonPHolm()).isEqualTo(diagnostic.getFit().getPearsonP());
    // In-domain accuracy is the same for all, so that nothing is left to take out.
    assertThat(diagnostic.getGivenAccuracy().getTotal())
        .isEqualTo(diagnostic.getFit().getPearsonR());
    assertThat(diagnostic.getGivenAccuracy().getDirect()).isNaN();
    assertThat(diagnostic.getLeaveOneOut().getFeature())
        .isEqualTo(Correlation.leaveOneOutRSquared(scores, features));
    assertThat(diagnostic.getComparison().getFirst().getModelCount()).isEqualTo(3);
    assertThat(diagnostic.getComparison().getAuc()).isZero();

    var distances = new double[10];
    var apart = new double[10];
    var distanceMatrix = new double[5][5];
    var apartMatrix = new double[5][5];
    int pair = 0;
    for (int a = 0; a < 5; a++) {
      for (int b = a + 1; b < 5; b++) {
        distances[pair] = curve(a, b, 10).convexityGap().nats();
        apart[pair] = Math.abs(scores[a] - scores[b]);
        distanceMatrix[a][b] = distanceMatrix[b][a] = distances[pair];
        apartMatrix[a][b] = apartMatrix[b][a] = apart[pair++];
      }
    }
    var overModels =
        ModelBootstrap.of(
                Draws.of(0, Draws.DEFAULT_COUNT, 5),
                models -> ModelBootstrap.pairCorrelation(distanceMatrix, apartMatrix, models))
            .percentile(.95);
    assertThat(report.getGroups(0).getName()).isEqualTo("strategy");
    assertThat(report.getGroups(0).getFit())
        .isEqualTo(MetricMessages.pairFit(LinearFit.of(distances, apart), overModels));
    assertThat(report.getGroups(0).getFit().getPearsonP()).isNaN();
    // Two of the 120 orders of five models are as good: the given one and a swap.
    assertThat(report.getGroups(0).getMantel().getP()).isCloseTo(1 / 60.0, within(.008));
    assertThat(report.getGroups(0).getMantel().getModelCount()).isEqualTo(5);
    assertThat(report.getEuclidean().getFit().getPearsonR()).isGreaterThan(.99);
    // Where distances within a side hardly differ, a tenth of all orders is as good at most.
    assertThat(report.getEuclidean().getMantel().getP()).isBetween(.003, .13);
    assertThat(report.getGroups(0).getFit().getSpearmanRho()).isGreaterThan(.5);
  }

  @Test
  void report_nestedProtocol_hasTheImprovedGapAsDistance() {
    var spec =
        spec("left-0", "right-0", "left-1").toBuilder()
            .setProtocol(AlphaProtocol.ALPHA_PROTOCOL_NESTED)
            .setDistance(DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP)
            .build();
    var pair = process.study(spec).getPairs(0);
    var improved = curve(0, 1, 100).improvedConvexityGap().orElseThrow();

    assertThat(pair.getCurve().getAlphasCount()).isEqualTo(101);
    assertThat(pair.getDistance()).isEqualTo(improved.nats());
    assertThat(pair.getMetrics().getNestedGridIntervals()).isEqualTo(10);
  }

  @Test
  void report_euclideanDistances_areClusteredWithinTheirMedian() {
    var spec =
        spec(MODELS.toArray(String[]::new)).toBuilder()
            .setDistance(DistanceMetric.DISTANCE_METRIC_EUCLIDEAN);
    var report = process.study(spec.build());

    assertThat(report.getSpec().getMedianKernelWidth()).isTrue();
    assertThat(report.getClustering().getKernelWidth()).isCloseTo(9.85, within(1e-9));
    assertThat(report.getClustering().getConnected()).isTrue();
    assertThat(report.getModelsList())
        .extracting(ModelReport::getCluster)
        .containsExactly(0, 1, 0, 1, 0);
    assertThat(report.hasEuclidean()).isFalse();
    assertThat(report.getWarningsList()).isEmpty();

    var narrow = process.study(spec.setKernelWidth(1).build());
    assertThat(narrow.getClustering().getConnected()).isFalse();
    assertThat(narrow.getWarningsList())
        .extracting(Warning::getMessage)
        .singleElement()
        .asString()
        .startsWith(
            "The affinity graph is not connected: the median distance is 9.85, the kernel width"
                + " 1.00.")
        .endsWith("take the median distance as the kernel width.");
  }

  @Test
  void report_areaTimesEuclidean_isTheProduct() {
    var report =
        process.study(
            spec(MODELS.toArray(String[]::new)).toBuilder()
                .setDistance(DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN)
                .build());
    for (var pair : report.getPairsList()) {
      double area = curve(pair.getModelA(), pair.getModelB(), 10).areaNats();
      assertThat(pair.getDistance()).isEqualTo(area * pair.getEuclideanDistance());
      assertThat(pair.getAreaTimesEuclideanDistance()).isEqualTo(pair.getDistance());
    }
    assertThat(report.getSpec().getMedianKernelWidth()).isTrue();
  }

  @Test
  void report_threeClusters_hasNoCentroidFeatureAndNoDiagnosticFits() {
    var report =
        process.study(spec(MODELS.toArray(String[]::new)).toBuilder().setClusterCount(3).build());

    assertThat(report.getDiagnosticsList()).isEmpty();
    assertThat(report.getModels(0).hasCentroidDistanceDifference()).isFalse();
    assertThat(report.getGroupsCount()).isEqualTo(1);
  }

  @Test
  void finding_twoBasins_saysSizesGapsAndTheDiagnostic() {
    assertThat(process.study(spec(MODELS.toArray(String[]::new))).getFinding())
        .startsWith(
            "5 models fall into 2 basins of 3 and 2"
                + " (separation 1.000 of 0.985 needed, silhouette 1.00, stability 1.00)")
        .contains("; median convexity gap 0 within and 1.04 across; ")
        .contains("; all pairs epsilon-convex at 1.")
        .contains("the centroid-distance feature goes with diagnostic (r = 1.00 [");
  }

  @Test
  void finding_oneBasin_saysSo() {
    var report = process.study(spec("left-0", "left-1", "left-2", "left-3", "left-4"));

    assertThat(report.getFinding()).doesNotContain("fall into");
    assertThat(report.getVerdict().getState()).isEqualTo(BasinState.BASIN_STATE_NO_SPLIT);
    assertThat(report.getModelsList()).extracting(ModelReport::getCluster).containsOnly(0);
    assertThat(report.getFinding())
        .startsWith("5 models show no split into basins, which is no proof of one");
  }

  @Test
  void finding_twoModels_claimsNoBasins() {
    var report = process.study(spec("left-0", "right-0"));

    assertThat(report.getFinding())
        .startsWith(
            "2 models show no split into basins, which is no proof of one;"
                + " median convexity gap 1.05;");
  }

  @Test
  void warnings_nothingToDoubt_areNone() {
    assertThat(process.study(spec(MODELS.toArray(String[]::new))).getWarningsList()).isEmpty();
  }

  @Test
  void warnings_accuracyFarBelowChance_nameTheModelAndWhatToDo() {
    var report = process.study(spec("left-0", "left-1", "permuted-0", "right-0", "right-1"));

    assertThat(report.getWarningsList())
        .extracting(Warning::getMessage)
        .containsExactly(
            "permuted-0 (checkpoints/permuted-0) has accuracy 0.100 on the in-domain sample, far"
                + " below the 0.500 of guessing among 2 labels: its labels look permuted. Check"
                + " id2label in the checkpoint's config.json and the sample's label mapping.");
  }

  @Test
  void warnings_labelCountUnknown_sayNothingOfChance() {
    evaluator.labels = List.of();
    assertThat(
            process
                .study(spec("left-0", "left-1", "permuted-0", "right-0", "right-1"))
                .getWarningsList())
        .extracting(Warning::getReason)
        .containsExactly(WarningReason.WARNING_REASON_NO_PREDICTIONS);
  }

  @Test
  void warnings_fewModelsOneOfThemTwice_saySo() {
    var report = process.study(spec("left-0", "right-0", "copy-0"));

    assertThat(report.getWarningsList())
        .extracting(Warning::getMessage)
        .satisfiesExactly(
            same -> assertThat(same).startsWith("left-0, copy-0 are one model"),
            few -> assertThat(few).startsWith("The diagnostics are fitted over 3 models"));
  }

  @Test
  void warnings_whatWasNoticedWhileReading_isSaidOnceOfAll() {
    evaluator.modelNotices =
        Map.of(
            "checkpoints/left-0", List.of("its trained head was replaced", "of left-0 alone"),
            "checkpoints/right-1", List.of("its trained head was replaced"));
    evaluator.sampleNotices =
        Map.of("in-domain", List.of("2 empty rows were left out", "a second thing"));
    var report = process.study(spec(MODELS.toArray(String[]::new)));

    assertThat(report.getWarningsList())
        .extracting(Warning::getReason, Warning::getSubject, Warning::getMessage)
        .containsExactly(
            tuple(
                WarningReason.WARNING_REASON_DATA_READ,
                "in-domain",
                "in-domain: 2 empty rows were left out"),
            tuple(WarningReason.WARNING_REASON_DATA_READ, "in-domain", "in-domain: a second thing"),
            tuple(
                WarningReason.WARNING_REASON_CHECKPOINT_READ,
                "checkpoints/left-0",
                "left-0, right-1: its trained head was replaced"),
            tuple(
                WarningReason.WARNING_REASON_CHECKPOINT_READ,
                "checkpoints/left-0",
                "left-0: of left-0 alone"));
  }

  @Test
  void origins_asEvaluatorsTellThem_areCommonOrOfTheirModel() {
    var slow = Map.of("recipe.learning_rate", "2e-5", "recipe.epochs", "3");
    var fast = Map.of("recipe.learning_rate", "5e-5", "recipe.epochs", "3");
    evaluator.origins =
        Map.of(
            "checkpoints/left-0", Origin.newBuilder().putAllFacts(slow).build(),
            "checkpoints/right-0", Origin.newBuilder().putAllFacts(fast).build());
    var report = process.study(spec("left-0", "right-0", "left-1"));

    assertThat(report.getCommonOrigin().getFactsMap()).containsExactly(entry("recipe.epochs", "3"));
    assertThat(report.getModelsList())
        .extracting(model -> model.getOrigin().getFactsMap())
        .containsExactly(
            Map.of("recipe.learning_rate", "2e-5"),
            Map.of("recipe.learning_rate", "5e-5"),
            Map.of());
    assertThat(report.getModels(2).hasOrigin()).isFalse();
  }

  @Test
  void warnings_fewExamples_saySo() {
    evaluator.examples = 99;
    assertThat(process.study(spec(MODELS.toArray(String[]::new))).getWarningsList())
        .extracting(Warning::getMessage)
        .singleElement()
        .asString()
        .startsWith(
            "The in-domain sample (in-domain: builtin:miniature/validation, 64 rows drawn by seed"
                + " 1) has only 99 examples");
  }

  @Test
  void provenance_severalEvaluators_listsWhatDiffers() {
    var other = FakeEvaluator.PROVENANCE.toBuilder().setDevice("cuda").setThreads(2).build();
    var merged = ReportComputation.provenance(List.of(FakeEvaluator.PROVENANCE, other));

    assertThat(merged)
        .isEqualTo(
            Provenance.newBuilder(FakeEvaluator.PROVENANCE)
                .setDevice("cpu, cuda")
                .clearThreads()
                .build());
  }

  private static double position(int model) {
    return FakeEvaluator.position("checkpoints/" + MODELS.get(model));
  }

  private static double[] losses(int a, int b, int intervals) {
    return IntStream.rangeClosed(0, intervals)
        .mapToDouble(i -> (double) i / intervals)
        .map(alpha -> FakeEvaluator.loss(alpha * position(a) + (1 - alpha) * position(b)))
        .toArray();
  }

  private static LossCurve curve(int a, int b, int intervals) {
    var alphas =
        IntStream.rangeClosed(0, intervals).mapToDouble(i -> (double) i / intervals).toArray();
    return LossCurve.of(alphas, losses(a, b, intervals));
  }
}
