package dev.watershed.cli.terminal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A series of numbers as a small picture of characters; each column is the mean of its share. */
public final class LinePlot {
  private static final int HEIGHT = 8;
  private static final int WIDTH = 60;

  private LinePlot() {}

  /**
   * Returns the lines, largest value above.
   *
   * @param values one or more, finite
   * @param first what is written below the first column
   * @param last what is written below the last column
   */
  public static List<String> lines(double[] values, String first, String last) {
    int width = Math.min(WIDTH, values.length);
    double[] columns = new double[width];
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int column = 0; column < width; column++) {
      int from = Math.toIntExact((long) column * values.length / width);
      int to = Math.toIntExact((column + 1L) * values.length / width);
      double sum = 0;
      for (int i = from; i < to; i++) {
        sum += values[i];
      }
      columns[column] = sum / (to - from);
      low = Math.min(low, columns[column]);
      high = Math.max(high, columns[column]);
    }
    List<String> lines = new ArrayList<>();
    for (int row = HEIGHT - 1; row >= 0; row--) {
      StringBuilder line = new StringBuilder();
      String label = row == HEIGHT - 1 ? number(high) : row == 0 ? number(low) : "";
      line.append(String.format(Locale.ROOT, "%8s |", label));
      for (double value : columns) {
        double share = high > low ? (value - low) / (high - low) : 0;
        line.append(Math.round(share * (HEIGHT - 1)) == row ? '*' : ' ');
      }
      lines.add(line.toString().stripTrailing());
    }
    int gap = Math.max(1, width - first.length() - last.length());
    lines.add(" ".repeat(10) + first + " ".repeat(gap) + last);
    return lines;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
