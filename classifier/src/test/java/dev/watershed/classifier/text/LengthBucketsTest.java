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
  void of_anyLengths_keepsTheBudgetAndWastesNoBatch(
      @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 64) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 512) int budget) {
    int[] given = lengths.stream().mapToInt(Integer::intValue).toArray();
    List<int[]> batches = LengthBuckets.of(given, budget);
    for (int i = 0; i < batches.size(); i++) {
      int[] batch = batches.get(i);
      int longest = Arrays.stream(batch).map(j -> given[j]).max().orElseThrow();
      assertThat(batch.length == 1 || longest * batch.length <= budget).isTrue();
      if (i + 1 < batches.size()) {
        assertThat(longest * (batch.length + 1)).isGreaterThan(budget);
      }
    }
  }
}
