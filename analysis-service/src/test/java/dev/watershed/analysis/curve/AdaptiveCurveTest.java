package dev.watershed.analysis.curve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.List;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AdaptiveCurveTest {
  private static final AdaptiveRule RULE = new AdaptiveRule(.005, 5, 80, 2);

  @Test
  void next_constantOrStraightCurve_wantsNoMorePoints() {
    for (double slope : new double[] {0, .3}) {
      var curve = AdaptiveCurve.of(RULE, begun(alpha -> .2 + slope * alpha));
      assertThat(curve.next()).isEmpty();
      assertThat(curve.excessNats()).isCloseTo(0, within(1e-12));
      assertThat(curve.equalIntervals()).isEqualTo(5);
    }
  }

  /** Of a parabola every second difference is its second derivative, so all can be worked out. */
  @Test
  void excess_parabola_isWhatItsDeviationSays() {
    double bend = .8;
    var curve = AdaptiveCurve.of(RULE, begun(alpha -> .2 + bend / 2 * alpha * alpha));
    double deviation = 2 * bend * .2 * .2 / 8;

    // Convex: its gap is 0. In the middle of an interval the curve can lie a deviation above the
    // chord; the envelope can lie a deviation below it; each is widened by a sixteenth.
    assertThat(curve.excessNats()).isCloseTo(2 * deviation * (1 + 1.0 / 16), within(1e-12));
    assertThat(curve.next()).isNotEmpty();
  }

  @Test
  void next_bump_isRefinedAtItsTopAndItsFeetOnly() {
    var points = measured(alpha -> .2 + Math.exp(-25 * (alpha - .5) * (alpha - .5)));

    assertThat(points).hasSizeLessThan(25);
    var curve = AdaptiveCurve.of(RULE, points);
    assertThat(curve.excessNats()).isLessThanOrEqualTo(.005);
    assertThat(curve.equalIntervals()).isEqualTo(40);
    // The halves of the bump are steep and straight: nothing there can be the gap.
    assertThat(points.subMap(36, 45).size()).isGreaterThan(3 * points.subMap(20, 29).size() - 2);
  }

  @Test
  void next_spikyCurve_endsAtTheFinestGrid() {
    var points = measured(alpha -> (Math.round(alpha * 80) % 2) * 3.0 + alpha);
    var curve = AdaptiveCurve.of(RULE, points);

    assertThat(curve.next()).isEmpty();
    assertThat(points.size()).isLessThanOrEqualTo(81);
    assertThat(curve.equalIntervals()).isBetween(5, 80);
  }

  @Test
  void of_pointsWithoutTheFirstGrid_areRefused() {
    var points = begun(alpha -> alpha);
    points.remove(16);
    assertThatThrownBy(() -> AdaptiveCurve.of(RULE, points))
        .isInstanceOf(IllegalArgumentException.class);
    var beyond = begun(alpha -> alpha);
    beyond.put(81, 1.0);
    assertThatThrownBy(() -> AdaptiveCurve.of(RULE, beyond))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void begin_isTheFirstGrid() {
    assertThat(AdaptiveCurve.begin(RULE)).isEqualTo(List.of(0, 16, 32, 48, 64, 80));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 80, 2, tolerance_nats",
    "NaN, 5, 80, 2, tolerance_nats",
    ".005, 1, 16, 2, initial_interval_count",
    ".005, 5, 60, 2, finest_interval_count",
    ".005, 5, 4, 2, finest_interval_count",
    ".005, 5, 80, .5, curvature_margin",
    ".005, 5, 80, NaN, curvature_margin"
  })
  void rule_thatCannotBeFollowed_isRefused(
      double tolerance, int initial, int finest, double margin, String parameter) {
    assertThatThrownBy(() -> new AdaptiveRule(tolerance, initial, finest, margin))
        .isInstanceOfSatisfying(
            UnusableNumbersException.class,
            refused -> assertThat(refused.parameter()).isEqualTo(parameter));
  }

  private static TreeMap<Integer, Double> begun(DoubleUnaryOperator curve) {
    var points = new TreeMap<Integer, Double>();
    AdaptiveCurve.begin(RULE)
        .forEach(place -> points.put(place, curve.applyAsDouble(place / 80.0)));
    return points;
  }

  private static TreeMap<Integer, Double> measured(DoubleUnaryOperator curve) {
    var points = begun(curve);
    for (var next = AdaptiveCurve.of(RULE, points).next();
        !next.isEmpty();
        next = AdaptiveCurve.of(RULE, points).next()) {
      next.forEach(place -> points.put(place, curve.applyAsDouble(place / 80.0)));
    }
    return points;
  }
}
