package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.UnusableNumbersException;
import org.junit.jupiter.api.Test;

final class LinearFitTest {
  @Test
  void of_anscombesFirstSet_equalsThePublishedLine() {
    double[] x = {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
    double[] y = {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
    var fit = LinearFit.of(x, y);
    assertThat(fit.slope()).isCloseTo(.5000909, within(1e-7));
    assertThat(fit.intercept()).isCloseTo(3.0000909, within(1e-7));
    assertThat(fit.pearsonR()).isCloseTo(.8164205, within(1e-7));
    assertThat(fit.pearsonP()).isCloseTo(.00216963, within(1e-8));
    assertThat(fit.rSquared()).isCloseTo(.6665425, within(1e-7));
    assertThat(fit.spearmanRho()).isCloseTo(.8181818, within(1e-7));
    assertThat(fit.pointCount()).isEqualTo(11);
  }

  @Test
  void of_ties_haveAverageRanks() {
    // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4.
    var fit = LinearFit.of(new double[] {1, 2, 2, 3}, new double[] {1, 3, 2, 4});
    assertThat(fit.spearmanRho()).isCloseTo(.9486832980505138, within(1e-15));
  }

  @Test
  void of_exactLine_hasNoDoubt() {
    var fit = LinearFit.of(new double[] {0, 1, 2, 3}, new double[] {1, -1, -3, -5});
    assertThat(fit).isEqualTo(new LinearFit(-2, 1, -1, 0, -1, 1, 4));
  }

  @Test
  void of_twoPoints_alwaysLieOnALine() {
    var fit = LinearFit.of(new double[] {0, 1}, new double[] {.2, .6});
    assertThat(fit.pearsonR()).isCloseTo(1, within(1e-15));
    assertThat(fit.pearsonP()).isEqualTo(1);
  }

  @Test
  void of_constantX_isUndefined() {
    var fit = LinearFit.of(new double[] {.1, .1, .1}, new double[] {1, 2, 3});
    assertUndefined(fit, 3);
    assertThat(fit.slope()).isNaN();
  }

  @Test
  void of_constantY_hasALineButNoCorrelation() {
    var fit = LinearFit.of(new double[] {1, 2, 3}, new double[] {.1, .1, .1});
    assertUndefined(fit, 3);
    assertThat(fit.slope()).isZero();
    assertThat(fit.intercept()).isEqualTo(.1);
  }

  @Test
  void of_valueNotFinite_isUndefinedAndNothingIsDropped() {
    assertUndefined(LinearFit.of(new double[] {1, 2, 3, 4}, new double[] {1, Double.NaN, 3, 4}), 4);
    assertUndefined(
        LinearFit.of(new double[] {1, Double.POSITIVE_INFINITY, 3}, new double[] {1, 2, 3}), 3);
    assertUndefined(LinearFit.of(new double[] {1}, new double[] {1}), 1);
    assertUndefined(LinearFit.of(new double[0], new double[0]), 0);
  }

  @Test
  void of_lengthsDiffer_isRefused() {
    var refused =
        catchThrowableOfType(
            UnusableNumbersException.class, () -> LinearFit.of(new double[2], new double[3]));
    assertThat(refused.reason()).isEqualTo("COUNTS_UNEQUAL");
  }

  private static void assertUndefined(LinearFit fit, int count) {
    assertThat(fit.pearsonR()).isNaN();
    assertThat(fit.pearsonP()).isNaN();
    assertThat(fit.spearmanRho()).isNaN();
    assertThat(fit.rSquared()).isNaN();
    assertThat(fit.pointCount()).isEqualTo(count);
  }
}
