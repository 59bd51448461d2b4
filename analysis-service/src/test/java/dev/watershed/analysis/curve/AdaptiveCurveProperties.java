package dev.watershed.analysis.curve;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

final class AdaptiveCurveProperties {
  private static final int DENSE = 2000;

  /** A sum of cosines, whose second derivative is known. */
  private record Waves(List<double[]> waves) {
    double at(double alpha) {
      return 2
          + waves.stream().mapToDouble(wave -> wave[0] * Math.cos(wave[1] * alpha + wave[2])).sum();
    }

    double secondDerivative(double alpha) {
      return waves.stream()
          .mapToDouble(wave -> -wave[0] * wave[1] * wave[1] * Math.cos(wave[1] * alpha + wave[2]))
          .sum();
    }

    @Override
    public String toString() {
      return waves.stream().map(Arrays::toString).toList().toString();
    }
  }

  private record Measured(SortedMap<Integer, Double> points, List<List<Integer>> rounds) {}

  @Property(tries = 500)
  void excess_curveThatBendsAsAssumed_boundsTheTrueGap(
      @ForAll("rules") AdaptiveRule rule, @ForAll("waves") Waves waves) {
    var points = measure(rule, waves::at).points;
    // Whether the assumption holds of a curve is another question, asked below.
    if (bendsAsAssumed(rule, points, waves)) {
      double excess = AdaptiveCurve.of(rule, points).excessNats();
      double truth = denseGap(rule, waves::at);
      assertThat(truth).isBetween(gap(rule, points) - 1e-9, gap(rule, points) + excess + 1e-9);
    }
  }

  @Property(tries = 500)
  void excess_wavesLongerThanTwoFirstIntervals_boundsTheTrueGapByTheTolerance(
      @ForAll("waves") Waves waves) {
    var rule = new AdaptiveRule(.005, 10, 160, 2);
    var points = measure(rule, waves::at).points;

    assertThat(AdaptiveCurve.of(rule, points).excessNats()).isLessThanOrEqualTo(.005);
    assertThat(denseGap(rule, waves::at))
        .isBetween(gap(rule, points) - 1e-9, gap(rule, points) + .005);
  }

  @Property(tries = 300)
  void next_anyCurve_halvesIntervalsOfTheFinestGridAndEnds(
      @ForAll("rules") AdaptiveRule rule, @ForAll long seed, @ForAll boolean smooth) {
    var random = new Random(seed);
    var noise = random.doubles(rule.finestIntervals() + 1, 0, 5).toArray();
    DoubleUnaryOperator curve =
        alpha ->
            noise[smooth ? 0 : (int) Math.round(alpha * rule.finestIntervals())]
                + Math.sin(7 * alpha);
    var measured = measure(rule, curve);

    var seen = new TreeMap<Integer, Double>();
    AdaptiveCurve.begin(rule).forEach(place -> seen.put(place, 0.0));
    for (var round : measured.rounds) {
      assertThat(round).isSorted().doesNotHaveDuplicates();
      for (int place : round) {
        assertThat(seen).doesNotContainKey(place);
        assertThat(place - seen.headMap(place).lastKey())
            .isEqualTo(seen.tailMap(place).firstKey() - place);
      }
      round.forEach(place -> seen.put(place, 0.0));
    }
    assertThat(measured.points.size()).isLessThanOrEqualTo(rule.finestIntervals() + 1);
    var ended = AdaptiveCurve.of(rule, measured.points);
    assertThat(ended.excessNats()).isNotNegative();
    if (measured.points.size() == rule.finestIntervals() + 1) {
      assertThat(ended.equalIntervals()).isEqualTo(rule.finestIntervals());
    }
  }

  @Property(tries = 200)
  void next_samePoints_isTheSame(@ForAll("rules") AdaptiveRule rule, @ForAll("waves") Waves waves) {
    assertThat(measure(rule, waves::at)).isEqualTo(measure(rule, waves::at));
  }

  /** The number that reports tell, against the rule on grids that are really measured. */
  @Property(tries = 300)
  void equalIntervals_smoothCurve_isTheCoarsestGridThatMeetsTheTolerance(
      @ForAll("waves") Waves waves) {
    var rule = new AdaptiveRule(.005, 10, 160, 2);
    int told = AdaptiveCurve.of(rule, measure(rule, waves::at).points).equalIntervals();
    int found = coarsestEqualGrid(rule, waves::at, 1);
    // A spline stands in for what was not measured, and is off by up to the tolerance there: only a
    // grid that half or twice the tolerance would choose too must be told.
    if (found == coarsestEqualGrid(rule, waves::at, .5)
        && found == coarsestEqualGrid(rule, waves::at, 2)) {
      assertThat(told).isEqualTo(found);
    } else {
      assertThat(told).isBetween(found / 2, found * 2);
    }
  }

