package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.input.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomSubsetTest {
  @Property
  void rows_ofSlicesSideBySide_shareNothingAndAreTogetherEverything(
      @ForAll long seed,
      @ForAll @IntRange(max = 300) int count,
      @ForAll @Size(max = 6) List<@DoubleRange(min = .01, max = .99) Double> cuts) {
    double[] bounds =
        IntStream.range(0, cuts.size() + 2)
            .mapToDouble(i -> i == 0 ? 0 : i > cuts.size() ? 1 : cuts.get(i - 1))
            .sorted()
            .distinct()
            .toArray();
    int[] all =
        IntStream.range(1, bounds.length)
            .mapToObj(i -> new RandomSubset(seed, bounds[i - 1], bounds[i]).rows(count))
            .peek(rows -> assertThat(rows).isSorted())
            .flatMapToInt(Arrays::stream)
            .sorted()
            .toArray();
    assertThat(all).containsExactly(IntStream.range(0, count).toArray());
  }

  @ParameterizedTest
  @CsvSource({
    "0, .29, 100, 29",
    ".7, .8, 10, 1",
    "0, .1, 363846, 36384",
    "0, .08, 363846, 29107",
    ".08, .1, 363846, 7277",
    "0, .5, 1, 0",
  })
  void rows_count_isRoundedDownFromTheDecimalThatWasWritten(
      double from, double to, int count, int expected) {
    assertThat(new RandomSubset(42, from, to).rows(count)).hasSize(expected);
  }

  @Test
  void rows_anotherSeed_drawsOthers() {
    int[] first = new RandomSubset(42, 0, .5).rows(100);
    assertThat(new RandomSubset(42, 0, .5).rows(100)).isEqualTo(first);
    assertThat(new RandomSubset(43, 0, .5).rows(100)).isNotEqualTo(first);
    // Nor is it the half that a file's order or a sample of the same seed would give.
    assertThat(first).isNotEqualTo(IntStream.range(0, 50).toArray());
  }

  @ParameterizedTest
  @CsvSource({"-.1, .5", ".5, .5", ".6, .5", ".5, 1.1", "NaN, 1", "0, NaN"})
  void constructor_fractionsThatAreNoPart_areRefused(double from, double to) {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> new RandomSubset(1, from, to))
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("subset"));
  }
}
