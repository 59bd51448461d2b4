package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class SummaryTest {
  @Test
  void of_values_dividesByTheirNumber() {
    var summary = Summary.of(2, 4, 4, 4, 5, 5, 7, 9);
    assertThat(summary).isEqualTo(new Summary(5, 2, 2, 9, 8));
  }

  @Test
  void of_oneValue_hasNoSpread() {
    assertThat(Summary.of(.3).populationStandardDeviation()).isCloseTo(0, within(0.0));
  }

  @Test
  void of_noValuesOrNaN_isUndefined() {
    assertThat(Summary.of().mean()).isNaN();
    assertThat(Summary.of().count()).isZero();
    assertThat(Summary.of(1, Double.NaN).maximum()).isNaN();
    assertThat(Summary.of(1, Double.NaN).count()).isEqualTo(2);
  }

  @Test
  void sampleStandardDeviation_dividesByOneLess() {
    assertThat(Summary.of(1, 2, 3, 4).sampleStandardDeviation())
        .isCloseTo(Math.sqrt(5 / 3.0), within(1e-12));
    assertThat(Summary.of(.3).sampleStandardDeviation()).isNaN();
    assertThat(Summary.of().sampleStandardDeviation()).isNaN();
  }

  @Test
  void median_infinity_isAnExtreme() {
    assertThat(Summary.median(3, 1, 2)).isEqualTo(2);
    assertThat(Summary.median(4, 1, 3, 2)).isEqualTo(2.5);
    assertThat(Summary.median(1, Double.POSITIVE_INFINITY, 2)).isEqualTo(2);
    assertThat(Summary.median()).isNaN();
    assertThat(Summary.median(1, Double.NaN)).isNaN();
  }
}
