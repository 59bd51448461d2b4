package dev.watershed.classifier.data;

import dev.watershed.classifier.checkpoint.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Names exact rows: SHA-256 over a form in which no two data sets are alike.
 *
 * <p>The form is {@code rows/1\n}, then each row: its kind, 1 for a text, 2 for a pair, 3 for
 * tokens; its texts, or its token ids and token types; the name of its label, or the length -1.
 * Every string (UTF-8) and every list of numbers (32 bits each) is preceded by its length. All
 * numbers are big-endian and of 32 bits. Labels are told by name, so the order in which a caller
 * lists them, and their numbers in a file, make no difference.
 */
final class RowDigest {
  private static final byte[] HEAD = "rows/1\n".getBytes(StandardCharsets.UTF_8);
  private static final int TEXT = 1;
  private static final int PAIR = 2;
  private static final int TOKENS = 3;
  private static final int UNLABELLED = -1;

  private final MessageDigest sha256 = Digest.newSha256();
  private final ByteBuffer number = ByteBuffer.allocate(Integer.BYTES);
  private long size;

  private RowDigest() {}

  static Digest of(List<Row> rows, List<String> labels, BooleanSupplier cancelled) {
    RowDigest digest = new RowDigest();
    digest.add(HEAD);
    for (Row row : rows) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException();
      }
      digest.add(row, row.label() < 0 ? null : labels.get(row.label()));
    }
    return new Digest(HexFormat.of().formatHex(digest.sha256.digest()), digest.size);
  }

  private void add(Row row, @Nullable String label) {
    if (row instanceof Row.TextRow text) {
      String pair = text.pair();
      add(pair == null ? TEXT : PAIR);
      add(text.text());
      if (pair != null) {
        add(pair);
      }
    } else {
      Row.TokenRow tokens = (Row.TokenRow) row;
      add(TOKENS);
      add(tokens.inputIds());
      add(tokens.tokenTypeIds());
    }
    if (label == null) {
      add(UNLABELLED);
    } else {
      add(label);
    }
  }

  private void add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    add(bytes.length);
    add(bytes);
  }

  private void add(int[] numbers) {
    add(numbers.length);
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * numbers.length);
    bytes.asIntBuffer().put(numbers);
    add(bytes.array());
  }

  private void add(int value) {
    add(number.putInt(0, value).array());
  }

  private void add(byte[] bytes) {
    sha256.update(bytes);
    size += bytes.length;
  }
}
