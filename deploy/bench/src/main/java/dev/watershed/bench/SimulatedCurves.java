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
 * @param carried how much of the gap's height few examples carry, in nats: each has a height of its
 *     own besides, with this mean and twice this standard deviation
 */
record SimulatedCurves(double gap, double carried) {
  private static final int POINTS = 11;

  /** So many examples make the expected curve, which every example's is corrected by. */
  private static final int POPULATION = 200_000;

  /** Of margins: some 82 % are right, losses have a standard deviation near 1.1. */
  private static final double MARGIN = 2.2;

  private static final double SPREAD = 2.4;

  /** Correlation of an example's margins under the two models. */
  private static final double ALIKE = .8;

  /** Heights that few examples carry are of this shape: skewness 4. */
  private static final double SHAPE = .25;

  SimulatedCurves(double gap) {
    this(gap, 0);
  }

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
   * Returns the curves of n examples; of more examples the first n are the same.
   *
   * @param expected as {@link #expected} has it
   */
  ExampleCurve draw(int n, double[] expected, Random random) {
    var alphas = alphas();
    var losses = new double[POINTS][n];
    for (int i = 0; i < n; i++) {
      var one = example(random);
      double height = carried == 0 ? gap : gap + carried * (gamma(random) - 1);
      for (int a = 0; a < POINTS; a++) {
        double wanted = .5 + 4 * height * alphas[a] * (1 - alphas[a]);
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

  /** Of mean 1, after Johnk (1964): near 0 mostly, and now and then large. */
  private static double gamma(Random random) {
    while (true) {
      double x = Math.pow(random.nextDouble(), 1 / SHAPE);
      double y = Math.pow(random.nextDouble(), 1 / (1 - SHAPE));
      if (x + y > 0 && x + y <= 1) {
        return -Math.log1p(-random.nextDouble()) * x / (x + y) / SHAPE;
      }
    }
  }
}
