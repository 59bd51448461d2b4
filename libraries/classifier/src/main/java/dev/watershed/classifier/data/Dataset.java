package dev.watershed.classifier.data;

import dev.watershed.classifier.checkpoint.Digest;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The rows of a split and the names of their labels. Rows of a file lie outside the heap and are
 * made anew whenever they are asked for.
 *
 * @param labels in the order given by the caller, the task or the file, else sorted by name; all
 *     that the source has, also where only some were kept; empty for unlabelled rows
 * @param notices what was left out or taken for granted while reading
 */
public record Dataset(List<Row> rows, List<String> labels, List<String> notices)
    implements AutoCloseable {
  public Dataset {
    rows = rows instanceof StoredRows ? rows : List.copyOf(rows);
    labels = List.copyOf(labels);
    notices = List.copyOf(notices);
  }

  /** Rows that were read without a notice. */
  public Dataset(List<Row> rows, List<String> labels) {
    this(rows, labels, List.of());
  }

  /**
   * Names the exact rows: their texts (or tokens) and label names, in order. The same rows from
   * files of different form have the same. Every call reads all rows; keep it where it is asked for
   * often.
   */
  public Digest digest() {
    return digest(() -> false);
  }

  /**
   * The same.
   *
   * @param cancelled polled while reading, which then ends by a {@code CancellationException}
   */
  public Digest digest(BooleanSupplier cancelled) {
    return RowDigest.of(rows, labels, cancelled);
  }

  /** The rows with one of these labels; the names of labels stay. */
  Dataset only(List<String> names) {
    return new Dataset(
        rows.stream().filter(row -> names.contains(labels.get(row.label()))).toList(),
        labels,
        notices);
  }

  /** The rows of these numbers. */
  Dataset at(int[] numbers) {
    return new Dataset(
        rows instanceof StoredRows stored
            ? stored.at(numbers)
            : Arrays.stream(numbers).mapToObj(rows::get).toList(),
        labels,
        notices);
  }

  /** Bytes that the rows take outside the heap; 0 where they did not come from a file. */
  public long storedBytes() {
    return rows instanceof StoredRows stored ? stored.bytes() : 0;
  }

  /**
   * Frees memory outside the heap at once, where the rows came from a file; else that happens when
   * nothing reaches them any more. They cannot be read then.
   */
  @Override
  public void close() {
    if (rows instanceof StoredRows stored) {
      stored.close();
    }
  }
}
