package dev.watershed.analysis.curve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

final class LossCurveProperties {
  private static final double TOLERANCE = 1e-12;

  private record Points(double[] alphas, double[] losses) {
    LossCurve curve() {
      return LossCurve.of(alphas, losses);
    }

    /** The same points with losses of a function added. */
    Points plus(double slope, double intercept) {
      var sums = losses.clone();
      for (int i = 0; i < sums.length; i++) {
        sums[i] += slope * alphas[i] + intercept;
      }
      return new Points(alphas, sums);
    }

    /** The line walked the other way: the models exchanged. */
    Points reversed() {
      int n = alphas.length;
      var other = new double[n];
      var mirrored = new double[n];
      for (int i = 0; i < n; i++) {
        other[i] = i == n - 1 ? 1 : 1 - alphas[n - 1 - i];
        mirrored[i] = losses[n - 1 - i];
      }
      return new Points(other, mirrored);
    }

    @Override
    public String toString() {
      return Arrays.toString(alphas) + " " + Arrays.toString(losses);
    }
  }

  @Property
  void gaps_anyCurve_equalTheNaiveDefinitions(@ForAll("curves") Points points) {
    var curve = points.curve();
    assertThat(curve.barrier().nats())
        .isCloseTo(NaiveGaps.barrier(points.alphas, points.losses), within(TOLERANCE));
    assertThat(curve.convexityGap().nats())
        .isCloseTo(NaiveGaps.convexityGap(points.alphas, points.losses), within(TOLERANCE));
  }

  @Property
  void gaps_anyCurve_areOrdered(@ForAll("curves") Points points) {
    var curve = points.curve();
    assertThat(curve.barrier().nats()).isNotNegative();
    assertThat(curve.convexityGap().nats()).isGreaterThanOrEqualTo(curve.barrier().nats());
  }

  @Property
  void convexityGap_certificate_provesTheGap(@ForAll("curves") Points points) {
    var gap = points.curve().convexityGap();
    assertThat(gap.gamma()).isLessThanOrEqualTo(gap.alpha());
    assertThat(gap.alpha()).isLessThanOrEqualTo(gap.beta());
    double t = (gap.alpha() - gap.gamma()) / (gap.beta() - gap.gamma());
    double chord = (1 - t) * lossAt(points, gap.gamma()) + t * lossAt(points, gap.beta());
    assertThat(lossAt(points, gap.alpha()) - chord).isCloseTo(gap.nats(), within(TOLERANCE));
  }

  @Property
  void gaps_affineCurve_areZero(
      @ForAll("curves") Points points,
      @ForAll @DoubleRange(min = -10, max = 10) double slope,
      @ForAll @DoubleRange(min = -10, max = 10) double intercept) {
    var affine =
        new Points(points.alphas, new double[points.alphas.length]).plus(slope, intercept).curve();
    assertThat(affine.barrier().nats()).isCloseTo(0, within(TOLERANCE));
    assertThat(affine.convexityGap().nats()).isCloseTo(0, within(TOLERANCE));
  }

  @Property
  void gaps_affineFunctionAdded_stayTheSame(
      @ForAll("curves") Points points,
      @ForAll @DoubleRange(min = -10, max = 10) double slope,
      @ForAll @DoubleRange(min = -10, max = 10) double intercept) {
    var moved = points.plus(slope, intercept).curve();
    assertThat(moved.barrier().nats()).isCloseTo(points.curve().barrier().nats(), within(1e-10));
    assertThat(moved.convexityGap().nats())
        .isCloseTo(points.curve().convexityGap().nats(), within(1e-10));
  }

  @Property
  void metrics_modelsExchanged_stayTheSame(@ForAll("curves") Points points) {
    var curve = points.curve();
    var reversed = points.reversed().curve();
    assertThat(reversed.barrier().nats()).isCloseTo(curve.barrier().nats(), within(1e-10));
    assertThat(reversed.convexityGap().nats())
        .isCloseTo(curve.convexityGap().nats(), within(1e-10));
    assertThat(reversed.areaNats()).isCloseTo(curve.areaNats(), within(1e-10));
  }

