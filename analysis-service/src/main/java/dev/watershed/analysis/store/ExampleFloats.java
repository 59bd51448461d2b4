package dev.watershed.analysis.store;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every example of a sample has at one point, kept in four bytes each: its loss in nats, or
 * its labels' probabilities.
 *
 * @param floats little-endian IEEE 754, in the sample's order; none where they are not kept
 */
public record ExampleFloats(ByteString floats) {
  public static final ExampleFloats NONE = new ExampleFloats(ByteString.EMPTY);

  /** A binary column holds a mebibyte. */
  public static final int MOST = (1 << 20) / Float.BYTES;

  /** Collects numbers as they come; none where they are more than are kept. */
  public static final class Builder {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Adds those of the examples that follow. */
    public void add(List<? extends Number> more) {
      var buffer = ByteBuffer.allocate(more.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      more.forEach(number -> buffer.putFloat(number.floatValue()));
      bytes.writeBytes(buffer.array());
    }

    /** Returns how many came. */
    public int count() {
      return bytes.size() / Float.BYTES;
    }

    public ExampleFloats build() {
      return count() > MOST ? NONE : new ExampleFloats(ByteString.copyFrom(bytes.toByteArray()));
    }
  }

  /** Returns all of them in their order; none where some are not kept. */
  static ExampleFloats joined(List<ExampleFloats> parts) {
    return parts.stream().allMatch(ExampleFloats::kept)
        ? new ExampleFloats(ByteString.copyFrom(parts.stream().map(ExampleFloats::floats).toList()))
        : NONE;
  }

  static ExampleFloats of(byte @Nullable [] column) {
    return column == null ? NONE : new ExampleFloats(ByteString.copyFrom(column));
  }

  byte @Nullable [] column() {
    return kept() ? floats.toByteArray() : null;
  }

  public boolean kept() {
    return !floats.isEmpty();
  }

  /** Returns how many there are, 0 where they are not kept. */
  public int count() {
    return floats.size() / Float.BYTES;
  }

  /** Returns these where they are kept, else others. */
  ExampleFloats or(ExampleFloats others) {
    return kept() ? this : others;
  }

  /** Returns them in their order. */
  public double[] values() {
    var buffer = floats.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    var values = new double[count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = buffer.getFloat();
    }
    return values;
  }

  /** Returns them as they are kept. */
  public float[] array() {
    var array = new float[count()];
    floats.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(array);
    return array;
  }
}
