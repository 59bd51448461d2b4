package dev.watershed.classifier.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Batches of examples of similar length, so that little is computed on padding. */
public final class LengthBuckets {
  private LengthBuckets() {}

  /**
   * Sorts examples by length, longest first and equal ones as they came, and cuts the order into
   * batches of at most {@code paddedTokenBudget} tokens, padding counted. An example longer than
   * the budget is a batch of its own.
   *
   * <p>The longest come first so that what does not fit into memory fails at once.
   *
   * @param lengths tokens of each example, {@code (example)}
   * @return batches of indices into {@code lengths}; each index once
   */
  public static List<int[]> of(int[] lengths, int paddedTokenBudget) {
    if (paddedTokenBudget < 1) {
      throw new IllegalArgumentException(
          "the budget must be at least 1 token, got " + paddedTokenBudget);
    }
    int[] order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt(i -> -lengths[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    List<int[]> batches = new ArrayList<>();
    int from = 0;
    while (from < order.length) {
      int longest = Math.max(1, lengths[order[from]]);
      int count = Math.max(1, paddedTokenBudget / longest);
      int to = (int) Math.min(order.length, (long) from + count);
      batches.add(Arrays.copyOfRange(order, from, to));
      from = to;
    }
    return batches;
  }
}
