package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class SeedListTest {
  @Test
  void parse_endsOfTheRange_areSeedsLikeOthers() {
    assertThat(SeedList.parse("9223372036854775807").seeds()).containsExactly(Long.MAX_VALUE);
    assertThat(SeedList.parse("9223372036854775806..9223372036854775807").seeds())
        .containsExactly(Long.MAX_VALUE - 1, Long.MAX_VALUE);
    assertThat(SeedList.parse("-9223372036854775808,-1..1").seeds())
        .containsExactly(Long.MIN_VALUE, -1L, 0L, 1L);
    assertThat(SeedList.parse("1..1000").seeds()).hasSize(1000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9223372036854775808",
        "18446744073709551615",
        "-9223372036854775809",
        "1e5",
        "1..",
        "..1",
        "1..2..3",
        "3..1",
        "1..1001",
        "-9223372036854775808..9223372036854775807",
        "0..9223372036854775807",
        "-2..9223372036854775807",
        "1.5",
        "",
        "1,,2"
      })
  void parse_noSeedOrTooMany_isRefusedWithTheBounds(String text) {
    assertThatThrownBy(() -> SeedList.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("from -9223372036854775808 to 9223372036854775807")
        .hasMessageContaining("at most 1000");
  }

  @Test
  void parse_manyRanges_areBoundedBeforeTheyAreBuilt() {
    String many =
        String.join(
            ",",
            java.util.stream.IntStream.range(0, 100_000)
                .mapToObj(i -> i * 1000L + ".." + (i * 1000L + 999))
                .toList());
    assertThatThrownBy(() -> SeedList.parse(many)).hasMessage("more than 1000 seeds at once");
    assertThatThrownBy(() -> SeedList.parse("1..3,2")).hasMessage("seed 2 is given twice");
  }
}
