package dev.watershed.input;

/**
 * What guessing scores: accuracy 1 / k among k labels, with the binomial standard error of a sample
 * of n.
 *
 * @param labelCount k, the labels of the data; fewer than 2 say nothing about chance
 * @param exampleCount n, the examples that the accuracy is over
 */
public record Chance(int labelCount, int exampleCount) {
  /** So many standard errors below chance, no guessing model comes to be. */
  private static final double STANDARD_ERRORS = 5;

  /** Of a large sample a small deficit is far below chance; permuted labels make a large one. */
  private static final double SHARE = .8;

  public double accuracy() {
    return 1.0 / labelCount;
  }

  public double standardError() {
    return Math.sqrt(accuracy() * (1 - accuracy()) / exampleCount);
  }

  /**
   * Whether an accuracy is so far below chance that the labels look permuted: by more than five
   * standard errors and below four fifths of it.
   */
  public boolean looksPermuted(double accuracy) {
    return labelCount >= 2
        && exampleCount > 0
        && accuracy < accuracy() - STANDARD_ERRORS * standardError()
        && accuracy < SHARE * accuracy();
  }
}
