package dev.watershed.classifier.data;

import java.util.List;
import java.util.Locale;

/** Looks for tokenised rows that seem padded and do not say so: their padding counts as text. */
public final class PaddingSuspicion {
  private final int padTokenId;
  private long rows;
  private long suspicious;

  public PaddingSuspicion(int padTokenId) {
    this.padTokenId = padTokenId;
  }

  public void look(Row row) {
    if (row instanceof Row.TokenRow tokens && !tokens.masked()) {
      rows++;
      int[] ids = tokens.inputIds();
      suspicious += ids[ids.length - 1] == padTokenId ? 1 : 0;
    }
  }

  /** Returns at most one notice. */
  public List<String> notices() {
    return suspicious == 0
        ? List.of()
        : List.of(
            String.format(
                Locale.ROOT,
                "%d of %d tokenised rows end in the pad token %d and have no attention_mask: it was read as text. Give the mask, or cut the padding off",
                suspicious,
                rows,
                padTokenId));
  }
}
