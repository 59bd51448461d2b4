package dev.watershed.classifier.data;

import org.jspecify.annotations.Nullable;

/**
 * A fixed choice of rows.
 *
 * @param skip rows of the choice that are passed over; 0 where size is
 * @param size number of examples; 0 for the whole split
 * @param seed draws that many rows without replacement; null takes the first rows
 * @param maxTokens longer inputs are truncated; 0 for 128 or the model's limit, whichever is
 *     smaller
 */
public record SampleSpec(
    String name, Split split, int skip, int size, @Nullable Long seed, int maxTokens) {

  /** A sample that passes over nothing. */
  public SampleSpec(String name, Split split, int size, @Nullable Long seed, int maxTokens) {
    this(name, split, 0, size, seed, maxTokens);
  }

  /** Rows that reading has to find, those passed over included; 0 for the whole split. */
  public int needed() {
    return skip + size;
  }
}
