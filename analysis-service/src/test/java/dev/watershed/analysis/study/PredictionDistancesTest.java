package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.v1.DeleteStudyRequest;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;
import io.grpc.StatusRuntimeException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How unlike the predictions of a study's models are. */
final class PredictionDistancesTest extends ServedStudies {
  private static final String[] MODELS = {"left-0", "right-0", "left-1", "right-1", "left-2"};

  private static StudySpec.Builder by(DistanceMetric distance) {
    return spec(MODELS).toBuilder().setDistance(distance);
  }

  private static double disagreement(String a, String b) {
    long differing =
        IntStream.range(0, FakeEvaluator.EXAMPLES)
            .filter(i -> (first(a, i) >= .5) != (first(b, i) >= .5))
            .count();
    return differing / (double) FakeEvaluator.EXAMPLES;
  }

  private static double jensenShannon(String a, String b) {
    return IntStream.range(0, FakeEvaluator.EXAMPLES)
        .mapToDouble(
            i -> {
              double p = first(a, i);
              double q = first(b, i);
              return divergence(p, (p + q) / 2) / 2 + divergence(q, (p + q) / 2) / 2;
            })
        .average()
        .orElseThrow();
  }

  private static double divergence(double p, double q) {
    return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  }

  private static double first(String model, int example) {
    return FakeEvaluator.probability(FakeEvaluator.position("checkpoints/" + model), example);
  }