  @Property
  void gaps_pointInsertedOnTheCurve_stayTheSame(
      @ForAll("curves") Points points, @ForAll @IntRange(max = 1000) int where) {
    int i = where % (points.alphas.length - 1);
    double alpha = (points.alphas[i] + points.alphas[i + 1]) / 2;
    if (alpha <= points.alphas[i] || alpha >= points.alphas[i + 1]) {
      return;
    }
    double t = (alpha - points.alphas[i]) / (points.alphas[i + 1] - points.alphas[i]);
    double loss = (1 - t) * points.losses[i] + t * points.losses[i + 1];
    var finer = new Points(inserted(points.alphas, i, alpha), inserted(points.losses, i, loss));
    assertThat(finer.curve().convexityGap().nats())
        .isCloseTo(points.curve().convexityGap().nats(), within(1e-10));
    assertThat(finer.curve().areaNats()).isCloseTo(points.curve().areaNats(), within(1e-10));
  }

  @Property
  void improvedConvexityGap_nestedGrid_isBetweenTheGapsOfTheTwoGrids(
      @ForAll @IntRange(min = 2, max = 8) int m, @ForAll long seed) {
    var random = new Random(seed);
    var alphas = IntStream.rangeClosed(0, m * m).mapToDouble(k -> (double) k / (m * m)).toArray();
    var losses = random.doubles(alphas.length, 0, 5).toArray();
    var coarseAlphas = IntStream.rangeClosed(0, m).mapToDouble(k -> alphas[k * m]).toArray();
    var coarseLosses = IntStream.rangeClosed(0, m).mapToDouble(k -> losses[k * m]).toArray();
    var fine = LossCurve.of(alphas, losses);
    var improved = fine.improvedConvexityGap().orElseThrow();

    assertThat(improved.intervals()).isEqualTo(m);
    assertThat(improved.nats())
        .isGreaterThanOrEqualTo(
            LossCurve.of(coarseAlphas, coarseLosses).convexityGap().nats() - TOLERANCE)
        .isLessThanOrEqualTo(fine.convexityGap().nats() + TOLERANCE)
        .isCloseTo(naiveNestedGap(losses, m), within(TOLERANCE));
  }

  @Provide
  Arbitrary<Points> curves() {
    var inner =
        Arbitraries.doubles().between(1e-4, 1 - 1e-4).ofScale(4).set().ofMinSize(0).ofMaxSize(40);
    return inner.flatMap(
        set -> {
          var alphas =
              IntStream.range(0, set.size() + 2).mapToDouble(i -> i == 0 ? 0 : 1).toArray();
          var sorted = set.stream().mapToDouble(Double::doubleValue).sorted().toArray();
          System.arraycopy(sorted, 0, alphas, 1, sorted.length);
          return Combinators.combine(
                  Arbitraries.just(alphas),
                  Arbitraries.doubles().between(0, 20).array(double[].class).ofSize(alphas.length))
              .as(Points::new);
        });
  }

  private static double lossAt(Points points, double alpha) {
    return points.losses[Arrays.binarySearch(points.alphas, alpha)];
  }

  private static double[] inserted(double[] values, int after, double value) {
    var longer = new double[values.length + 1];
    System.arraycopy(values, 0, longer, 0, after + 1);
    longer[after + 1] = value;
    System.arraycopy(values, after + 1, longer, after + 2, values.length - after - 1);
    return longer;
  }

  private static double naiveNestedGap(double[] losses, int m) {
    double gap = 0;
    for (int i = 0; i <= m; i++) {
      for (int j = i + 1; j <= m; j++) {
        var sampled = new double[m + 1];
        var unit = new double[m + 1];
        for (int k = 0; k <= m; k++) {
          unit[k] = (double) k / m;
          sampled[k] = losses[(int) Math.round(((double) i / m + unit[k] * (j - i) / m) * m * m)];
        }
        gap = Math.max(gap, NaiveGaps.convexityGap(unit, sampled));
      }
    }
    return gap;
  }
}
