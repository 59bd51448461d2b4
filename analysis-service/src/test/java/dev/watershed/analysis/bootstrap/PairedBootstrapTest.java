package dev.watershed.analysis.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import dev.watershed.analysis.Golden;
import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.statistics.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

final class PairedBootstrapTest {
  private static final Offset<Double> EXACT = within(1e-10);
  private static final double LEVEL = Interval.LEVEL;

  @Test
  void draws_goldenSeeds_areTheGoldenIndices() {
    var golden = Golden.statistics("bootstrap");
    for (var check : Golden.objects(golden.getAsJsonObject("resampling"), "checks")) {
      int resample = check.get("resample").getAsInt();
      int n = check.get("n").getAsInt();
      var draws = Draws.of(check.get("seed").getAsLong(), resample + 1, n);
      assertThat(draws.index(resample, check.get("place").getAsInt()))
          .isEqualTo(check.get("index").getAsInt());
    }
    for (var curve : Golden.objects(golden, "curves")) {
      var explicit = Golden.indices(curve, "resample_indices");
      var draws =
          Draws.of(curve.get("resample_seed").getAsLong(), explicit.length, explicit[0].length);
      for (int b = 0; b < explicit.length; b++) {
        assertThat(draws.resample(b)).isEqualTo(explicit[b]);
      }
    }
  }

  @Test
  void of_goldenCurves_givesTheGoldenIntervals() {
    for (var golden : Golden.objects(Golden.statistics("bootstrap"), "curves")) {
      var examples = GoldenDraws.curve(golden, "losses");
      var expected = golden.getAsJsonObject("expected");
      var metrics = expected.getAsJsonObject("metrics");
      var found =
          new PairedBootstrap(GoldenDraws.of(golden), LEVEL)
              .of(List.of(examples), () -> {})
              .getFirst();

      assertThat(examples.means()).containsExactly(Golden.doubles(expected, "mean_curve"), EXACT);
      assertResampled(
          found.barrierHeight(), examples, c -> c.barrier().nats(), metrics, "barrier_height");
      assertResampled(
          found.convexityGap(), examples, c -> c.convexityGap().nats(), metrics, "convexity_gap");
      assertResampled(found.area(), examples, LossCurve::areaNats, metrics, "area");
      assertThat(found.improvedConvexityGap().isPresent())
          .isEqualTo(metrics.has("improved_convexity_gap"));
      found
          .improvedConvexityGap()
          .ifPresent(
              improved ->
                  assertResampled(
                      improved,
                      examples,
                      c -> c.improvedConvexityGap().orElseThrow().nats(),
                      metrics,
                      "improved_convexity_gap"));
      var test = expected.getAsJsonObject("zero_test");
      assertThat(found.zeroTestP()).isCloseTo(Golden.number(test, "p"), within(1e-8));
      assertThat(LossCurve.of(examples.alphas(), examples.means()).lowerHullNats())
          .containsExactly(Golden.doubles(test, "lower_hull"), EXACT);
      var interval = expected.getAsJsonObject("convexity_gap_interval");
      assertInterval(found.gapInterval(), interval);
      assertThat(found.gapMayBeZero())
          .isEqualTo(interval.get("lower_end_set_to_zero").getAsBoolean());
      var band = expected.getAsJsonObject("curve_band");
      for (int a = 0; a < found.band().length; a++) {
        assertThat(found.band()[a].low()).isCloseTo(Golden.doubles(band, "low")[a], EXACT);
        assertThat(found.band()[a].high()).isCloseTo(Golden.doubles(band, "high")[a], EXACT);
      }
    }
  }