  @Property(tries = 200)
  void excess_affineFunctionAdded_staysTheSame(
      @ForAll("rules") AdaptiveRule rule, @ForAll("waves") Waves waves) {
    var points = measure(rule, waves::at).points;
    var tilted = new TreeMap<Integer, Double>();
    points.forEach((place, loss) -> tilted.put(place, loss + 3 - 2.0 * place / 10));
    assertThat(AdaptiveCurve.of(rule, tilted).excessNats())
        .isCloseTo(AdaptiveCurve.of(rule, points).excessNats(), within(1e-9));
  }

  private static int coarsestEqualGrid(
      AdaptiveRule rule, DoubleUnaryOperator curve, double tolerances) {
    int intervals = rule.initialIntervals();
    for (; intervals < rule.finestIntervals(); intervals *= 2) {
      var equal =
          new AdaptiveRule(rule.toleranceNats(), intervals, intervals, rule.curvatureMargin());
      var points = new TreeMap<Integer, Double>();
      for (int place = 0; place <= intervals; place++) {
        points.put(place, curve.applyAsDouble((double) place / intervals));
      }
      if (AdaptiveCurve.of(equal, points).excessNats() <= tolerances * rule.toleranceNats()) {
        break;
      }
    }
    return intervals;
  }

  /** The assumption as the contract states it, looked at densely. */
  private static boolean bendsAsAssumed(
      AdaptiveRule rule, SortedMap<Integer, Double> points, Waves waves) {
    var places = List.copyOf(points.keySet());
    for (int j = 0; j + 1 < places.size(); j++) {
      double seen = 0;
      for (int i = Math.max(1, j - 1); i <= Math.min(places.size() - 2, j + 2); i++) {
        seen = Math.max(seen, Math.abs(secondDifference(rule, points, places, i)));
      }
      for (int k = 0; k <= 50; k++) {
        double place = places.get(j) + (places.get(j + 1) - places.get(j)) * k / 50.0;
        if (Math.abs(waves.secondDerivative(place / rule.finestIntervals()))
            > rule.curvatureMargin() * seen) {
          return false;
        }
      }
    }
    return true;
  }

  private static double secondDifference(
      AdaptiveRule rule, SortedMap<Integer, Double> points, List<Integer> places, int i) {
    double a = (double) places.get(i - 1) / rule.finestIntervals();
    double b = (double) places.get(i) / rule.finestIntervals();
    double c = (double) places.get(i + 1) / rule.finestIntervals();
    return 2
        * (requireNonNull(points.get(places.get(i - 1))) / ((a - b) * (a - c))
            + requireNonNull(points.get(places.get(i))) / ((b - a) * (b - c))
            + requireNonNull(points.get(places.get(i + 1))) / ((c - a) * (c - b)));
  }

  private static Measured measure(AdaptiveRule rule, DoubleUnaryOperator curve) {
    var points = new TreeMap<Integer, Double>();
    var rounds = new ArrayList<List<Integer>>();
    for (var round = AdaptiveCurve.begin(rule);
        !round.isEmpty();
        round = AdaptiveCurve.of(rule, points).next()) {
      for (int place : round) {
        points.put(place, curve.applyAsDouble((double) place / rule.finestIntervals()));
      }
      rounds.add(round);
    }
    return new Measured(points, List.copyOf(rounds.subList(1, rounds.size())));
  }

  private static double gap(AdaptiveRule rule, SortedMap<Integer, Double> points) {
    return LossCurve.of(
            points.keySet().stream()
                .mapToDouble(place -> (double) place / rule.finestIntervals())
                .toArray(),
            points.values().stream().mapToDouble(Double::doubleValue).toArray())
        .convexityGap()
        .nats();
  }

  /** On a grid that has all places of the rule, or the gap could be less than the rule's. */
  private static double denseGap(AdaptiveRule rule, DoubleUnaryOperator curve) {
    int intervals = Math.ceilDiv(DENSE, rule.finestIntervals()) * rule.finestIntervals();
    var alphas =
        IntStream.rangeClosed(0, intervals).mapToDouble(k -> (double) k / intervals).toArray();
    var losses = IntStream.range(0, alphas.length).mapToDouble(k -> curve.applyAsDouble(alphas[k]));
    return LossCurve.of(alphas, losses.toArray()).convexityGap().nats();
  }

  @Provide
  Arbitrary<AdaptiveRule> rules() {
    return Combinators.combine(
            Arbitraries.of(1e-4, .002, .005, .05),
            Arbitraries.integers().between(2, 12),
            Arbitraries.integers().between(0, 4),
            Arbitraries.of(1.0, 2.0, 5.0))
        .as(
            (tolerance, initial, halvings, margin) ->
                new AdaptiveRule(tolerance, initial, initial << halvings, margin));
  }

  /** At most two and a half periods over the line. */
  @Provide
  Arbitrary<Waves> waves() {
    return Combinators.combine(
            Arbitraries.doubles().between(-.5, .5).ofScale(3),
            Arbitraries.doubles().between(1, 15.7).ofScale(3),
            Arbitraries.doubles().between(0, 6.28).ofScale(3))
        .as((height, frequency, phase) -> new double[] {height, frequency, phase})
        .list()
        .ofMinSize(1)
        .ofMaxSize(3)
        .map(Waves::new);
  }
}
