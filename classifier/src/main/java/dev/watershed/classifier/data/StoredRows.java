package dev.watershed.classifier.data;

import java.util.AbstractList;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** Rows of one file, or some of them, under the labels' canonical numbers. */
final class StoredRows extends AbstractList<Row> implements RandomAccess, AutoCloseable {
  private final StoredList<Row> stored;
  private final int[] labels;
  private final int @Nullable [] numbers;

  /**
   * @param labels the canonical number of each label as it is stored; empty for unlabelled rows
   * @param numbers which rows; null for all
   */
  StoredRows(StoredList<Row> stored, int[] labels, int @Nullable [] numbers) {
    this.stored = stored;
    this.labels = labels;
    this.numbers = numbers;
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
    Row row = stored.get(numbers == null ? index : numbers[index]);
    return row.label() < 0 ? row : row.withLabel(labels[row.label()]);
  }

  @Override
  public int size() {
    return numbers == null ? stored.size() : numbers.length;
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
