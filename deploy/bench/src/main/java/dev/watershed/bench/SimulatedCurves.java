package dev.watershed.bench;

import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.curve.LossCurve;
import java.util.Random;

/**
 * Curves of single examples whose mean has a convexity gap that is known: heavy-tailed cross
 * entropies of margins that go from one model's to the other's, all shifted by what makes the
 * expected curve a parabola of that height.
 *
 * @param gap of the expected curve, in nats
 */
record SimulatedCurves(double gap) {
  private static final int POINTS = 11;

  /** So many examples make the expected curve, which every example's is corrected by. */
  private static final int POPULATION = 200_000;

  /** Of margins: some 82 % are right, losses have a standard deviation near 1.1. */
  private static final double MARGIN = 2.2;

  private static final double SPREAD = 2.4;

  /** Correlation of an example's margins under the two models. */
  private static final double ALIKE = .8;

  static double[] alphas() {
    var alphas = new double[POINTS];
    for (int a = 0; a < POINTS; a++) {
      alphas[a] = a / (POINTS - 1.0);
    }
    return alphas;
  }

  /** What losses are on average at each alpha before they are shifted. */
  static double[] expected(Random random) {
    var sums = new double[POINTS];
    for (int i = 0; i < POPULATION; i++) {
      var losses = example(random);
      for (int a = 0; a < POINTS; a++) {
        sums[a] += losses[a] / POPULATION;
      }
    }
    return sums;
  }

  /**
   * Returns the curves of n examples.
   *
   * @param expected as {@link #expected} has it
   */
  ExampleCurve draw(int n, double[] expected, Random random) {
    var alphas = alphas();
    var losses = new double[POINTS][n];
    for (int i = 0; i < n; i++) {
      var one = example(random);
      for (int a = 0; a < POINTS; a++) {
        double wanted = .5 + 4 * gap * alphas[a] * (1 - alphas[a]);
        losses[a][i] = one[a] - expected[a] + wanted;
      }
    }
    return new ExampleCurve(alphas, losses);
  }

  /** The gap of the expected curve, which its chord's height is. */
  double trueGap() {
    var alphas = alphas();
    var losses = new double[POINTS];
    for (int a = 0; a < POINTS; a++) {
      losses[a] = .5 + 4 * gap * alphas[a] * (1 - alphas[a]);
    }
    return LossCurve.of(alphas, losses).convexityGap().nats();
  }

  private static double[] example(Random random) {
    double first = random.nextGaussian();
    double second = ALIKE * first + Math.sqrt(1 - ALIKE * ALIKE) * random.nextGaussian();
    double bend = random.nextGaussian();
    var losses = new double[POINTS];
    for (int a = 0; a < POINTS; a++) {
      double alpha = a / (POINTS - 1.0);
      double margin =
          MARGIN + SPREAD * (alpha * first + (1 - alpha) * second) + 2 * alpha * (1 - alpha) * bend;
      losses[a] = Math.log1p(Math.exp(-margin));
    }
    return losses;
  }
}