  @Test
  void report_anyStudy_tellsHowUnlikePredictionsAre() {
    var report = process.study(spec(MODELS));

    for (var pair : report.getPairsList()) {
      String a = MODELS[pair.getModelA()];
      String b = MODELS[pair.getModelB()];
      assertThat(pair.getDisagreement()).isEqualTo(disagreement(a, b));
      assertThat(pair.getJensenShannonNats()).isCloseTo(jensenShannon(a, b), within(1e-6));
    }
    assertThat(report.getPairs(0).getDisagreement()).isEqualTo(.5);
    assertThat(report.getVariantsList())
        .extracting(DistanceVariant::getDistance)
        .endsWith(
            DistanceMetric.DISTANCE_METRIC_DISAGREEMENT,
            DistanceMetric.DISTANCE_METRIC_JENSEN_SHANNON);
    for (var variant : report.getVariantsList().subList(4, 6)) {
      assertThat(variant.getAgreement()).isEqualTo(1);
      assertThat(variant.getVerdict().getAssignmentsList()).containsExactly(0, 1, 0, 1, 0);
      assertThat(variant.getDiagnosticsCount()).isEqualTo(1);
      assertThat(variant.getGroupsCount()).isEqualTo(1);
    }
    assertThat(report.getWarningsList()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = DistanceMetric.class,
      names = {"DISTANCE_METRIC_DISAGREEMENT", "DISTANCE_METRIC_JENSEN_SHANNON"})
  void report_byPredictions_clustersThemWithinTheirMedian(DistanceMetric distance) {
    var report = process.study(by(distance).build());

    boolean share = distance == DistanceMetric.DISTANCE_METRIC_DISAGREEMENT;
    assertThat(report.getSpec().getMedianKernelWidth()).isTrue();
    for (var pair : report.getPairsList()) {
      assertThat(pair.getDistance())
          .isEqualTo(share ? pair.getDisagreement() : pair.getJensenShannonNats());
    }
    assertThat(report.getModelsList().stream().map(model -> model.getCluster()))
        .containsExactly(0, 1, 0, 1, 0);
    assertThat(report.getFinding())
        .contains(share ? "median disagreement 0 within" : "median Jensen-Shannon divergence ");
    assertThat(report.getVariantsList())
        .extracting(DistanceVariant::getDistance)
        .contains(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP)
        .doesNotContain(distance);
    assertThat(report.getVerdict().getStability()).isEqualTo(1);
    assertThat(report.getVerdict().getStabilityResampleCount()).isEqualTo(200);
  }

  @Test
  void report_modelsThatAreOne_areAtDistanceZero() {
    var pair = process.study(spec("left-0", "copy-0")).getPairs(0);
    assertThat(pair.hasDisagreement()).isTrue();
    assertThat(pair.getDisagreement()).isZero();
    assertThat(pair.getJensenShannonNats()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100})
  void study_otherStudysModels_takesTheirProbabilitiesOver(int resamples) {
    var spec = spec(MODELS).toBuilder();
    spec.getResamplingBuilder().setResampleCount(resamples);
    var first = process.study(spec.build());
    evaluator.evaluations.clear();
    var second = process.study(spec.build());

    assertThat(evaluator.total()).isZero();
    assertThat(second.getPairsList()).isEqualTo(first.getPairsList());
    assertThat(second.getPairsList()).allMatch(PairReport::hasJensenShannonNats);
  }

  @Test
  void study_otherStudyWasDeleted_keepsWhatItTookOver() {
    var first = process.study(spec(MODELS));
    var second = process.study(spec(MODELS));
    var unused =
        process
            .stub()
            .deleteStudy(DeleteStudyRequest.newBuilder().setName(first.getStudy()).build());
    evaluator.evaluations.clear();
    var third = process.study(spec(MODELS));
    assertThat(evaluator.total()).isZero();
    assertThat(third.getPairsList()).isEqualTo(second.getPairsList());
  }

  @Test
  void study_evaluatorOfAnEarlierVersion_leavesTheDistancesOutAndSaysSo() {
    evaluator.tellsProbabilities = false;
    var report = process.study(spec(MODELS));

    assertThat(report.getPairsList())
        .noneMatch(PairReport::hasDisagreement)
        .noneMatch(PairReport::hasJensenShannonNats)
        .allMatch(PairReport::hasUncertainty);
    assertThat(report.getVariantsCount()).isEqualTo(4);
    assertThat(report.getWarningsList())
        .extracting(Warning::getReason)
        .containsExactly(WarningReason.WARNING_REASON_NO_PREDICTIONS);
    assertThat(report.getWarnings(0).getMessage()).contains("evaluator of an earlier version");

    // What lacks probabilities is asked for again where there are some.
    evaluator.tellsProbabilities = true;
    evaluator.evaluations.clear();
    var again = process.study(spec(MODELS));
    assertThat(evaluator.total()).isEqualTo(MODELS.length);
    assertThat(again.getPairsList()).allMatch(PairReport::hasDisagreement);
  }

  @Test
  void study_byPredictionsOfAnEvaluatorThatTellsNone_failsSayingWhatToDo() {
    evaluator.tellsProbabilities = false;
    var study =
        process.await(
            process.create(by(DistanceMetric.DISTANCE_METRIC_DISAGREEMENT).build()).getName());

    assertThat(study.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(study.getError().getMessage())
        .contains("tells no probabilities of examples")
        .contains("Update it, or choose another distance");
  }

  @ParameterizedTest
  @EnumSource(
      value = DistanceMetric.class,
      names = {"DISTANCE_METRIC_DISAGREEMENT", "DISTANCE_METRIC_JENSEN_SHANNON"})
  void create_byPredictionsOfMoreThanAreSent_isRefusedForItsSample(DistanceMetric distance) {
    evaluator.countLabels(2000);
    assertThatThrownBy(() -> process.create(by(distance).build()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("spec.in_domain.size");
    assertThat(process.study(spec(MODELS)).getPairsCount()).isEqualTo(10);
  }

  @Test
  void study_moreProbabilitiesThanAreKept_asksForNoneAndSaysSo() {
    evaluator.countLabels(2000);
    var report = process.study(spec("left-0", "right-0"));

    assertThat(report.getPairs(0).hasDisagreement()).isFalse();
    assertThat(report.getWarningsList())
        .extracting(Warning::getMessage)
        .anyMatch(
            text ->
                text.contains("256 examples of 2000 labels have more than 262144 probabilities"));
  }
}
