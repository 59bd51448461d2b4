package dev.watershed.standalone.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import java.util.random.RandomGenerator;

/** Values of fields, and whole messages, that know nothing but the field's type. */
final class RandomValues {
  private static final int DEEPEST = 12;

  /** Bytes of a message, roughly; the limit of the server is far above. */
  private static final int LARGEST = 4 << 20;

  private static final double[] DOUBLES = {
    0,
    -0.0,
    1,
    -1,
    .5,
    1e-300,
    Double.MIN_VALUE,
    Double.MAX_VALUE,
    -Double.MAX_VALUE,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    1 - 1e-16,
    1 + 1e-15,
    1e6,
    10_000
  };

  private static final long[] INTEGERS = {
    0,
    1,
    2,
    3,
    -1,
    7,
    16,
    100,
    1000,
    1001,
    8192,
    65536,
    100_000_000,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private final RandomGenerator random;
  private final RandomText texts;
  private int bytesLeft = LARGEST;

  RandomValues(RandomGenerator random, RandomText texts) {
    this.random = random;
    this.texts = texts;
  }

  /** A message with each field unset, set, or repeated now and then many times. */
  DynamicMessage message(Descriptor type) {
    return message(type, 0);
  }

  private DynamicMessage message(Descriptor type, int depth) {
    var message = DynamicMessage.newBuilder(type);
    for (var field : type.getFields()) {
      if (random.nextInt(4) == 0 || bytesLeft <= 0) {
        continue;
      }
      if (field.isRepeated()) {
        repeat(message, field, depth);
      } else {
        message.setField(field, value(field, depth));
      }
    }
    return message.build();
  }

  private void repeat(DynamicMessage.Builder message, FieldDescriptor field, int depth) {
    int count = random.nextInt(4);
    if (random.nextInt(60) == 0) {
      count = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ? 3000 : 200_000;
    }
    if (count > 100 && random.nextBoolean()) {
      // The same one again and again costs us nothing.
      var value = value(field, depth + 1);
      int size = size(value);
      for (int i = 0; i < count && bytesLeft > 0; i++) {
        message.addRepeatedField(field, value);
        bytesLeft -= size;
      }
      return;
    }
    for (int i = 0; i < count && bytesLeft > 0; i++) {
      message.addRepeatedField(field, value(field, depth + 1));
    }
  }

  private static int size(Object value) {
    if (value instanceof DynamicMessage message) {
      return message.getSerializedSize() + 4;
    }
    if (value instanceof String text) {
      return text.length() + 4;
    }
    return value instanceof ByteString bytes ? bytes.size() + 4 : 9;
  }

  /** A value that one such field, or one element of it, can have. */
  Object value(FieldDescriptor field) {
    return value(field, 0);
  }

  private Object value(FieldDescriptor field, int depth) {
    Object value =
        switch (field.getJavaType()) {
          case INT -> (int) integer();
          case LONG -> integer();
          case FLOAT -> (float) number();
          case DOUBLE -> number();
          case BOOLEAN -> random.nextBoolean();
          case STRING -> texts.any();
          case BYTE_STRING -> ByteString.copyFrom(bytes(random.nextInt(64)));
          case ENUM ->
              field
                  .getEnumType()
                  .findValueByNumberCreatingIfUnknown(
                      random.nextInt(4) == 0
                          ? (int) integer()
                          : random.nextInt(field.getEnumType().getValues().size() + 1));
          case MESSAGE ->
              depth > DEEPEST
                  ? DynamicMessage.getDefaultInstance(field.getMessageType())
                  : message(field.getMessageType(), depth + 1);
        };
    if (!(value instanceof DynamicMessage)) {
      bytesLeft -= size(value);
    }
    return value;
  }

  private long integer() {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextLong();
      case 1 -> -random.nextInt(1000);
      case 2, 3 -> random.nextInt(1000);
      default -> INTEGERS[random.nextInt(INTEGERS.length)];
    };
  }

  private double number() {
    return switch (random.nextInt(6)) {
      case 0 -> Double.longBitsToDouble(random.nextLong());
      case 1, 2 -> random.nextDouble();
      default -> DOUBLES[random.nextInt(DOUBLES.length)];
    };
  }

  /** Bytes of all values. */
  byte[] bytes(int count) {
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
