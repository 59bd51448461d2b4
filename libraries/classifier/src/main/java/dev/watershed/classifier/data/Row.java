package dev.watershed.classifier.data;

import org.jspecify.annotations.Nullable;

/** One example of a data set. */
public sealed interface Row {
  /** Index into {@link Dataset#labels()}; -1 where the data are unlabelled. */
  int label();

  /** The same example with another label. */
  Row withLabel(int label);

  /** A sentence or a pair of them. */
  record TextRow(String text, @Nullable String pair, int label) implements Row {
    @Override
    public TextRow withLabel(int label) {
      return new TextRow(text, pair, label);
    }
  }

  /**
   * An example that was tokenised elsewhere, special tokens included.
   *
   * @param masked whether an attention mask said where it ends; the padding behind is cut off
   */
  @SuppressWarnings("ArrayRecordComponent") // Read-only by agreement: millions of them are held.
  record TokenRow(int[] inputIds, int[] tokenTypeIds, boolean masked, int label) implements Row {
    /** Tokens that came without an attention mask. */
    public TokenRow(int[] inputIds, int[] tokenTypeIds, int label) {
      this(inputIds, tokenTypeIds, false, label);
    }

    @Override
    public TokenRow withLabel(int label) {
      return new TokenRow(inputIds, tokenTypeIds, masked, label);
    }
  }
}
