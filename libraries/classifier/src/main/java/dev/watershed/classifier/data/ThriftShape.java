package dev.watershed.classifier.data;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * Walks a struct in Thrift's compact protocol before the library, which recurses as deep as the
 * bytes say and reserves lists as long as they claim, does.
 */
final class ThriftShape {
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

  private ThriftShape(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Whether the bytes begin with a whole struct that nests no deeper than real ones do. */
  static boolean isSane(ByteBuffer bytes) {
    try {
      return new ThriftShape(bytes).struct(0);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return false;
    }
  }

  private boolean struct(int depth) {
    if (depth > MAX_DEPTH) {
      return false;
    }
    for (int head = bytes.get() & 0xFF; head != STOP; head = bytes.get() & 0xFF) {
      if (head >> NIBBLE == 0) {
        varint(); // the field's number
      }
      int type = head & LOW;
      if (type > FALSE && !value(type, depth)) {
        return false;
      }
    }
    return true;
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
      if (type == STOP || !value(type, depth + 1) || second != STOP && !value(second, depth + 1)) {
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
