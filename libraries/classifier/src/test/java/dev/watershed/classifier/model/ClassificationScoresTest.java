package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Against values worked out by hand. */
final class ClassificationScoresTest {
  /** Logits whose softmax is exactly {@code p} for class 1 of two. */
  private static double[] binary(double... p) {
    var logits = new double[2 * p.length];
    for (int i = 0; i < p.length; i++) {
      logits[2 * i + 1] = Math.log(p[i] / (1 - p[i]));
    }
    return logits;
  }

  @Test
  void of_positiveClass_isWhatF1IsOf() {
    double[] logits = oneHot(2, 1, 1, 0, 0, 0, 0);
    int[] labels = {1, 0, 1, 0, 0, 0};
    // Class 1: one right of two predicted and two present; class 0: three of four and four.
    assertThat(ClassificationScores.of(logits, 2, labels, 1).f1()).isEqualTo(.5);
    assertThat(ClassificationScores.of(logits, 2, labels, 0).f1()).isEqualTo(.75);
    assertThat(ClassificationScores.of(logits, 2, labels, -1).f1()).isEqualTo(.625);
  }

  @Test
  void of_twoClasses_scoresClassOneAsPositive() {
    // Predicted 1,1,1,0,0,0 against 1,1,0,0,0,1: TP 2, FP 1, FN 1, TN 2.
    double[] logits = binary(.9, .8, .7, .4, .2, .1);
    var scores = ClassificationScores.of(logits, 2, new int[] {1, 1, 0, 0, 0, 1}, 1);
    assertThat(scores.exampleCount()).isEqualTo(6);
    assertThat(scores.accuracy()).isEqualTo(4 / 6.);
    assertThat(scores.f1()).isCloseTo(4 / 6., within(1e-12));
    assertThat(scores.matthewsCorrelation()).isCloseTo((2 * 2 - 1) / 9., within(1e-12));
    double loss = -Math.log(.9) - Math.log(.8) - Math.log(.3) - Math.log(.6) - Math.log(.8);
    assertThat(scores.meanLossNats()).isCloseTo((loss - Math.log(.1)) / 6, within(1e-12));
  }

  @Test
  void of_threeClasses_averagesF1OverThem() {
    // Confusion (actual, predicted): 0: 2 0 1; 1: 1 1 0; 2: 0 0 1.
    double[] logits = oneHot(3, 0, 0, 2, 0, 1, 2);
    var scores = ClassificationScores.of(logits, 3, new int[] {0, 0, 0, 1, 1, 2}, -1);
    double f1 = (4 / 6. + 2 / 3. + 2 / 3.) / 3;
    assertThat(scores.f1()).isCloseTo(f1, within(1e-12));
    assertThat(scores.accuracy()).isEqualTo(4 / 6.);
    // Gorodkin: (4*6 - (3*3 + 2*1 + 1*2)) / sqrt(36 - 14) / sqrt(36 - 14)
    assertThat(scores.matthewsCorrelation()).isCloseTo(11 / 22., within(1e-12));
  }

  private static double[] oneHot(int classes, int... predicted) {
    var logits = new double[classes * predicted.length];
    for (int i = 0; i < predicted.length; i++) {
      logits[i * classes + predicted[i]] = 5;
    }
    return logits;
  }

  @Test
  void of_calibration_weighsTenBins() {
    // Confidences .95 (right), .92 (wrong) in one bin; .55 (right) alone.
    double[] logits = binary(.95, .92, .55);
    var scores = ClassificationScores.of(logits, 2, new int[] {1, 0, 1}, 1);
    double expected = (Math.abs(1 - (.95 + .92)) + Math.abs(1 - .55)) / 3;
    assertThat(scores.expectedCalibrationError()).isCloseTo(expected, within(1e-12));
  }

  @Test
  void of_onePredictedClass_hasNoCorrelation() {
    var scores = ClassificationScores.of(oneHot(2, 1, 1, 1), 2, new int[] {1, 0, 1}, 1);
    assertThat(scores.matthewsCorrelation()).isZero();
    assertThat(scores.f1()).isCloseTo(.8, within(1e-12));
  }

  @Test
  void of_logitsNotANumber_areALossOfNanAndAWrongAnswer() {
    double[] logits = {Double.NaN, Double.NaN, 0, 3};
    var scores = ClassificationScores.of(logits, 2, new int[] {0, 1}, 1);
    assertThat(scores.meanLossNats()).isNaN();
    assertThat(scores.accuracy()).isEqualTo(.5);
  }

  @Test
  void exampleLosses_hugeLogits_doNotOverflow() {
    double[] losses =
        ClassificationScores.exampleLosses(new double[] {1000, 0, -2000, 0}, 2, new int[] {1, 0});
    assertThat(losses).containsExactly(1000, 2000);
  }

  @Test
  void of_shapesThatDoNotFit_areRefused() {
    assertThatThrownBy(() -> ClassificationScores.of(new double[3], 2, new int[2], 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 x 2");
    assertThatThrownBy(() -> ClassificationScores.of(new double[2], 2, new int[] {2}, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("label 2");
    assertThatThrownBy(() -> ClassificationScores.of(new double[0], 2, new int[0], 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void probabilities_largeSmallAndNoNumbers_areTheirSoftmax() {
    float[] found =
        ClassificationScores.probabilities(
            new double[] {0, Math.log(3), 1000, -1000, Double.NaN, 0, Double.NEGATIVE_INFINITY, 2},
            2);
    assertThat(found).containsExactly(.25f, .75f, 1, 0, Float.NaN, Float.NaN, 0, 1);
  }
}
