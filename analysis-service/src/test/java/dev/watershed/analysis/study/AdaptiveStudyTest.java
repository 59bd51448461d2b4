package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.curve.AdaptiveCurve;
import dev.watershed.analysis.curve.AdaptiveRule;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.Warning;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Studies that choose their alphas pair by pair. */
final class AdaptiveStudyTest extends ServedStudies {
  private static final String[] MODELS = {"left-0", "right-0", "left-1", "right-1"};
  private static final double TOLERANCE = .005;

  @Test
  void study_defaults_knowsEveryGapToTheToleranceWithFewerEvaluations() {
    var report = process.study(adaptive(MODELS));

    assertThat(report.getSpec().getAdaptive())
        .isEqualTo(
            AdaptiveAlphas.newBuilder()
                .setToleranceNats(TOLERANCE)
                .setInitialIntervalCount(5)
                .setFinestIntervalCount(80)
                .setCurvatureMargin(2)
                .build());
    assertThat(evaluator.evaluations.values()).containsOnly(1);
    assertThat(report.getCost().getComputedPoints()).isEqualTo(evaluator.total());
    int interior = 0;
    for (var pair : report.getPairsList()) {
      double truth = gap(pair, 2000);
      double measured = pair.getMetrics().getConvexityGapNats();
      assertThat(pair.getConvexityGapToleranceNats()).isBetween(0.0, TOLERANCE);
      assertThat(truth).isBetween(measured - 1e-9, measured + pair.getConvexityGapToleranceNats());
      assertThat(pair.getAccuraciesCount()).isEqualTo(pair.getCurve().getAlphasCount());
      assertThat(pair.getMetrics().hasImprovedConvexityGapNats()).isFalse();
      interior += pair.getCurve().getAlphasCount() - 2;
    }
    assertThat(report.getCost().getComputedPoints()).isEqualTo(interior + 4 * 2);
    // Two pairs lie within a well: a few points do. Four cross the ridge.
    assertThat(report.getPairs(1).getCurve().getAlphasCount()).isEqualTo(6);
    assertThat(report.getPairs(0).getCurve().getAlphasCount()).isBetween(10, 25);
    assertThat(report.getCost().getEqualGridPoints())
        .isEqualTo(
            report.getPairsList().stream().mapToInt(pair -> equalIntervals(pair) - 1).sum() + 4 * 2)
        .isGreaterThan(2 * report.getCost().getComputedPoints());
    assertThat(report.getWarningsList())
        .extracting(Warning::getMessage)
        .noneMatch(warning -> warning.contains("finest"));
  }

  @Test
  void study_finestSpacingTooCoarse_saysHowWellTheGapsAreKnown() {
    var spec = adaptive(MODELS).toBuilder();
    spec.getAdaptiveBuilder().setToleranceNats(1e-4).setFinestIntervalCount(20);
    var report = process.study(spec.build());

    var crossing = report.getPairs(0);
    assertThat(crossing.getConvexityGapToleranceNats()).isGreaterThan(1e-4);
    assertThat(gap(crossing, 2000))
        .isLessThanOrEqualTo(
            crossing.getMetrics().getConvexityGapNats() + crossing.getConvexityGapToleranceNats());
    assertThat(report.getWarningsList())
        .extracting(Warning::getMessage)
        .anySatisfy(
            warning ->
                assertThat(warning)
                    .startsWith("The convexity gaps of 4 of 6 pairs are known to ")
                    .contains("1/20"));
  }

