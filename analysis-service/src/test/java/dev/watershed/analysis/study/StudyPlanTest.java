package dev.watershed.analysis.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.statistics.RecipeComparison;
import dev.watershed.analysis.v1.BasinPlan;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.PilotInterval;
import dev.watershed.analysis.v1.PlanStudyRequest;
import dev.watershed.analysis.v1.PlanStudyResponse;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.ScoreDifference;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Comparator;
import org.junit.jupiter.api.Test;

/** How large studies must be. */
final class StudyPlanTest extends ServedStudies {

  @Test
  void plan_withoutAPilot_tellsWhatSimulationSays() {
    var plan = plan(PlanStudyRequest.newBuilder().setModelCount(16).setDiagnosticCount(2));

    assertThat(plan.getSeparationNeeded()).isEqualTo(.90 + .9 / 16);
    assertThat(plan.getBasinsList())
        .extracting(BasinPlan::getModelCount)
        .containsExactly(8, 16, 48, 100);
    assertThat(plan.getBasins(0).getSeparationNeeded()).isEqualTo(.985);
    assertThat(plan.getEvaluations().getPairCount()).isEqualTo(120);
    // Nine points between the ends of each pair, and each model on three samples.
    assertThat(plan.getEvaluations().getPointCount()).isEqualTo(120 * 9 + 16 * 3);
    assertThat(plan.getEvaluations().getExampleEvaluationCount())
        .isEqualTo((120 * 9 + 16 * 3) * 512);
    assertThat(plan.getEvaluations().hasSeconds()).isFalse();
    assertThat(plan.hasExamples()).isFalse();
    assertThat(plan.getRecipe().getPowersList()).isEmpty();
    assertThat(plan.getSentencesList()).anyMatch(said -> said.contains("about 12 models a group"));
  }

  @Test
  void plan_fromAPilot_scalesItsWidestIntervalItsGapsAndItsPace() {
    var pilot = process.study(TestSpecs.spec("left-0", "left-10", "right-0", "right-9"));
    double widest =
        pilot.getPairsList().stream()
            .filter(pair -> !pair.getUncertainty().getLowerEndSetToZero())
            .map(StudyPlanTest::halfWidth)
            .max(Comparator.naturalOrder())
            .orElseThrow();
    var plan =
        plan(
            PlanStudyRequest.newBuilder()
                .setPilot(pilot.getStudy())
                .setHalfWidthNats(widest / 4)
                .setModelCount(20));

    var examples = plan.getExamples();
    assertThat(examples.getPilotHalfWidthNats()).isEqualTo(widest);
    assertThat(examples.getExampleCount()).isEqualTo(256 * 16);
    assertThat(examples.getAdvisedExampleCount()).isEqualTo((long) Math.ceil(1.3 * 256 * 16));
    assertThat(examples.getSmallPilot()).isFalse();
    assertThat(plan.getPilotSeparation()).isEqualTo(pilot.getVerdict().getSeparation());

    var gaps =
        PairMeans.of(
            4,
            pilot.getPairsList().stream()
                .mapToDouble(pair -> pair.getMetrics().getConvexityGapNats())
                .toArray());
    assertThat(plan.getRecipe().getModelsNeeded())
        .isEqualTo(RecipeComparison.modelsToSee(.5, gaps).orElseThrow());
    assertThat(plan.getRecipe().getPowers(2).getPower())
        .isEqualTo(RecipeComparison.powerToSee(.5, gaps, 12, 12));

    var evaluations = plan.getEvaluations();
    long advised = examples.getAdvisedExampleCount();
    int ofDiagnostic = pilot.getModels(0).getDiagnostics(0).getExampleCount();
    long work = (190 * 9 + 20) * advised + 20L * ofDiagnostic;
    assertThat(evaluations.getExampleEvaluationCount()).isEqualTo(work);
    double pilotWork = (6 * 9 + 4) * 256 + 4 * ofDiagnostic;
    assertThat(evaluations.getSeconds())
        .isCloseTo(work / pilotWork * pilot.getElapsedSeconds(), within(1e-6));
    assertThat(plan.getSentencesList()).anyMatch(said -> said.contains("at the pilot's pace"));

    // What is taken over takes no time, and tells none.
    var again = process.study(TestSpecs.spec("left-0", "left-10", "right-0", "right-9"));
    assertThat(plan(PlanStudyRequest.newBuilder().setPilot(again.getStudy())).getEvaluations())
        .matches(cost -> !cost.hasSeconds());
  }

  @Test
  void plan_fromACurve_scalesItsInterval() {
    var plan =
        plan(
            PlanStudyRequest.newBuilder()
                .setCurve(PilotInterval.newBuilder().setExampleCount(64).setHalfWidthNats(.02))
                .setHalfWidthNats(.01)
                .setScore(ScoreDifference.newBuilder().setDifference(.02).setDisagreement(.1)));
    assertThat(plan.getExamples().getExampleCount()).isEqualTo(256);
    assertThat(plan.getExamples().getSmallPilot()).isTrue();
    assertThat(plan.getScoreExampleCount()).isEqualTo(1960);
    assertThat(plan.getEvaluations().getExampleCount()).isEqualTo(333);
  }

  @Test
  void plan_withNothingToPlanBy_isRefused() {
    assertRefused("name a study", PlanStudyRequest.newBuilder().setHalfWidthNats(.01));
    var spec = TestSpecs.spec("left-0", "right-0").toBuilder();
    spec.setResampling(Resampling.newBuilder().setResampleCount(0));
    var without = process.study(spec.build()).getStudy();
    assertRefused(
        "tells no intervals",
        PlanStudyRequest.newBuilder().setPilot(without).setHalfWidthNats(.01));
    assertRefused(
        "disagree on that share",
        PlanStudyRequest.newBuilder()
            .setScore(ScoreDifference.newBuilder().setDifference(.2).setDisagreement(.1)));
  }

  private PlanStudyResponse plan(PlanStudyRequest.Builder request) {
    return process.stub().planStudy(request.build());
  }

  private void assertRefused(String said, PlanStudyRequest.Builder request) {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, () -> plan(request));
    assertThat(thrown).isNotNull();
    assertThat(StatusProto.fromThrowable(thrown).getMessage()).contains(said);
  }

  private static double halfWidth(PairReport pair) {
    var interval = pair.getUncertainty().getConvexityGap().getInterval();
    return (interval.getHigh() - interval.getLow()) / 2;
  }
}
