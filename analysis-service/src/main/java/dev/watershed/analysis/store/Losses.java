package dev.watershed.analysis.store;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The loss of every example of a sample at one point, kept in four bytes each.
 *
 * @param floats little-endian IEEE 754, in nats, in the sample's order; none where they are not
 *     kept
 */
public record Losses(ByteString floats) {
  public static final Losses NONE = new Losses(ByteString.EMPTY);

  /** A binary column holds a mebibyte. */
  public static final int MOST_EXAMPLES = (1 << 20) / Float.BYTES;

  /** Collects losses as they come; none where they are more than are kept. */
  public static final class Builder {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Adds the losses of the examples that follow. */
    public void add(List<Double> lossesNats) {
      var buffer =
          ByteBuffer.allocate(lossesNats.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      lossesNats.forEach(loss -> buffer.putFloat(loss.floatValue()));
      bytes.writeBytes(buffer.array());
    }

    /** Returns how many came. */
    public int count() {
      return bytes.size() / Float.BYTES;
    }

    public Losses build() {
      return count() > MOST_EXAMPLES ? NONE : new Losses(ByteString.copyFrom(bytes.toByteArray()));
    }
  }

  static Losses of(byte @Nullable [] column) {
    return column == null ? NONE : new Losses(ByteString.copyFrom(column));
  }

  byte @Nullable [] column() {
    return kept() ? floats.toByteArray() : null;
  }

  public boolean kept() {
    return !floats.isEmpty();
  }

  /** Returns how many there are, 0 where they are not kept. */
  public int exampleCount() {
    return floats.size() / Float.BYTES;
  }

  /** Returns them as (n). */
  public double[] nats() {
    var buffer = floats.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    var nats = new double[exampleCount()];
    for (int i = 0; i < nats.length; i++) {
      nats[i] = buffer.getFloat();
    }
    return nats;
  }
}
