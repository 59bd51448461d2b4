package dev.watershed.classifier.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LengthBucketsTest {
  @Test
  void of_mixedLengths_cutsLongestFirstWithinTheBudget() {
    assertThat(LengthBuckets.of(new int[] {3, 9, 4, 4, 20}, 12))
        .containsExactly(new int[] {4}, new int[] {1}, new int[] {2, 3, 0});
  }

  @Test
  void of_noExamples_makesNoBatches() {
    assertThat(LengthBuckets.of(new int[0], 10)).isEmpty();
  }

  @Test
  void of_noBudget_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LengthBuckets.of(new int[] {1}, 0))
        .withMessageContaining("0");
  }

  @Property
  void of_anyLengths_isAPartitionInDescendingOrder(
      @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 64) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 512) int budget) {
    int[] given = lengths.stream().mapToInt(Integer::intValue).toArray();
    List<int[]> batches = LengthBuckets.of(given, budget);
    int[] order = batches.stream().flatMapToInt(Arrays::stream).toArray();
    assertThat(Arrays.stream(order).sorted())
        .containsExactlyElementsOf(IntStream.range(0, given.length).boxed().toList());
    for (int i = 1; i < order.length; i++) {
      assertThat(given[order[i - 1]]).isGreaterThanOrEqualTo(given[order[i]]);
    }
  }

  @Property
  void of_anyLengths_keepsTheBudget(
      @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 64) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 512) int budget) {
    int[] given = lengths.stream().mapToInt(Integer::intValue).toArray();
    for (int[] batch : LengthBuckets.of(given, budget)) {
      assertThat(batch.length == 1 || given[batch[0]] * batch.length <= budget).isTrue();
    }
  }

  @Test
  void of_lengthsThatFallSharply_cutsWhereTheyFall() {
    int[] lengths = IntStream.range(0, 20).map(i -> i < 5 ? 100 : 10).toArray();
    assertThat(LengthBuckets.of(lengths, 2000).stream().map(batch -> batch.length).toList())
        .containsExactly(5, 15);
  }

  @Test
  void of_lengthsThatFallSlowly_takesThePaddingForFewerBatches() {
    int[] lengths = IntStream.range(0, 8).map(i -> 20 - i).toArray();
    assertThat(LengthBuckets.of(lengths, 2000)).hasSize(1);
  }

  /** Every way to cut that may be taken, tried one by one. */
  @Property
  void of_anyLengths_costsLeast(
      @ForAll @Size(max = 14) List<@IntRange(min = 1, max = 200) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 1000) int budget) {
    int[] given = lengths.stream().mapToInt(Integer::intValue).toArray();
    long cost = 0;
    for (int[] batch : LengthBuckets.of(given, budget)) {
      cost += (long) given[batch[0]] * batch.length + LengthBuckets.batchCost(budget);
    }
    int[] descending = Arrays.stream(given).map(i -> -i).sorted().map(i -> -i).toArray();
    assertThat(cost).isEqualTo(leastCost(descending, 0, budget));
  }

  private static long leastCost(int[] lengths, int from, int budget) {
    if (from == lengths.length) {
      return 0;
    }
    long least = Long.MAX_VALUE;
    int full = Math.max(1, budget / lengths[from]);
    for (int to = from + 1; to <= lengths.length && to - from <= full; to++) {
      if (to - from == full || to == lengths.length || lengths[to] != lengths[to - 1]) {
        long first = (long) lengths[from] * (to - from) + LengthBuckets.batchCost(budget);
        least = Math.min(least, first + leastCost(lengths, to, budget));
      }
    }
    return least;
  }
}
