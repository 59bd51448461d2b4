package dev.watershed.analysis.bootstrap;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.curve.LossCurve;

/**
 * The losses of every example along the line between two models. The arrays are the caller's and
 * are not changed.
 *
 * @param alphas (A) strictly ascending from 0 to 1
 * @param losses (A, n) in nats, in the same order of examples at each alpha
 */
public record ExampleCurve(double[] alphas, double[][] losses) {
  /**
   * @throws UnusableNumbersException naming {@code alphas} or {@code example_losses} where counts
   *     do not fit or a loss is not finite
   */
  public ExampleCurve {
    LossCurve.checkAlphas(alphas);
    if (losses.length != alphas.length) {
      throw new UnusableNumbersException(
          "COUNTS_UNEQUAL",
          "example_losses",
          losses.length + " rows of losses for " + alphas.length + " alphas; give one for each.");
    }
    for (int a = 0; a < losses.length; a++) {
      if (losses[a].length != losses[0].length || losses[a].length == 0) {
        throw new UnusableNumbersException(
            "COUNTS_UNEQUAL",
            "example_losses[" + a + "]",
            losses[a].length
                + " losses at alpha "
                + alphas[a]
                + ", but "
                + losses[0].length
                + " at alpha 0; give those of the same examples, at least one.");
      }
      for (int i = 0; i < losses[a].length; i++) {
        if (!Double.isFinite(losses[a][i])) {
          throw new UnusableNumbersException(
              "LOSS_NOT_FINITE",
              "example_losses[" + a + "][" + i + "]",
              "The loss of example "
                  + i
                  + " at alpha "
                  + alphas[a]
                  + " is "
                  + losses[a][i]
                  + "; there is no interval for a curve that diverges.");
        }
      }
    }
  }

  /** Returns n. */
  public int exampleCount() {
    return losses[0].length;
  }

  /** Returns the mean losses, (A). */
  public double[] means() {
    var means = new double[alphas.length];
    for (int a = 0; a < means.length; a++) {
      double sum = 0;
      for (double loss : losses[a]) {
        sum += loss;
      }
      means[a] = sum / losses[a].length;
    }
    return means;
  }
}
