package dev.watershed.classifier.data;

import java.util.List;

/**
 * The rows of a split and the names of their labels.
 *
 * @param labels in the order given by the caller, else sorted by name; empty for unlabelled rows
 */
public record Dataset(List<Row> rows, List<String> labels) {
  public Dataset {
    rows = List.copyOf(rows);
    labels = List.copyOf(labels);
  }
}
