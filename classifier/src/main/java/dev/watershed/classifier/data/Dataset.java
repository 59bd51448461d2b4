package dev.watershed.classifier.data;

import java.util.List;

/**
 * The rows of a split and the names of their labels.
 *
 * @param labels in the order given by the caller, else sorted by name; all that the source has,
 *     also where only some were kept; empty for unlabelled rows
 */
public record Dataset(List<Row> rows, List<String> labels) {
  public Dataset {
    rows = List.copyOf(rows);
    labels = List.copyOf(labels);
  }

  /** The rows with one of these labels; the names of labels stay. */
  Dataset only(List<String> names) {
    return new Dataset(
        rows.stream().filter(row -> names.contains(labels.get(row.label()))).toList(), labels);
  }
}
