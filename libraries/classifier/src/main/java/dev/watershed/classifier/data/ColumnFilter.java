package dev.watershed.classifier.data;

import java.util.List;

/**
 * A condition on one column of a file: only rows with one of these values are kept.
 *
 * @param column a name, or a number from 0 where there is no header
 * @param values as they are written in the file
 */
public record ColumnFilter(String column, List<String> values) {
  public ColumnFilter {
    values = List.copyOf(values);
  }
}