  @Test
  void study_brokenOff_choosesTheSameAlphasAndAsksForTheMissingOnesOnly() throws Exception {
    var whole = process.study(adaptive(MODELS));
    // Other weights, so that nothing of the first study helps.
    evaluator.version = "2";
    evaluator.evaluations.clear();
    var halted = new CountDownLatch(1);
    var forever = new CountDownLatch(1);
    var points = new AtomicInteger();
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() > 31) {
            halted.countDown();
            StudyProcess.await(forever);
          }
        };
    var name = process.create(adaptive(MODELS)).getName();
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    process.close();
    forever.countDown();
    evaluator.beforePoint = evaluation -> {};
    startProcess(Map.of());
    var ended = process.await(name);

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(process.report(name).getPairsList()).isEqualTo(whole.getPairsList());
    assertThat(ended.getProgress().getCompletedPoints())
        .isEqualTo(whole.getCost().getComputedPoints())
        .isEqualTo(ended.getProgress().getTotalPoints());
    assertThat(evaluator.evaluations.keySet()).hasSize((int) whole.getCost().getComputedPoints());
    assertThat(evaluator.evaluations.values().stream().filter(times -> times > 1).count())
        .as("points in flight")
        .isLessThanOrEqualTo(2);
  }

  @Test
  void study_whatOthersKnow_isTakenOverWithoutAnotherChoiceOfAlphas() {
    var alone = process.study(adaptive(MODELS));
    evaluator.version = "2";
    process.study(spec(MODELS).toBuilder().setIntervalCount(80).build());
    evaluator.evaluations.clear();
    var helped = process.study(adaptive(MODELS));

    assertThat(evaluator.total()).isZero();
    assertThat(helped.getPairsList()).isEqualTo(alone.getPairsList());
    assertThat(helped.getCost().getReusedPoints()).isEqualTo(alone.getCost().getComputedPoints());
    assertThat(helped.getCost().getEqualGridPoints())
        .isEqualTo(alone.getCost().getEqualGridPoints());

    // And a tighter one begins with what a looser one found.
    var tighter = adaptive(MODELS).toBuilder();
    tighter.getAdaptiveBuilder().setToleranceNats(.001);
    evaluator.version = "1";
    process.study(adaptive(MODELS));
    evaluator.evaluations.clear();
    var tight = process.study(tighter.build());
    assertThat(tight.getCost().getReusedPoints()).isPositive();
    assertThat(tight.getCost().getComputedPoints()).isEqualTo(evaluator.total()).isPositive();
  }

  @Test
  void study_pathThatDiverges_isNotRefined() {
    var report = process.study(adaptive("left-0", "left-1", "void-0"));
    var wall = report.getPairs(1);

    assertThat(wall.getCurve().getAlphasCount()).isEqualTo(6);
    assertThat(wall.hasConvexityGapToleranceNats()).isFalse();
    assertThat(wall.getDistance()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(report.getCost().getEqualGridPoints())
        .isEqualTo(report.getCost().getComputedPoints());
  }

  @Test
  void dynamics_adaptiveStudies_compareWhereTheirRuleIsOne() {
    var first = process.create(adaptive(MODELS)).getName();
    process.await(first);
    evaluator.version = "2";
    var second = process.create(adaptive(MODELS)).getName();
    process.await(second);
    var tight = adaptive(MODELS).toBuilder();
    tight.getAdaptiveBuilder().setToleranceNats(.001);
    var third = process.create(tight.build()).getName();
    process.await(third);
    var fixed = process.create(spec(MODELS).toBuilder().setIntervalCount(80).build()).getName();
    process.await(fixed);

    var dynamics = process.analyze(request(first, second));
    assertThat(dynamics.getChanges(0).getConvexityGap().getMeanNats()).isZero();
    assertThat(dynamics.getSteps(0).hasMeanImprovedConvexityGapNats()).isFalse();
    assertThat(dynamics.getWarningsList())
        .extracting(Warning::getMessage)
        .anySatisfy(warning -> assertThat(warning).contains("known to 0.005 nats"));
    for (var other : List.of(third, fixed)) {
      var status =
          catchThrowableOfType(
              StatusRuntimeException.class, () -> process.analyze(request(first, other)));
      assertThat(status).hasMessageContaining("adaptive alphas (5 to 80 intervals");
    }
  }

  private static AnalyzeDynamicsRequest request(String first, String second) {
    return AnalyzeDynamicsRequest.newBuilder()
        .addStudies(StepStudy.newBuilder().setStudy(first).setStep(1))
        .addStudies(StepStudy.newBuilder().setStudy(second).setStep(2))
        .build();
  }

  private static StudySpec adaptive(String... models) {
    return spec(models).toBuilder().setAdaptive(AdaptiveAlphas.getDefaultInstance()).build();
  }

  /** The gap of a pair's losses on a dense grid. */
  private static double gap(PairReport pair, int intervals) {
    var alphas =
        IntStream.rangeClosed(0, intervals).mapToDouble(i -> (double) i / intervals).toArray();
    var losses = Doubles.asList(alphas).stream().mapToDouble(alpha -> loss(pair, alpha)).toArray();
    return LossCurve.of(alphas, losses).convexityGap().nats();
  }

  /** The coarsest equal grid that meets the tolerance, by measuring on each. */
  private static int equalIntervals(PairReport pair) {
    int intervals = 5;
    for (; intervals < 80; intervals *= 2) {
      var points = new TreeMap<Integer, Double>();
      for (int i = 0; i <= intervals; i++) {
        points.put(i, loss(pair, (double) i / intervals));
      }
      if (AdaptiveCurve.of(new AdaptiveRule(TOLERANCE, intervals, intervals, 2), points)
              .excessNats()
          <= TOLERANCE) {
        break;
      }
    }
    return intervals;
  }

  private static double loss(PairReport pair, double alpha) {
    double a = FakeEvaluator.position("checkpoints/" + MODELS[pair.getModelA()]);
    double b = FakeEvaluator.position("checkpoints/" + MODELS[pair.getModelB()]);
    return FakeEvaluator.loss(alpha * a + (1 - alpha) * b);
  }
}
