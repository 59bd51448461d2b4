package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.data.Row.TextRow;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ReservoirTest {
  private static Reservoir filled(int count, int size, long seed, DataMemory memory) {
    Reservoir reservoir = new Reservoir(size, seed, memory);
    for (int i = 0; i < count; i++) {
      reservoir.add(new TextRow("row " + i, null, i % 2));
    }
    return reservoir;
  }

  @Property(tries = 300)
  void rows_anySeed_areTheFirstOfThePermutationUnderTheirNumbers(
      @ForAll @IntRange(max = 3000) int count,
      @ForAll @IntRange(min = 1, max = 1200) int size,
      @ForAll long seed) {
    int[] permutation = RandomStream.permutation(count, RandomStream.of(seed));
    int[] expected = Arrays.copyOf(permutation, Math.min(count, size));
    Arrays.sort(expected);
    try (Reservoir reservoir = filled(count, size, seed, new DataMemory(DataLimits.DEFAULT))) {
      StoredRows rows = reservoir.rows(new int[] {1, 0});
      assertThat(rows).hasSize(count);
      for (int number : expected) {
        assertThat(rows.get(number)).isEqualTo(new TextRow("row " + number, null, 1 - number % 2));
      }
      assertThat(reservoir.held()).isLessThanOrEqualTo(2 * size + 1025);
    }
  }

  @Example
  void rows_manyGoBy_fewAreHeldAndTheMemoryOfTheRestIsFreed() {
    DataMemory memory = new DataMemory(DataLimits.DEFAULT);
    try (Reservoir reservoir = filled(500_000, 200, 7, memory)) {
      assertThat(reservoir.seen()).isEqualTo(500_000);
      assertThat(reservoir.held()).isLessThanOrEqualTo(2 * 200 + 1025);
      assertThat(memory.heldBytes()).isLessThan(300_000);
      StoredRows rows = reservoir.rows(new int[] {0, 1});
      int[] chosen = RandomStream.permutation(500_000, 200, RandomStream.of(7));
      assertThat(rows.get(chosen[0])).isInstanceOf(TextRow.class);
      int other = 0;
      while (contains(chosen, other)) {
        other++;
      }
      int missing = other;
      assertThatThrownBy(() -> rows.get(missing)).hasMessageContaining("was not drawn");
    }
    assertThat(memory.heldBytes()).isZero();
  }

  private static boolean contains(int[] numbers, int number) {
    return Arrays.stream(numbers).anyMatch(each -> each == number);
  }
}