  @Test
  void difference_golden_givesTheGoldenInterval() {
    var golden = Golden.statistics("bootstrap").getAsJsonObject("difference");
    var first = GoldenDraws.curve(golden, "losses_first");
    var second = GoldenDraws.curve(golden, "losses_second");
    var both =
        new PairedBootstrap(GoldenDraws.of(golden), LEVEL).of(List.of(first, second), () -> {});

    var difference =
        PairedBootstrap.difference(both.get(0).convexityGap(), both.get(1).convexityGap());
    ToDoubleFunction<LossCurve> gap = curve -> curve.convexityGap().nats();
    var leftOut = PairedBootstrap.leavingOneOut(first, gap, () -> {});
    var leftOutOfSecond = PairedBootstrap.leavingOneOut(second, gap, () -> {});
    for (int i = 0; i < leftOut.length; i++) {
      leftOut[i] -= leftOutOfSecond[i];
    }
    assertResampled(difference, leftOut, golden.getAsJsonObject("expected"));
  }

  @Test
  void difference_goldenChanges_giveTheGoldenIntervals() {
    for (var golden : Golden.objects(Golden.statistics("comparison"), "deltas_of_one_pair")) {
      var start = GoldenDraws.curve(golden, "losses_start");
      var end = GoldenDraws.curve(golden, "losses_end");
      var both =
          new PairedBootstrap(GoldenDraws.of(golden), LEVEL).of(List.of(start, end), () -> {});
      var expected = golden.getAsJsonObject("expected");

      assertEstimates(
          PairedBootstrap.difference(both.get(1).barrierHeight(), both.get(0).barrierHeight()),
          expected.getAsJsonObject("barrier_height"));
      assertEstimates(
          PairedBootstrap.difference(both.get(1).convexityGap(), both.get(0).convexityGap()),
          expected.getAsJsonObject("convexity_gap"));
      assertEstimates(
          PairedBootstrap.difference(both.get(1).area(), both.get(0).area()),
          expected.getAsJsonObject("area"));
    }
  }

  /** Many curves at once are what each is by itself, to the last bit. */
  @Test
  void of_curvesTogether_areAsAlone() {
    var random = new Random(1);
    var curves = new ArrayList<ExampleCurve>();
    for (int points : new int[] {2, 3, 10, 11, 5}) {
      curves.add(noisy(points, 67, random));
    }
    var bootstrap = new PairedBootstrap(Draws.of(3, 50, 67), LEVEL);
    var together = bootstrap.of(curves, () -> {});
    for (int i = 0; i < curves.size(); i++) {
      var alone = bootstrap.of(List.of(curves.get(i)), () -> {}).getFirst();
      assertThat(together.get(i)).usingRecursiveComparison().isEqualTo(alone);
    }
  }

  /** Against a naive way: every resample's curve averaged example by example. */
  @Test
  void of_anyCurve_isAsTheDefinitionSays() {
    var examples = noisy(9, 64, new Random(2));
    var draws = Draws.of(5, 100, 64);
    var found = new PairedBootstrap(draws, LEVEL).of(List.of(examples), () -> {}).getFirst();
    for (int b = 0; b < draws.count(); b++) {
      var mean = new double[9];
      for (int place = 0; place < 64; place++) {
        for (int a = 0; a < mean.length; a++) {
          mean[a] += examples.losses()[a][draws.index(b, place)] / 64;
        }
      }
      var curve = LossCurve.of(examples.alphas(), mean);
      assertThat(found.convexityGap().replicates()[b])
          .isCloseTo(curve.convexityGap().nats(), within(1e-12));
    }
  }

  @Test
  void of_identicalModels_isZeroForSure() {
    var flat = new double[11][64];
    for (var losses : flat) {
      for (int i = 0; i < losses.length; i++) {
        losses[i] = i % 7 / 10.0;
      }
    }
    var alphas = alphas(11);
    var found =
        new PairedBootstrap(Draws.of(0, 200, 64), LEVEL)
            .of(List.of(new ExampleCurve(alphas, flat)), () -> {})
            .getFirst();
    assertThat(found.gapInterval().low()).isZero();
    assertThat(found.gapInterval().high()).isLessThan(1e-12);
    assertThat(found.gapMayBeZero()).isTrue();
    assertThat(found.convexityGap().estimate()).isLessThan(1e-12);
  }

