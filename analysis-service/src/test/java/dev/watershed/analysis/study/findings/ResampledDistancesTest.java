package dev.watershed.analysis.study.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.Resampled;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.Predictions;
import dev.watershed.analysis.study.findings.PairUncertainties.PairCurve;
import dev.watershed.analysis.study.findings.ResampledDistances.Stability;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudySpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Models of two halves. Gaps part them so in half of the resamples and by parity in the others,
 * barriers always by halves, areas by halves whatever the weights.
 */
final class ResampledDistancesTest {
  private static final int MODELS = 16;
  private static final int RESAMPLES = 40;

  private static double apart(int group, int other, double noise) {
    return (group == other ? .1 : 1) * (1 + .1 * noise);
  }

  private static StudySpec spec(int models) {
    return StudySpec.newBuilder()
        .setDistance(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP)
        .addAllModels(Collections.nCopies(models, StudyModel.getDefaultInstance()))
        .setResampling(Resampling.newBuilder().setResampleCount(RESAMPLES))
        .build();
  }

  /** By halves; a little noise makes no two distances alike. */
  private static double[][] halves(int models) {
    var random = new SplittableRandom(5);
    var distances = new double[models][models];
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        distances[a][b] = apart(2 * a / models, 2 * b / models, random.nextDouble());
        distances[b][a] = distances[a][b];
      }
    }
    return distances;
  }

  private static ResampledDistances filled(int models, List<Predictions> predictions) {
    var resampled =
        new ResampledDistances(spec(models), new PredictionDistances(predictions), () -> {});
    var halves = halves(models);
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        double half = halves[a][b];
        double parity = apart(a % 2, b % 2, half);
        var gaps = IntStream.range(0, RESAMPLES).mapToDouble(i -> i % 2 == 0 ? half : parity);
        var alike = IntStream.range(0, RESAMPLES).mapToDouble(i -> half);
        var barriers = Resampled.of(half, alike.toArray());
        resampled.add(
            new PairCurve(a, b, 2, Optional.empty()),
            new CurveUncertainty(
                barriers,
                Resampled.of(half, gaps.toArray()),
                Optional.empty(),
                barriers,
                .001,
                .95,
                new Interval[0]));
      }
    }
    return resampled;
  }

  private static Optional<Stability> stability(
      ResampledDistances resampled, DistanceMetric metric, double[][] measured) {
    return resampled.stability(metric, measured, BasinVerdict.of(measured, () -> {}));
  }

  @Test
  void stability_metricsThatExamplesMoveDifferently_isEachsOwn() {
    var resampled = filled(MODELS, List.of());
    var measured = halves(MODELS);
    var halves = IntStream.range(0, MODELS).map(i -> 2 * i / MODELS).toArray();
    var parity = IntStream.range(0, MODELS).map(i -> i % 2).toArray();
    double mixed = (1 + AdjustedRandIndex.of(halves, parity)) / 2;

    var gaps =
        stability(resampled, DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP, measured).orElseThrow();
    assertThat(gaps.meanAdjustedRand()).isCloseTo(mixed, within(1e-12));
    assertThat(gaps.resamples()).isEqualTo(RESAMPLES);
    for (var metric :
        List.of(
            DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT,
            DistanceMetric.DISTANCE_METRIC_AREA,
            DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN)) {
      assertThat(stability(resampled, metric, measured)).contains(new Stability(1, RESAMPLES));
    }
    assertThat(stability(resampled, DistanceMetric.DISTANCE_METRIC_EUCLIDEAN, measured)).isEmpty();
    assertThat(
            stability(resampled, DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP, measured))
        .isEmpty();
    assertThat(stability(resampled, DistanceMetric.DISTANCE_METRIC_DISAGREEMENT, measured))
        .isEmpty();
  }

  /** All others together are clustered about as often as the study's own. */
  @Test
  void stability_manyModels_isOfFewerResamplesForOtherMetrics() {
    int models = 120;
    var resampled = filled(models, List.of());
    var measured = halves(models);
    assertThat(
            stability(resampled, DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP, measured)
                .orElseThrow()
                .resamples())
        .isEqualTo(RESAMPLES);
    assertThat(
            stability(resampled, DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT, measured)
                .orElseThrow()
                .resamples())
        .isEqualTo(19);
  }

  /** Predictions part the halves on every example, so that nearly any resample does. */
  @Test
  void stability_predictions_resamplesTheirExamples() {
    var predictions = new ArrayList<Predictions>();
    var random = new SplittableRandom(5);
    for (int model = 0; model < MODELS; model++) {
      var probabilities = new float[40];
      for (int i = 0; i < 20; i++) {
        double sure = (2 * model / MODELS == 0) == (i % 3 == 0) ? .9 : .2;
        probabilities[2 * i] = (float) (sure + .05 * random.nextDouble());
        probabilities[2 * i + 1] = 1 - probabilities[2 * i];
      }
      predictions.add(new Predictions(probabilities, 2));
    }
    var resampled = filled(MODELS, predictions);
    var measured = new double[MODELS][MODELS];
    for (int a = 0; a < MODELS; a++) {
      for (int b = 0; b < MODELS; b++) {
        measured[a][b] = predictions.get(a).jensenShannonNats(predictions.get(b));
      }
    }
    var found =
        stability(resampled, DistanceMetric.DISTANCE_METRIC_JENSEN_SHANNON, measured).orElseThrow();
    assertThat(found.meanAdjustedRand()).isBetween(.9, 1.);
    assertThat(found.resamples()).isEqualTo(RESAMPLES);
  }

  @Test
  void replicates_predictions_areMeansOverTheDrawnExamples() {
    var a = new Predictions(new float[] {.9f, .1f, .8f, .2f, .7f, .3f}, 2);
    var b = new Predictions(new float[] {.1f, .9f, .8f, .2f, .7f, .3f}, 2);
    var distances = new PredictionDistances(List.of(a, b));
    var draws = Draws.of(7, 5, 3);
    var found = distances.replicates(DistanceMetric.DISTANCE_METRIC_DISAGREEMENT, 7, 5, () -> {});

    assertThat(found).hasSize(1);
    for (int resample = 0; resample < 5; resample++) {
      long first = IntStream.of(draws.resample(resample)).filter(example -> example == 0).count();
      assertThat(found.getFirst().distances()[resample]).isCloseTo(first / 3., within(1e-12));
    }
    assertThat(
            new PredictionDistances(List.of())
                .replicates(DistanceMetric.DISTANCE_METRIC_DISAGREEMENT, 7, 5, () -> {}))
        .isEmpty();
  }
}
