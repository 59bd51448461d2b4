package dev.watershed.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LinePlotTest {
  @Test
  void lines_fallingValues_fallFromTheUpperLeft() {
    var lines = LinePlot.lines(new double[] {8, 7, 6, 5, 4, 3, 2, 1}, "1", "8");

    assertThat(lines)
        .containsExactly(
            "  8.0000 |*",
            "         | *",
            "         |  *",
            "         |   *",
            "         |    *",
            "         |     *",
            "         |      *",
            "  1.0000 |       *",
            "          1      8");
  }

  @Test
  void lines_moreValuesThanColumns_areMeans() {
    double[] values = IntStream.range(0, 2000).mapToDouble(i -> i % 2 == 0 ? 0 : 4).toArray();

    var lines = LinePlot.lines(values, "1", "2000");

    assertThat(lines.getFirst()).startsWith("  2.").contains(" |");
    assertThat(lines).allMatch(line -> line.length() <= 70);
  }

  @Test
  void lines_oneValue_isOnePoint() {
    assertThat(LinePlot.lines(new double[] {.25}, "1", "1").get(7)).isEqualTo("  0.2500 |*");
  }
}
