package dev.watershed.classifier.data;

import org.jspecify.annotations.Nullable;

/** One example of a data set. */
public sealed interface Row {
  /** Index into {@link Dataset#labels()}; -1 where the data are unlabelled. */
  int label();

  /** A sentence or a pair of them. */
  record TextRow(String text, @Nullable String pair, int label) implements Row {}

  /** An example that was tokenised elsewhere, special tokens included. */
  record TokenRow(int[] inputIds, int[] tokenTypeIds, int label) implements Row {}
}
