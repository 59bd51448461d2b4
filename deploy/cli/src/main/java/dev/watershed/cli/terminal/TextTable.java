package dev.watershed.cli.terminal;

import java.util.ArrayList;
import java.util.List;

/** A table of text with aligned columns; numbers to the right. */
public final class TextTable {
  private final List<String> header;
  private final List<List<String>> rows = new ArrayList<>();

  /** A table with these column titles. */
  public TextTable(String... header) {
    this.header = List.of(header);
  }

  /** Adds a row with as many cells as there are columns. */
  public TextTable row(String... cells) {
    if (cells.length != header.size()) {
      throw new IllegalArgumentException(
          cells.length + " cells for " + header.size() + " columns: " + List.of(cells));
    }
    rows.add(List.of(cells));
    return this;
  }

  /** The lines of the table, the header first. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(line(header));
    rows.forEach(row -> lines.add(line(row)));
    return lines;
  }

  private String line(List<String> cells) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < cells.size(); column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(width(column) - cell.length());
      line.append(column == 0 ? "" : "  ");
      line.append(isNumeric(column) ? padding + cell : cell + padding);
    }
    return line.toString().stripTrailing();
  }

  private int width(int column) {
    int width = header.get(column).length();
    for (List<String> row : rows) {
      width = Math.max(width, row.get(column).length());
    }
    return width;
  }

  private boolean isNumeric(int column) {
    return !rows.isEmpty()
        && rows.stream()
            .allMatch(
                row -> row.get(column).matches("[-+]?[0-9.]+([eE][-+]?\\d+)?%?|[-+]?inf|NaN|-?"));
  }
}
