package dev.watershed.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HeatmapTest {
  private static final double[][] MATRIX = {{0, 0.5, 1}, {0.5, 0, Double.NaN}, {1, 0.5, 0}};
  private static final List<String> LABELS = List.of("one", "b", "c");

  private static Terminal terminal(boolean interactive, boolean colours, boolean unicode) {
    var nowhere = new PrintStream(OutputStream.nullOutputStream());
    return new Terminal(nowhere, nowhere, interactive, interactive, colours, unicode, 80);
  }

  @Test
  void render_notATerminal_usesShadesWithoutEscapes() {
    var lines = Heatmap.render(LABELS, MATRIX, terminal(false, true, true), "CG");
    assertThat(lines.get(0)).isEqualTo("CG");
    assertThat(lines.get(1)).isEqualTo("one      ▒▒▒▒▒█████");
    assertThat(lines.get(2)).isEqualTo("  b ▒▒▒▒▒     ?????");
    assertThat(lines.get(4)).endsWith(" 1.00");
    assertThat(String.join("", lines)).doesNotContain("\u001b");
  }

  @Test
  void render_withoutUnicode_isAscii() {
    var lines = Heatmap.render(LABELS, MATRIX, terminal(false, true, false), "CG");
    assertThat(lines.get(1)).isEqualTo("one      :::::#####");
    assertThat(String.join("", lines)).matches("\\p{ASCII}*");
  }

  @Test
  void render_colouredTerminal_writesEachValueOnItsColour() {
    var lines = Heatmap.render(LABELS, MATRIX, terminal(true, true, true), "CG");
    assertThat(lines.get(1))
        .contains("\u001b[48;5;17;38;5;255m 0.00\u001b[0m")
        .contains("\u001b[48;5;227;38;5;16m 1.00\u001b[0m");
  }

  @Test
  void render_noColourWanted_hasNoEscapes() {
    var lines = Heatmap.render(LABELS, MATRIX, terminal(true, false, true), "CG");
    assertThat(String.join("", lines)).doesNotContain("\u001b");
  }

  @Test
  void render_allZero_isDrawn() {
    var lines = Heatmap.render(List.of("a"), new double[1][1], terminal(false, true, true), "CG");
    assertThat(lines).hasSize(3);
  }

  @Test
  void render_wrongLabelCount_isRefused() {
    assertThatThrownBy(
            () -> Heatmap.render(List.of("a"), MATRIX, terminal(false, true, true), "CG"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
