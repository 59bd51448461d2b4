package dev.watershed.classifier.text;

import java.util.Locale;

/**
 * One example as the encoder reads it, without padding.
 *
 * @param inputIds token ids, {@code (token)}
 * @param tokenTypeIds segment of each token, {@code (token)}
 * @param label index into the data's label names; -1 where there is none
 * @param truncated whether text was cut off to fit
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by agreement: millions of them are held.
public record EncodedExample(int[] inputIds, int[] tokenTypeIds, int label, boolean truncated) {
  public EncodedExample {
    if (inputIds.length == 0 || inputIds.length != tokenTypeIds.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "need at least one token and a segment for each, got %d ids and %d segments",
              inputIds.length,
              tokenTypeIds.length));
    }
  }

  /** Number of tokens. */
  public int length() {
    return inputIds.length;
  }
}
