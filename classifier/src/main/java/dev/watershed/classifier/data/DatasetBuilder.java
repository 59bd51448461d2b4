package dev.watershed.classifier.data;

import static dev.watershed.classifier.InvalidInputException.invalid;

import java.util.ArrayList;
import java.util.List;

/** Collects the rows of one file. */
final class DatasetBuilder {
  private final FileSplit split;
  private final LabelColumn labels;
  private final int maxRows;
  private final List<Row> rows = new ArrayList<>();
  private int seen;

  DatasetBuilder(FileSplit split, List<String> onlyLabels, int maxRows) {
    this.split = split;
    this.labels = new LabelColumn(split, onlyLabels);
    this.maxRows = maxRows;
  }

  LabelColumn labels() {
    return labels;
  }

  /** Adds a row unless its label is {@link LabelColumn#UNWANTED}. */
  void add(Row row) {
    if (++seen > maxRows) {
      throw invalid(
          "TOO_MANY_ROWS", "uri", "the file has more than %d rows; split it".formatted(maxRows));
    }
    if (row.label() != LabelColumn.UNWANTED) {
      rows.add(row);
    }
  }

  Dataset build() {
    if (seen == 0) {
      throw invalid("SPLIT_EMPTY", "uri", "'%s' has no rows".formatted(split.uri()));
    }
    if (!labels.exists()) {
      return new Dataset(rows, List.of());
    }
    int[] places = labels.places();
    rows.replaceAll(row -> row.withLabel(places[row.label()]));
    return new Dataset(rows, labels.names());
  }
}
