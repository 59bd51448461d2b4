package dev.watershed.input;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * Walks a struct in Thrift's compact protocol, which Parquet's footers and page headers are written
 * in, before a library, which recurses as deep as the bytes say and reserves what they claim, does.
 */
public final class ThriftShape {
  /** Hears the integers and truth values (1 or 0) of a struct and of the structs in it. */
  @FunctionalInterface
  public interface Numbers {
    /**
     * @param parent the field of the outer struct that the number is within, in a struct or in a
     *     list of structs; 0 for a field of the outer struct itself
     * @param field the number's own field
     */
    void number(int parent, int field, long value);
  }

  private static final int MAX_DEPTH = 32;
  private static final int STOP = 0;
  private static final int FALSE = 2;
  private static final int BYTE = 3;
  private static final int LAST_VARINT = 6;
  private static final int DOUBLE = 7;
  private static final int BINARY = 8;
  private static final int LIST = 9;
  private static final int SET = 10;
  private static final int MAP = 11;
  private static final int STRUCT = 12;
  private static final int UUID = 13;
  private static final int NIBBLE = 4;
  private static final int LOW = 0xF;

  private final ByteBuffer bytes;
  private final Numbers numbers;
  // The fields on the way to where the walk is, one a struct; a list or map is no struct.
  private final int[] fields = new int[MAX_DEPTH + 1];
  private int structs;

  private ThriftShape(ByteBuffer bytes, Numbers numbers) {
    this.bytes = bytes;
    this.numbers = numbers;
  }

  /** Whether the bytes begin with a whole struct that nests no deeper than real ones do. */
  public static boolean isSane(ByteBuffer bytes) {
    return isSane(bytes, (parent, field, value) -> {});
  }

  /**
   * The same, telling the struct's numbers; the buffer's position is behind the struct afterwards.
   *
   * @param numbers hears what was read before a fault too
   */
  public static boolean isSane(ByteBuffer bytes, Numbers numbers) {
    try {
      return new ThriftShape(bytes, numbers).struct(0);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return false;
    }
  }

  private boolean struct(int depth) {
    if (depth > MAX_DEPTH) {
      return false;
    }
    fields[structs++] = 0;
    for (int head = bytes.get() & 0xFF; head != STOP; head = bytes.get() & 0xFF) {
      int step = head >> NIBBLE;
      int own = structs - 1;
      fields[own] = step == 0 ? (int) zigzag(varint()) : fields[own] + step;
      int type = head & LOW;
      if (type <= FALSE) {
        tell(FALSE - type);
      } else if (type > BYTE && type <= LAST_VARINT) {
        tell(zigzag(varint()));
      } else if (!value(type, depth)) {
        return false;
      }
    }
    structs--;
    return true;
  }

  private void tell(long value) {
    if (structs <= 2) {
      numbers.number(structs == 1 ? 0 : fields[0], fields[structs - 1], value);
    }
  }

  private static long zigzag(long value) {
    return value >>> 1 ^ -(value & 1);
  }

  private boolean value(int type, int depth) {
    if (type >= FALSE - 1 && type <= BYTE) {
      bytes.get(); // as an element, a truth value has a byte too
    } else if (type <= LAST_VARINT) {
      varint();
    } else if (type == DOUBLE) {
      skip(Double.BYTES);
    } else if (type == BINARY) {
      skip(varint());
    } else if (type == LIST || type == SET) {
      int head = bytes.get() & 0xFF;
      long count = head >> NIBBLE == LOW ? varint() : head >> NIBBLE;
      return elements(count, head & LOW, STOP, depth);
    } else if (type == MAP) {
      long count = varint();
      int types = count == 0 ? 0 : bytes.get() & 0xFF;
      return elements(count, types >> NIBBLE, types & LOW, depth);
    } else if (type == STRUCT) {
      return struct(depth + 1);
    } else if (type == UUID) {
      skip(2 * Long.BYTES);
    } else {
      return false;
    }
    return true;
  }

  /** Every element takes a byte at least, so that a count beyond the bytes is a lie. */
  private boolean elements(long count, int type, int second, int depth) {
    if (count < 0 || count > bytes.remaining() || depth > MAX_DEPTH) {
      return false;
    }
    for (long i = 0; i < count; i++) {
      if (type == STOP
          || !value(type, depth + 1)
          || (second != STOP && !value(second, depth + 1))) {
        return false;
      }
    }
    return true;
  }

  private void skip(long count) {
    if (count < 0 || count > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    bytes.position(bytes.position() + (int) count);
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = bytes.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number is too long");
  }
}
