package dev.watershed.analysis.study.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Of 16 models every second is of another basin by its gaps; their weights know nothing of it. */
final class DistanceVariantsTest {
  private static final int MODELS = 16;

  private final StudySpec spec =
      StudySpec.newBuilder()
          .setDistance(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP)
          .setClusterCount(2)
          .addDiagnostics(diagnostic("score"))
          .build();

  private final ResampledDistances resampled =
      new ResampledDistances(spec, new PredictionDistances(List.of()), () -> {});

  private final List<ModelReport> models = new ArrayList<>();
  private final List<PairReport> pairs = new ArrayList<>();

  DistanceVariantsTest() {
    var random = new SplittableRandom(3);
    for (int i = 0; i < MODELS; i++) {
      models.add(
          ModelReport.newBuilder()
              .addDiagnosticScores(i % 2 == 0 ? .9 : .1 + .01 * random.nextDouble())
              .build());
    }
    for (int a = 0; a < MODELS; a++) {
      for (int b = a + 1; b < MODELS; b++) {
        double gap = (a % 2 == b % 2 ? .1 : 1) * (1 + .2 * random.nextDouble());
        pairs.add(
            PairReport.newBuilder()
                .setModelA(a)
                .setModelB(b)
                .setMetrics(
                    CurveMetrics.newBuilder()
                        .setConvexityGapNats(gap)
                        .setBarrierHeightNats(gap / 2)
                        .setAreaNats(gap * gap))
                .setAreaTimesEuclideanDistance(12 * gap * gap)
                .setEuclideanDistance(12 + random.nextDouble())
                .setDistance(gap)
                .build());
      }
    }
  }

  private static Diagnostic diagnostic(String group) {
    return Diagnostic.newBuilder().setGroup(group).build();
  }

  private List<DistanceVariant> variants(StudySpec spec) {
    var comparisons = new DistanceComparisons(spec, models, pairs, () -> {});
    var distances = new Distances(comparisons.matrix(PairReport::getDistance), () -> {});
    return new DistanceVariants(spec, models, pairs, resampled, () -> {})
        .of(comparisons, MetricMessages.verdict(distances.verdict()));
  }

  @Test
  void of_gapsAreTheDistance_judgesByTheOthersThatTheCurvesGive() {
    var variants = variants(spec);
    assertThat(variants)
        .extracting(DistanceVariant::getDistance)
        .containsExactly(
            DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT,
            DistanceMetric.DISTANCE_METRIC_AREA,
            DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN,
            DistanceMetric.DISTANCE_METRIC_EUCLIDEAN);
    for (var variant : variants.subList(0, 3)) {
      assertThat(variant.getVerdict().getState()).isEqualTo(BasinState.BASIN_STATE_SPLIT);
      assertThat(variant.getAgreement()).isEqualTo(1);
      assertThat(Math.abs(variant.getDiagnostics(0).getPearsonR())).isGreaterThan(.99);
      assertThat(variant.getGroups(0).getFit().getPearsonR()).isGreaterThan(.9);
      assertThat(variant.getGroups(0).getMantel().getP()).isEqualTo(.0005);
    }
    assertThat(variants)
        .noneMatch(variant -> variant.getVerdict().hasStability())
        .extracting(DistanceVariant::getStabilityLeftOut)
        .endsWith(
            "Nothing is kept of single examples, or resamples of them do not fit memory.",
            "Weights do not depend on the examples.");
    var byWeights = variants.get(3);
    assertThat(byWeights.getVerdict().getState()).isEqualTo(BasinState.BASIN_STATE_NO_SPLIT);
    assertThat(byWeights.getAgreement()).isLessThan(.5);
    assertThat(byWeights.getGroups(0).getMantel().getP()).isGreaterThan(.05);
  }

  @Test
  void of_nestedGrid_judgesByTheImprovedGapToo() {
    pairs.replaceAll(
        pair -> {
          var nested = pair.toBuilder();
          nested.getMetricsBuilder().setImprovedConvexityGapNats(pair.getDistance());
          return nested.build();
        });
    assertThat(variants(spec)).hasSize(5);
  }

  @Test
  void of_barriersThatAreAllZeroAndACurveThatDiverges_haveAVerdict() {
    pairs.replaceAll(
        pair -> {
          var flat = pair.toBuilder();
          flat.getMetricsBuilder().setBarrierHeightNats(0);
          return flat.build();
        });
    var diverged = pairs.get(0).toBuilder();
    diverged.getMetricsBuilder().setAreaNats(Double.POSITIVE_INFINITY);
    pairs.set(0, diverged.build());
    var variants = variants(spec);
    assertThat(variants.get(0).getVerdict().getState()).isEqualTo(BasinState.BASIN_STATE_NO_SPLIT);
    assertThat(variants.get(1).getVerdict().getAssignmentsCount()).isEqualTo(MODELS);
  }

  @Test
  void of_noPartitionOfTheStudysOwn_leavesAgreementOut() {
    var variants =
        new DistanceVariants(spec, models, pairs, resampled, () -> {})
            .of(
                new DistanceComparisons(spec, models, pairs, () -> {}),
                BasinVerdict.getDefaultInstance());
    assertThat(variants).noneMatch(DistanceVariant::hasAgreement);
  }

