package dev.watershed.cli.terminal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A square matrix as a picture in the terminal: dark is small, bright is large. */
public final class Heatmap {
  /** Colours of the 256-colour palette from dark blue over green to yellow, as viridis runs. */
  private static final int[] COLOURS = {17, 18, 24, 30, 36, 35, 71, 107, 143, 179, 185, 227};

  private static final String UNICODE_SHADES = " ░▒▓█";
  private static final String ASCII_SHADES = " .:*#";

  private Heatmap() {}

  /**
   * The lines of the picture.
   *
   * @param labels one short label per row and column
   * @param matrix the values, (row, column); not finite values are drawn as {@code ?}
   * @param terminal decides on colours and characters
   * @param title what the values are, with their unit
   */
  public static List<String> render(
      List<String> labels, double[][] matrix, Terminal terminal, String title) {
    if (labels.size() != matrix.length) {
      throw new IllegalArgumentException(labels.size() + " labels for " + matrix.length + " rows");
    }
    double largest = 0;
    for (double[] row : matrix) {
      for (double value : row) {
        largest = Double.isFinite(value) ? Math.max(largest, value) : largest;
      }
    }
    int width = labels.stream().mapToInt(String::length).max().orElse(0);
    int cell =
        Math.max(2, Math.min(5, (terminal.columns() - width - 1) / Math.max(1, labels.size())));
    List<String> lines = new ArrayList<>();
    lines.add(title);
    for (int i = 0; i < matrix.length; i++) {
      StringBuilder line = new StringBuilder(padLeft(labels.get(i), width)).append(' ');
      for (double value : matrix[i]) {
        line.append(cell(value, largest, cell, terminal));
      }
      lines.add(line.toString());
    }
    lines.add(legend(width, largest, cell, terminal));
    return lines;
  }

  private static String legend(int width, double largest, int cell, Terminal terminal) {
    StringBuilder legend = new StringBuilder(padLeft("0", width)).append(' ');
    for (int step = 0; step < 5; step++) {
      double value = largest * step / 4;
      legend.append(
          terminal.colouredOut()
              ? coloured(blank(cell), value, largest)
              : shade(value, largest, cell, terminal));
    }
    return legend.append(' ').append(String.format(Locale.ROOT, "%.3g", largest)).toString();
  }

  private static String cell(double value, double largest, int cell, Terminal terminal) {
    if (!Double.isFinite(value)) {
      return "?".repeat(cell);
    }
    if (!terminal.colouredOut()) {
      return shade(value, largest, cell, terminal);
    }
    String text = cell >= 5 ? String.format(Locale.ROOT, " %.2f", value) : blank(cell);
    return coloured(text.length() == cell ? text : blank(cell), value, largest);
  }

  private static String shade(double value, double largest, int cell, Terminal terminal) {
    String shades = terminal.unicode() ? UNICODE_SHADES : ASCII_SHADES;
    return String.valueOf(shades.charAt(level(value, largest, shades.length()))).repeat(cell);
  }

  private static String coloured(String text, double value, double largest) {
    int level = level(value, largest, COLOURS.length);
    int ink = level * 2 < COLOURS.length ? 255 : 16;
    return "\u001b[48;5;" + COLOURS[level] + ";38;5;" + ink + "m" + text + "\u001b[0m";
  }

  private static int level(double value, double largest, int levels) {
    double share = largest > 0 ? Math.max(0, value) / largest : 0;
    return Math.min(levels - 1, (int) (share * levels));
  }

  private static String blank(int width) {
    return " ".repeat(width);
  }

  private static String padLeft(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }
}
