package dev.watershed.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class TextTableTest {
  @Test
  void lines_numbersAndWords_areAligned() {
    assertThat(new TextTable("name", "loss").row("a", "10.5").row("long name", "3").lines())
        .containsExactly("name       loss", "a          10.5", "long name     3");
  }

  @Test
  void row_wrongCellCount_isRefused() {
    assertThatThrownBy(() -> new TextTable("a", "b").row("1"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void text_durations_areReadable() {
    assertThat(Durations.text(7.25)).isEqualTo("7.3 s");
    assertThat(Durations.text(125)).isEqualTo("2 min 05 s");
    assertThat(Durations.text(3720)).isEqualTo("1 h 02 min");
    assertThat(Durations.text(Double.NaN)).isEqualTo("-");
  }
}
