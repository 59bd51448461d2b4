package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.sample;
import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.ExtremeModels;
import dev.watershed.analysis.v1.MeanCurve;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Score;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Diagnostics that are measured along the lines between models. */
final class DiagnosticCurvesTest extends ServedStudies {
  private static final List<String> MODELS =
      List.of("left-0", "right-0", "left-1", "right-1", "left-2", "right-2");

  /** A second diagnostic, by loss, is measured along curves. */
  private static StudySpec.Builder along() {
    return spec(MODELS.toArray(String[]::new)).toBuilder()
        .addDiagnostics(
            Diagnostic.newBuilder()
                .setSample(sample("along"))
                .setScore(Score.SCORE_MEAN_LOSS)
                .setAlongCurves(true))
        .setExtremeModelCount(3);
  }

  private static double position(int model, int other, double alpha) {
    return alpha * FakeEvaluator.position("checkpoints/" + MODELS.get(model))
        + (1 - alpha) * FakeEvaluator.position("checkpoints/" + MODELS.get(other));
  }

  @Test
  void report_alongCurves_hasThePointsBetweenTheEnds() {
    var report = process.study(along().build());

    assertThat(report.getPairsList()).hasSize(15);
    for (var pair : report.getPairsList()) {
      assertThat(pair.getDiagnosticCurvesList()).hasSize(1);
      var curve = pair.getDiagnosticCurves(0);
      assertThat(curve.getDiagnostic()).isEqualTo(1);
      assertThat(curve.getCurve().getAlphasList())
          .isEqualTo(pair.getCurve().getAlphasList())
          .hasSize(11);
      for (int i = 0; i < 11; i++) {
        double expected =
            FakeEvaluator.loss(
                position(pair.getModelA(), pair.getModelB(), curve.getCurve().getAlphas(i)));
        assertThat(curve.getCurve().getLossesNats(i)).isEqualTo(expected);
        assertThat(curve.getScores(i)).isEqualTo(expected);
      }
      assertThat(curve.getMetrics().getConvexityGapNats())
          .isEqualTo(
              LossCurve.of(
                      Doubles.toArray(curve.getCurve().getAlphasList()),
                      Doubles.toArray(curve.getCurve().getLossesNatsList()))
                  .convexityGap()
                  .nats());
    }
    // The fake's loss is one of all samples: the surface shows the same basins.
    var surface =
        report.getVariantsList().stream().filter(DistanceVariant::hasAlongDiagnostic).toList();
    assertThat(surface)
        .extracting(DistanceVariant::getDistance, DistanceVariant::getAlongDiagnostic)
        .containsExactly(
            tuple(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP, 1),
            tuple(DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT, 1));
    assertThat(surface.get(0).getAgreement()).isEqualTo(1);
    assertThat(surface.get(0).getVerdict().getAssignmentsList())
        .isEqualTo(report.getVerdict().getAssignmentsList());
    assertThat(surface.get(0).getAgainstChosen().getFit().getPearsonR())
        .isCloseTo(1, within(1e-12));
    assertThat(evaluator.total("along")).isEqualTo(6 + 15 * 9);
    assertThat(evaluator.total("diagnostic")).isEqualTo(6);
    assertThat(report.getCost().getComputedPoints()).isEqualTo(3 * 6 + 2 * 15 * 9);
  }

  /** Whichever model is called A: the mean over both directions of a line. */
  @Test
  void report_extremes_areTheBestAndTheWorstWithTheirMeanCurves() {
    var report = process.study(along().build());

    assertThat(report.getExtremesList())
        .extracting(ExtremeModels::getDiagnostic, ExtremeModels::getBest)
        .containsExactly(tuple(0, true), tuple(0, false), tuple(1, true), tuple(1, false));
    // "diagnostic" is accurate on the right; a loss is better the nearer to the bottom of a well.
    assertThat(report.getExtremes(0).getModelsList()).containsExactlyInAnyOrder(1, 3, 5);
    assertThat(report.getExtremes(1).getModelsList()).containsExactly(0, 2, 4);
    assertThat(report.getExtremes(2).getModelsList().subList(0, 2)).containsExactlyInAnyOrder(0, 1);
    for (var extreme : report.getExtremesList()) {
      assertThat(extreme.getCurvesList())
          .extracting(MeanCurve::getSample)
          .containsExactly("in-domain", "along");
      for (var curve : extreme.getCurvesList()) {
        for (int a = 0; a < 11; a++) {
          double sum = 0;
          for (int i : extreme.getModelsList()) {
            for (int j : extreme.getModelsList()) {
              sum += i == j ? 0 : FakeEvaluator.loss(position(i, j, curve.getAlphas(a)));
            }
          }
          assertThat(curve.getLossesNats(a)).isCloseTo(sum / 6, within(1e-12));
          assertThat(curve.getLossesNats(a)).isBetween(curve.getLowNats(a), curve.getHighNats(a));
        }
      }
    }
  }

  @Test
  void report_fewModelsOrNoneAskedFor_hasNoExtremes() {
    assertThat(process.study(along().setExtremeModelCount(0).build()).getExtremesList()).isEmpty();
    var three = along();
    three.removeModels(5).removeModels(4).removeModels(3);
    assertThat(process.study(three.build()).getExtremesList()).isEmpty();
  }

  @Test
  void study_callThatBreaksOff_asksForWhatIsMissingAlone() {
    var once = new AtomicBoolean();
    evaluator.beforePoint =
        point -> {
          if (point.sample().equals("along")
              && point.models().endsWith(" 0.4")
              && once.compareAndSet(false, true)) {
            throw RefusedException.resourceExhausted("FULL", "full", Duration.ofMillis(1));
          }
        };
    var report = process.study(along().build());

    assertThat(once).isTrue();
    assertThat(report).extracting(StudyReport::getPairsCount).isEqualTo(15);
    assertThat(evaluator.evaluations.entrySet())
        .filteredOn(entry -> entry.getKey().sample().equals("along"))
        .hasSize(6 + 15 * 9)
        .allSatisfy(entry -> assertThat(entry.getValue()).isEqualTo(1));
  }

  @Test
  void report_adaptiveAlphas_hasDiagnosticsAtThoseOfTheFirstRound() {
    var spec = along().setAdaptive(AdaptiveAlphas.newBuilder().setInitialIntervalCount(5));
    var report = process.study(spec.build());

    for (var pair : report.getPairsList()) {
      assertThat(pair.getDiagnosticCurves(0).getCurve().getAlphasList())
          .hasSize(6)
          .isSubsetOf(pair.getCurve().getAlphasList());
    }
    assertThat(report.getPairsList()).anyMatch(pair -> pair.getCurve().getAlphasCount() > 6);
    assertThat(report.getExtremes(0).getCurves(0).getAlphasCount()).isEqualTo(6);
    assertThat(evaluator.total("along")).isEqualTo(6 + 15 * 4);
  }

  @Test
  void report_lossThatIsNotFinite_hasNoMetricsOfIt() {
    var spec = along().clearModels();
    for (var name : List.of("left-0", "void-1")) {
      spec.addModelsBuilder().setCheckpoint("checkpoints/" + name);
    }
    var pair = process.study(spec.build()).getPairs(0);

    assertThat(pair.getDiagnosticCurves(0).getCurve().getLossesNatsList())
        .anyMatch(loss -> loss.isNaN());
    assertThat(pair.getDiagnosticCurves(0).hasMetrics()).isFalse();
  }
}
