package dev.watershed.analysis.curve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.Golden;
import dev.watershed.analysis.UnusableNumbersException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LossCurveTest {
  private static final double TOLERANCE = 1e-9;

  @Test
  void metrics_goldenCurves_equalTheDefinitions() {
    var curves = Golden.curves();
    assertThat(curves).hasSizeGreaterThan(10);
    for (var golden : curves) {
      var curve = LossCurve.of(Golden.doubles(golden, "alphas"), Golden.doubles(golden, "losses"));
      assertThat(curve.barrier().nats())
          .isCloseTo(golden.get("barrier_height").getAsDouble(), within(TOLERANCE));
      assertThat(curve.convexityGap().nats())
          .isCloseTo(golden.get("convexity_gap").getAsDouble(), within(TOLERANCE));
      assertThat(curve.areaNats())
          .isCloseTo(golden.get("area_above_minimum_unit_step").getAsDouble(), within(TOLERANCE));
    }
  }

  @Test
  void improvedConvexityGap_goldenAnalyticCurves_areBetweenTheGapsOfTheTwoGrids() {
    Map<String, DoubleUnaryOperator> losses =
        Map.of(
            "two_bumps",
            x ->
                0.5
                    + 0.3 * Math.exp(-Math.pow((x - 0.31) / 0.03, 2))
                    + 0.2 * Math.exp(-Math.pow((x - 0.77) / 0.05, 2))
                    - 0.1 * x,
            "ripple",
            x -> 0.6 + 0.05 * Math.sin(23 * x) + 0.4 * (x - 0.5) * (x - 0.5),
            "plateau",
            x ->
                0.5
                    + 0.25
                        * (1 / (1 + Math.exp(-60 * (x - 0.4)))
                            - 1 / (1 + Math.exp(-60 * (x - 0.6)))));
    for (var golden : Golden.analyticCurves()) {
      var loss = losses.get(golden.get("name").getAsString());
      assertThat(loss).as(golden.get("name").getAsString()).isNotNull();
      var coarse = sampled(loss, 10);
      var fine = sampled(loss, 100);
      var improved = fine.improvedConvexityGap().orElseThrow();

      assertThat(improved.intervals()).isEqualTo(10);
      assertThat(improved.nats())
          .isCloseTo(
              golden.get("improved_convexity_gap_nested_10").getAsDouble(), within(TOLERANCE));
      assertThat(coarse.barrier().nats())
          .isCloseTo(golden.get("barrier_height_11").getAsDouble(), within(TOLERANCE));
      assertThat(coarse.convexityGap().nats())
          .isCloseTo(golden.get("convexity_gap_11").getAsDouble(), within(TOLERANCE));
      assertThat(fine.convexityGap().nats())
          .isCloseTo(golden.get("convexity_gap_101").getAsDouble(), within(TOLERANCE));
    }
  }

  @Test
  void gaps_publishedMeanCurve_gapSeesWhatTheBarrierMisses() {
    // Juneja et al., figure 1, read off to +-.003, on the 10 points of their code.
    var curve =
        LossCurve.of(
            uniform(9), new double[] {.481, .434, .423, .451, .495, .5005, .462, .435, .449, .505});
    assertThat(curve.barrier().nats()).isCloseTo(.006, within(.001));
    assertThat(curve.convexityGap().nats()).isCloseTo(.070, within(.003));
  }

  @Test
  void convexityGap_certificate_namesTheSubSegmentAndThePoint() {
    var curve = LossCurve.of(new double[] {0, .1, .4, .5, 1}, new double[] {1, .2, .6, .4, 1});
    var gap = curve.convexityGap();
    assertThat(gap.gamma()).isEqualTo(.1);
    assertThat(gap.alpha()).isEqualTo(.4);
    assertThat(gap.beta()).isEqualTo(.5);
    assertThat(gap.nats()).isCloseTo(.6 - (.25 * .2 + .75 * .4), within(1e-15));
    assertThat(curve.barrier()).isEqualTo(new Barrier(0, 0));
  }

  @Test
  void gaps_twoPoints_areZero() {
    var curve = LossCurve.of(new double[] {0, 1}, new double[] {.3, .7});
    assertThat(curve.barrier()).isEqualTo(new Barrier(0, 0));
    assertThat(curve.convexityGap()).isEqualTo(new ConvexityGap(0, 0, 0, 1));
    assertThat(curve.improvedConvexityGap()).isEmpty();
    assertThat(curve.areaNats()).isCloseTo(.2, within(1e-15));
  }

  @Test
  void improvedConvexityGap_gridWithoutSquares_isAbsent() {
    assertThat(sampled(x -> x, 10).improvedConvexityGap()).isEmpty();
    assertThat(sampled(x -> x, 3).improvedConvexityGap()).isEmpty();
  }

  @Test
  void improvedConvexityGap_extraPointsBesideTheNestedGrid_areNotUsed() {
    var curve =
        LossCurve.of(new double[] {0, .25, .5, .6, .75, 1}, new double[] {.1, .1, .1, 9, .1, .1});
    assertThat(curve.improvedConvexityGap()).contains(new ImprovedConvexityGap(0, 2));
    assertThat(curve.convexityGap().nats()).isGreaterThan(8);
  }

  @Test
  void improvedConvexityGap_referenceProtocol_nestsThreeIntervals() {
    assertThat(sampled(x -> x * (1 - x), 9).improvedConvexityGap().orElseThrow().intervals())
        .isEqualTo(3);
  }

  @Test
  void of_unusableNumbers_areRefusedByName() {
    double nan = Double.NaN;
    double infinite = Double.POSITIVE_INFINITY;
    assertRefused("TOO_FEW_POINTS", "alphas", new double[] {0}, new double[] {1});
    assertRefused("TOO_FEW_POINTS", "alphas", new double[] {}, new double[] {});
    assertRefused("ALPHAS_NOT_ASCENDING", "alphas[1]", new double[] {0, nan, 1}, new double[3]);
    assertRefused("ALPHAS_NOT_ASCENDING", "alphas[2]", new double[] {0, .5, .5, 1}, new double[4]);
    assertRefused("ALPHAS_NOT_ASCENDING", "alphas[1]", new double[] {1, 0}, new double[2]);
    assertRefused("ALPHAS_NOT_SPANNING", "alphas[0]", new double[] {.1, 1}, new double[2]);
    assertRefused("ALPHAS_NOT_SPANNING", "alphas[1]", new double[] {0, 1.5}, new double[2]);
    assertRefused("COUNTS_UNEQUAL", "losses_nats", new double[] {0, 1}, new double[3]);
    assertRefused(
        "LOSS_NOT_FINITE", "losses_nats[1]", new double[] {0, .5, 1}, new double[] {0, nan, 1});
    assertRefused(
        "LOSS_NOT_FINITE", "losses_nats[0]", new double[] {0, 1}, new double[] {infinite, 1});
  }

  private static void assertRefused(
      String reason, String parameter, double[] alphas, double[] losses) {
    var refused =
        catchThrowableOfType(UnusableNumbersException.class, () -> LossCurve.of(alphas, losses));
    assertThat(refused).as(reason).isNotNull();
    assertThat(refused.reason()).isEqualTo(reason);
    assertThat(refused.parameter()).isEqualTo(parameter);
  }

  private static LossCurve sampled(DoubleUnaryOperator loss, int intervals) {
    var alphas = uniform(intervals);
    return LossCurve.of(alphas, Arrays.stream(alphas).map(loss).toArray());
  }

  private static double[] uniform(int intervals) {
    return IntStream.rangeClosed(0, intervals).mapToDouble(k -> (double) k / intervals).toArray();
  }
}
