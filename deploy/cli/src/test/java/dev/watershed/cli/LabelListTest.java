package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class LabelListTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "no,yes",
        "no, yes",
        " no , yes ",
        "[no, yes]",
        "['no', 'yes']",
        "[\"no\",\"yes\"]"
      })
  void parse_anyWayOfWriting_isTheSameList(String text) {
    assertThat(LabelList.parse(text).names()).containsExactly("no", "yes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"'a, b', it's", "[ \"a, b\",it's]"})
  void parse_quotes_keepCommas(String text) {
    assertThat(LabelList.parse(text).names()).containsExactly("a, b", "it's");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no,", "no,,yes", "no,no", "'no,yes", "'no'x,yes", "''"})
  void parse_emptyTwiceOrUnclosed_isRefused(String text) {
    assertThatExceptionOfType(TypeConversionException.class)
        .isThrownBy(() -> LabelList.parse(text))
        .withMessageContaining(text);
  }
}
