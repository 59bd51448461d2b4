package dev.watershed.classifier.text;

import java.util.List;

/** Batches of examples of similar length, so that little is computed on padding. */
public final class LengthBuckets {
  private LengthBuckets() {}

  /**
   * Sorts examples by length, longest first, and cuts batches whose padded size fits the budget.
   *
   * @return indices into {@code lengths}; every index once
   */
  public static List<int[]> of(int[] lengths, int paddedTokenBudget) {
    throw new UnsupportedOperationException(lengths.length + " " + paddedTokenBudget);
  }
}