  @Test
  void curve_lossNotFiniteOrCountsUnequal_isRefused() {
    var alphas = alphas(3);
    var losses = new double[3][4];
    losses[1][2] = Double.NaN;
    assertThatThrownBy(() -> new ExampleCurve(alphas, losses))
        .isInstanceOfSatisfying(
            UnusableNumbersException.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo("LOSS_NOT_FINITE");
              assertThat(refused.parameter()).isEqualTo("example_losses[1][2]");
            });
    assertThatThrownBy(() -> new ExampleCurve(alphas, new double[2][4]))
        .hasMessageContaining("2 rows");
    assertThatThrownBy(() -> new ExampleCurve(alphas, new double[][] {{1}, {1, 2}, {1}}))
        .hasMessageContaining("2 losses at alpha");
  }

  private static double[] alphas(int points) {
    var alphas = new double[points];
    for (int a = 0; a < points; a++) {
      alphas[a] = (double) a / (points - 1);
    }
    return alphas;
  }

  private static ExampleCurve noisy(int points, int n, Random random) {
    var alphas = alphas(points);
    var losses = new double[points][n];
    for (int a = 0; a < points; a++) {
      for (int i = 0; i < n; i++) {
        losses[a][i] = alphas[a] * (1 - alphas[a]) + random.nextDouble();
      }
    }
    return new ExampleCurve(alphas, losses);
  }

  private static void assertResampled(
      Resampled found,
      ExampleCurve examples,
      ToDoubleFunction<LossCurve> metric,
      JsonObject metrics,
      String name) {
    assertResampled(
        found,
        PairedBootstrap.leavingOneOut(examples, metric, () -> {}),
        metrics.getAsJsonObject(name));
  }

  static void assertResampled(Resampled found, double[] leftOut, JsonObject expected) {
    assertEstimates(found, expected);
    if (expected.has("replicates")) {
      assertThat(found.replicates()).containsExactly(Golden.doubles(expected, "replicates"), EXACT);
    }
    if (expected.get("bca").isJsonNull()) {
      assertThat(found.bca(LEVEL, leftOut).low()).isNaN();
    } else {
      assertThat(found.z0()).isCloseTo(Golden.number(expected, "z0"), within(1e-8));
      assertThat(Resampled.acceleration(leftOut))
          .isCloseTo(Golden.number(expected, "acceleration"), within(1e-8));
      assertInterval(found.bca(LEVEL, leftOut), expected.getAsJsonObject("bca"), within(1e-8));
    }
  }

  static void assertEstimates(Resampled found, JsonObject expected) {
    assertThat(found.estimate()).isCloseTo(Golden.number(expected, "estimate"), EXACT);
    assertThat(found.standardError()).isCloseTo(Golden.number(expected, "standard_error"), EXACT);
    assertThat(found.bias()).isCloseTo(Golden.number(expected, "bias"), EXACT);
    assertThat(found.biasCorrected()).isCloseTo(Golden.number(expected, "bias_corrected"), EXACT);
    assertInterval(found.percentile(LEVEL), expected.getAsJsonObject("percentile"));
    assertInterval(found.basic(LEVEL), expected.getAsJsonObject("basic"));
    assertInterval(
        found.normal(LEVEL), expected.getAsJsonObject("normal_bias_corrected"), within(1e-8));
  }

  private static void assertInterval(Interval found, JsonObject expected) {
    assertInterval(found, expected, EXACT);
  }

  private static void assertInterval(Interval found, JsonObject expected, Offset<Double> offset) {
    assertThat(found.low()).isCloseTo(Golden.number(expected, "low"), offset);
    assertThat(found.high()).isCloseTo(Golden.number(expected, "high"), offset);
  }
}
