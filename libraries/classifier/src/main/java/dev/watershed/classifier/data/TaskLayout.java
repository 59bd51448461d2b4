package dev.watershed.classifier.data;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One way in which the rows of a task are published.
 *
 * @param text column of the first text: a name, or a number where {@code width} is not 0
 * @param pair column of the second text; empty for single sentences
 * @param label column of the label
 * @param group column that tells groups of rows apart (HANS's heuristics, CoLA's sources); empty
 *     where there is none
 * @param width columns of a table without a header; 0 where columns have names
 * @param numbered whether its labels are published as the integers 0, 1
 */
public record TaskLayout(
    String text, String pair, String label, String group, int width, boolean numbered) {
  private static final Set<String> NUMBERS = Set.of("0", "1");

  static TaskLayout named(String text, String pair, String label, String group, boolean numbered) {
    return new TaskLayout(text, pair, label, group, 0, numbered);
  }

  /** A table without a header whose labels are 0 and 1. */
  static TaskLayout headerless(int width, String text, String pair, String label, String group) {
    return new TaskLayout(text, pair, label, group, width, true);
  }

  /** Whether a file's columns are these. */
  boolean fits(FileColumns file) {
    if (hasHeader()) {
      return file.names().containsAll(columns());
    }
    return (file.format() == FileFormat.TSV || file.format() == FileFormat.CSV)
        && file.names().size() == width
        && NUMBERS.contains(file.names().get(Integer.parseInt(label)));
  }

  boolean hasHeader() {
    return width == 0;
  }

  private List<String> columns() {
    return Stream.of(text, pair, label).filter(column -> !column.isEmpty()).toList();
  }

  /** Returns the columns for people. */
  @Override
  public String toString() {
    String columns = String.join(", ", columns());
    return hasHeader()
        ? columns
        : String.format(Locale.ROOT, "%d columns without a header (%s)", width, columns);
  }
}
