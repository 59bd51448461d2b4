package dev.watershed.classifier.data;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.Locale;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** Rows of one file, or some of them, under the labels' canonical numbers. */
final class StoredRows extends AbstractList<Row> implements RandomAccess, AutoCloseable {
  private final StoredList<Row> stored;
  private final int[] labels;
  private final int @Nullable [] numbers;
  private final int @Nullable [] drawn;
  private final int size;

  /**
   * @param labels the canonical number of each label as it is stored; empty for unlabelled rows
   * @param numbers which rows; null for all
   */
  StoredRows(StoredList<Row> stored, int[] labels, int @Nullable [] numbers) {
    this(stored, labels, numbers, null, numbers == null ? stored.size() : numbers.length);
  }

  private StoredRows(
      StoredList<Row> stored,
      int[] labels,
      int @Nullable [] numbers,
      int @Nullable [] drawn,
      int size) {
    this.stored = stored;
    this.labels = labels;
    this.numbers = numbers;
    this.drawn = drawn;
    this.size = size;
  }

  /**
   * Rows of which only those that a sample draws are there.
   *
   * @param numbers where they are stored
   * @param drawn their numbers among all, ascending
   * @param size how many rows there are, drawn or not
   */
  static StoredRows drawn(
      StoredList<Row> stored, int[] labels, int[] numbers, int[] drawn, int size) {
    return new StoredRows(stored, labels, numbers, drawn, size);
  }

  StoredRows at(int[] places) {
    int[] chosen = places.clone();
    if (numbers != null) {
      for (int i = 0; i < chosen.length; i++) {
        chosen[i] = numbers[chosen[i]];
      }
    }
    return new StoredRows(stored, labels, chosen);
  }

  @Override
  public Row get(int index) {
    int place = drawn == null ? index : Arrays.binarySearch(drawn, index);
    if (place < 0) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "row %d of %d was not drawn", index, size));
    }
    Row row = stored.get(numbers == null ? place : numbers[place]);
    return row.label() < 0 ? row : row.withLabel(labels[row.label()]);
  }

  @Override
  public int size() {
    return size;
  }

  long bytes() {
    return stored.bytes();
  }

  /** Frees the rows, of which all views are useless then. */
  @Override
  public void close() {
    stored.close();
  }
}
