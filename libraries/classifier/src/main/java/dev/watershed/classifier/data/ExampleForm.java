package dev.watershed.classifier.data;

import dev.watershed.classifier.text.EncodedExample;
import java.nio.ByteBuffer;

/** Encoded examples as bytes: whether truncated, their label, then tokens and segments. */
final class ExampleForm implements StoredList.Form<EncodedExample> {
  @Override
  public byte[] bytes(EncodedExample example) {
    ByteBuffer bytes = ByteBuffer.allocate(Byte.BYTES + Integer.BYTES * (2 + 2 * example.length()));
    bytes
        .put((byte) (example.truncated() ? 1 : 0))
        .putInt(example.label())
        .putInt(example.length());
    RowForm.put(bytes, example.inputIds());
    RowForm.put(bytes, example.tokenTypeIds());
    return bytes.array();
  }

  @Override
  public EncodedExample element(ByteBuffer bytes) {
    boolean truncated = bytes.get() == 1;
    int label = bytes.getInt();
    int length = bytes.getInt();
    return new EncodedExample(
        RowForm.numbers(bytes, length), RowForm.numbers(bytes, length), label, truncated);
  }
}
