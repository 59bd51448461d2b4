package dev.watershed.classifier.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Batches of examples of similar length, so that little is computed on padding. */
public final class LengthBuckets {
  /**
   * What a batch costs besides its tokens, in tokens. Measured for BERT-base and batches of 2,048
   * tokens: 45, most of it spent on bringing the weights into the order that products want them in.
   */
  private static final int MIN_BATCH_COST = 50;

  /** Budgets are larger where a batch costs more, as on GPUs. */
  private static final int BUDGETS_PER_BATCH_COST = 40;

  private LengthBuckets() {}

  /**
   * Sorts examples by length, longest first and equal ones as they came, and cuts the order into
   * batches of at most {@code paddedTokenBudget} tokens, padding counted. An example longer than
   * the budget is a batch of its own. Of all ways to cut where a batch is full or where lengths
   * change, it takes the one that costs least, by tokens with padding and a price for each batch.
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
    int[] sorted = Arrays.stream(order).map(i -> Math.max(1, lengths[i])).toArray();
    int[] ends = ends(sorted, paddedTokenBudget);
    List<int[]> batches = new ArrayList<>();
    for (int from = 0; from < order.length; from = ends[from]) {
      batches.add(Arrays.copyOfRange(order, from, ends[from]));
    }
    return batches;
  }

  static long batchCost(int paddedTokenBudget) {
    return Math.max(MIN_BATCH_COST, paddedTokenBudget / BUDGETS_PER_BATCH_COST);
  }

  /** For each place in the descending order where the batch that begins there had best end. */
  private static int[] ends(int[] sorted, int budget) {
    int count = sorted.length;
    // Where the next smaller length begins.
    var change = new int[count];
    for (int i = count - 1; i >= 0; i--) {
      change[i] = i + 1 < count && sorted[i + 1] == sorted[i] ? change[i + 1] : i + 1;
    }
    var ends = new int[count];
    var costs = new long[count + 1]; // of everything from a place on
    for (int i = count - 1; i >= 0; i--) {
      int full = (int) Math.min(count, (long) i + Math.max(1, budget / sorted[i]));
      costs[i] = Long.MAX_VALUE;
      int end = i;
      do {
        end = Math.min(full, change[end]);
        long cost = (long) sorted[i] * (end - i) + batchCost(budget) + costs[end];
        if (cost <= costs[i]) {
          costs[i] = cost;
          ends[i] = end;
        }
      } while (end < full);
    }
    return ends;
  }
}
