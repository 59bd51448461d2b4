package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Collects the rows of one file. */
final class DatasetBuilder {
  // More than this is no accident of a published file but another format.
  private static final int TOLERATED_ROWS = 10;
  private static final double TOLERATED_SHARE = .01;
  private static final int ROWS_BETWEEN_POLLS = 256;

  private final FileReading reading;
  private final LabelColumn labels;
  private final ReadingBounds bounds;
  private final StoredList<Row> rows;
  private final @Nullable Reservoir drawn;
  private int seen;
  private int malformed;
  private long firstMalformed;

  DatasetBuilder(FileReading reading, ReadingBounds bounds) {
    this.reading = reading;
    this.labels = new LabelColumn(reading);
    this.bounds = bounds;
    this.rows = new StoredList<>(new RowForm(), bounds.memory());
    Long seed = bounds.seed();
    this.drawn =
        seed == null || bounds.wanted() == 0
            ? null
            : new Reservoir(bounds.wanted(), seed, bounds.memory());
  }

  /** Whether no further row is needed: labels that are not named are known at the end only. */
  boolean isFull() {
    return hasFirst() && (!labels.exists() || labels.isNamed());
  }

  /** Whether the rows that are needed are there; a seed draws of all. */
  private boolean hasFirst() {
    return drawn == null && bounds.wanted() > 0 && rows.size() >= bounds.wanted();
  }

  LabelColumn labels() {
    return labels;
  }

  /** Refuses more rows than there may be, and goes no further where nobody waits for them. */
  void countRow() {
    if (++seen > bounds.limits().rows()) {
      throw invalid(
          "TOO_MANY_ROWS",
          "uri",
          String.format(
              Locale.ROOT,
              "the file has more than %d rows (watershed.data.max-rows); split it, or raise it",
              bounds.limits().rows()));
    }
    if (seen % ROWS_BETWEEN_POLLS == 0) {
      bounds.requireWanted();
    }
  }

  /** Frees what was read of a file that turned out to be of no use. */
  void discard() {
    rows.close();
    if (drawn != null) {
      drawn.close();
    }
  }

  /** Whether a row with this value in the column of this filter may be wanted. */
  boolean passes(int filter, String value) {
    return reading.filters().get(filter).values().contains(value);
  }

  /** Adds a row unless its label is {@link LabelColumn#UNWANTED}. */
  void add(Row row) {
    if (row.label() == LabelColumn.UNWANTED) {
      return;
    }
    if (drawn != null) {
      drawn.add(row);
    } else if (!hasFirst()) {
      rows.add(row);
    }
  }

  /** Leaves out a row of a published file that has another width than the first. */
  void leaveOutMalformed(long line) {
    malformed++;
    firstMalformed = malformed == 1 ? line : firstMalformed;
  }

  Dataset build() {
    if (seen == 0) {
      throw invalid("SPLIT_EMPTY", "uri", "'%s' has no rows".formatted(reading.columns().uri()));
    }
    if (malformed > Math.max(TOLERATED_ROWS, TOLERATED_SHARE * seen)) {
      throw invalid(
          "ROW_MALFORMED",
          "uri",
          String.format(
              Locale.ROOT,
              "%d of %d rows have another number of columns than the first line, the first in line %d; is the file damaged?",
              malformed,
              seen,
              firstMalformed));
    }
    if (drawn == null ? rows.isEmpty() : drawn.seen() == 0) {
      throw empty();
    }
    if (!labels.exists()) {
      return new Dataset(kept(new int[0]), List.of(), notices());
    }
    return new Dataset(kept(labels.places()), labels.names(), notices());
  }

  private StoredRows kept(int[] places) {
    return drawn == null ? new StoredRows(rows, places, null) : drawn.rows(places);
  }

  private RuntimeException empty() {
    if (labels.exists()) {
      labels.places(); // an unknown name is the better reason
    }
    if (reading.filters().isEmpty()) {
      return Datasets.noLabelled(reading.onlyLabels());
    }
    String wanted =
        reading.filters().stream()
            .map(filter -> "'%s' in %s".formatted(filter.column(), shown(filter.values())))
            .reduce((a, b) -> a + " and " + b)
            .orElseThrow();
    return invalid(
        "SPLIT_EMPTY",
        "filters",
        String.format(
            Locale.ROOT,
            "none of the %d rows has %s%s",
            seen,
            wanted,
            reading.onlyLabels().isEmpty() ? "" : " and a label among " + reading.onlyLabels()));
  }

  private static String shown(List<String> values) {
    return FileColumns.shown(values);
  }

  private List<String> notices() {
    List<String> notices = new ArrayList<>(reading.notices());
    if (malformed > 0) {
      notices.add(
          String.format(
              Locale.ROOT,
              "left out %d of %d rows that have another number of columns than the first line, the first in line %d",
              malformed,
              seen,
              firstMalformed));
    }
    if (labels.withoutGold() > 0) {
      notices.add(
          String.format(
              Locale.ROOT,
              "left out %d of %d rows without a gold label ('-')",
              labels.withoutGold(),
              seen));
    }
    return notices;
  }
}
