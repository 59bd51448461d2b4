package dev.watershed.classifier.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Rows as bytes: their kind, their label, then texts or tokens. */
final class RowForm implements StoredList.Form<Row> {
  private static final byte TEXT = 1;
  private static final byte PAIR = 2;
  private static final byte TOKENS = 3;
  private static final byte MASKED_TOKENS = 4;
  private static final int HEAD = Byte.BYTES + Integer.BYTES;

  @Override
  public byte[] bytes(Row row) {
    if (row instanceof Row.TextRow text) {
      String second = text.pair();
      byte[] first = text.text().getBytes(UTF_8);
      byte[] pair = second == null ? new byte[0] : second.getBytes(UTF_8);
      return head(
              HEAD + Integer.BYTES + first.length + pair.length, second == null ? TEXT : PAIR, row)
          .putInt(first.length)
          .put(first)
          .put(pair)
          .array();
    }
    Row.TokenRow tokens = (Row.TokenRow) row;
    ByteBuffer bytes =
        head(
            HEAD + Integer.BYTES * (1 + 2 * tokens.inputIds().length),
            tokens.masked() ? MASKED_TOKENS : TOKENS,
            row);
    bytes.putInt(tokens.inputIds().length);
    put(bytes, tokens.inputIds());
    put(bytes, tokens.tokenTypeIds());
    return bytes.array();
  }

  @Override
  public Row element(ByteBuffer bytes) {
    byte kind = bytes.get();
    int label = bytes.getInt();
    int length = bytes.getInt();
    if (kind == TEXT || kind == PAIR) {
      String text = text(bytes, length);
      @Nullable String pair = kind == PAIR ? text(bytes, bytes.remaining()) : null;
      return new Row.TextRow(text, pair, label);
    }
    return new Row.TokenRow(
        numbers(bytes, length), numbers(bytes, length), kind == MASKED_TOKENS, label);
  }

  static void put(ByteBuffer bytes, int[] numbers) {
    bytes.asIntBuffer().put(numbers);
    bytes.position(bytes.position() + Integer.BYTES * numbers.length);
  }

  static int[] numbers(ByteBuffer bytes, int count) {
    int[] numbers = new int[count];
    bytes.asIntBuffer().get(numbers);
    bytes.position(bytes.position() + Integer.BYTES * count);
    return numbers;
  }

  private static ByteBuffer head(int size, byte kind, Row row) {
    return ByteBuffer.allocate(size).put(kind).putInt(row.label());
  }

  private static String text(ByteBuffer bytes, int length) {
    String text = new String(bytes.array(), bytes.position(), length, UTF_8);
    bytes.position(bytes.position() + length);
    return text;
  }
}