  /**
   * On the diagnostic's curves every fourth pair of neighbours is a basin; one of them diverges.
   */
  @Test
  void of_diagnosticAlongCurves_judgesByItsGapsAndBarriersToo() {
    var random = new SplittableRandom(4);
    pairs.replaceAll(
        pair -> {
          boolean near = pair.getModelA() / 4 == pair.getModelB() / 4;
          double gap = (near ? .1 : 1) * (1 + .2 * random.nextDouble());
          var along = pair.toBuilder();
          along
              .addDiagnosticCurvesBuilder()
              .setDiagnostic(0)
              .setMetrics(
                  CurveMetrics.newBuilder()
                      .setConvexityGapNats(gap)
                      .setBarrierHeightNats(pair.getDistance()));
          return along.build();
        });
    var diverged = pairs.getLast().toBuilder();
    diverged.getDiagnosticCurvesBuilder(0).clearMetrics();
    pairs.set(pairs.size() - 1, diverged.build());
    var variants = variants(spec);

    assertThat(variants).hasSize(6);
    assertThat(variants.subList(0, 4)).noneMatch(DistanceVariant::hasAlongDiagnostic);
    var gaps = variants.get(4);
    assertThat(gaps.getStabilityLeftOut())
        .isEqualTo("Losses of single examples are kept in domain alone.");
    assertThat(gaps.getDistance()).isEqualTo(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP);
    assertThat(gaps.getAlongDiagnostic()).isZero();
    assertThat(gaps.hasAlongDiagnostic()).isTrue();
    assertThat(gaps.getAgreement()).isLessThan(.2);
    assertThat(gaps.getDiagnosticsCount()).isEqualTo(1);
    assertThat(gaps.getAgainstChosen().getFit().getPointCount()).isEqualTo(119);
    assertThat(Math.abs(gaps.getAgainstChosen().getFit().getPearsonR())).isLessThan(.3);
    // Barriers are the study's own gaps but for the pair that diverges.
    var barriers = variants.get(5);
    assertThat(barriers.getDistance()).isEqualTo(DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT);
    assertThat(barriers.getAgainstChosen().getFit().getPearsonR()).isCloseTo(1, within(1e-9));
    assertThat(barriers.getAgainstChosen().getFit().getSlope()).isCloseTo(1, within(1e-9));
    assertThat(barriers.getAgreement()).isGreaterThan(.5);
  }

  @Test
  void comparison_clusters_tellsFitsWithinAndAcross() {
    var comparisons = new DistanceComparisons(spec, models, pairs, () -> {});
    var gaps = comparisons.matrix(PairReport::getDistance);
    var clusters = new int[MODELS];
    // Twice the gap within, minus three times across.
    var other =
        comparisons.matrix(
            pair ->
                pair.getModelA() % 2 == pair.getModelB() % 2
                    ? 2 * pair.getDistance()
                    : 7 - 3 * pair.getDistance());
    for (int i = 0; i < MODELS; i++) {
      clusters[i] = i == 15 ? -1 : i % 2;
    }
    var found = comparisons.of("other", gaps, other, clusters);
    assertThat(found.getFit().getPointCount()).isEqualTo(120);
    assertThat(found.getFitWithin().getPointCount()).isEqualTo(8 * 7 / 2 + 7 * 6 / 2);
    assertThat(found.getFitWithin().getSlope()).isCloseTo(2, within(1e-9));
    assertThat(found.getFitAcross().getPointCount()).isEqualTo(8 * 7);
    assertThat(found.getFitAcross().getSlope()).isCloseTo(-3, within(1e-9));
    assertThat(found.getFitAcross().getPearsonInterval().getHigh()).isCloseTo(-1, within(1e-9));
    assertThat(comparisons.of("other", gaps, other, new int[MODELS]).hasFitWithin()).isFalse();
  }

  @Test
  void correlations_scores_areCorrectedForHowManyThereAre() {
    var scored = new ArrayList<ModelReport>();
    for (int i = 0; i < 8; i++) {
      var model = ModelReport.newBuilder().addDiagnosticScores(-2 * i).addDiagnosticScores(.5);
      model.getInDomainBuilder().setAccuracy(.1 * i);
      scored.add(model.build());
    }
    var found = ScoreCorrelations.of(scored, List.of("down", "constant"));
    assertThat(found.getNamesList()).containsExactly("in-domain accuracy", "down", "constant");
    assertThat(found.getPearsonR(0).getValuesList().get(1)).isCloseTo(-1, within(1e-9));
    assertThat(found.getPearsonR(1).getValuesList()).startsWith(found.getPearsonR(0).getValues(1));
    assertThat(found.getPearsonR(0).getValues(2)).isNaN();
    assertThat(found.getPearsonPHolm(0).getValues(1)).isLessThan(1e-6);
    assertThat(found.getPearsonPHolm(2).getValues(1)).isNaN();
    assertThat(found.getModelCount()).isEqualTo(8);
  }
}
