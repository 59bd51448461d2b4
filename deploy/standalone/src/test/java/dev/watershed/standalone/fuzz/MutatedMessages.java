package dev.watershed.standalone.fuzz;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Right requests with one to a few places changed, so that most get beyond the first check. */
final class MutatedMessages {
  private final RandomGenerator random;
  private final RandomText texts;
  private final RandomValues values;
  private final List<? extends Message> donors;

  /**
   * @param donors messages whose parts may stand in for others of their type
   */
  MutatedMessages(
      RandomGenerator random,
      RandomText texts,
      RandomValues values,
      List<? extends Message> donors) {
    this.random = random;
    this.texts = texts;
    this.values = values;
    this.donors = donors;
  }

  /** Another message of the type. */
  Message mutated(Message message) {
    Message result = message;
    for (int changes = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1; changes > 0; changes--) {
      result = changedOnce(result);
    }
    return result;
  }

  /** The message's bytes with a few of them changed, cut, doubled or put in. */
  byte[] mutatedBytes(byte[] message) {
    byte[] bytes = message;
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes = Arrays.copyOf(bytes, at);
        case 1 -> bytes = spliced(bytes, at, values.bytes(1 + random.nextInt(6)));
        case 2 -> bytes = spliced(bytes, at, Arrays.copyOfRange(bytes, at, bytes.length));
        default -> {
          bytes = bytes.clone();
          if (bytes.length > 0) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
          }
        }
      }
    }
    return bytes;
  }

  private static byte[] spliced(byte[] bytes, int at, byte[] piece) {
    var result = Arrays.copyOf(bytes, bytes.length + piece.length);
    System.arraycopy(piece, 0, result, at, piece.length);
    System.arraycopy(bytes, at, result, at + piece.length, bytes.length - at);
    return result;
  }

  private Message changedOnce(Message message) {
    var fields = message.getDescriptorForType().getFields();
    if (fields.isEmpty()) {
      return message;
    }
    var set = new ArrayList<>(message.getAllFields().keySet());
    var field =
        set.isEmpty() || random.nextInt(5) == 0
            ? fields.get(random.nextInt(fields.size()))
            : set.get(random.nextInt(set.size()));
    var builder = message.toBuilder();
    if (field.isRepeated()) {
      changeRepeated(message, builder, field);
    } else if (message.hasField(field)) {
      if (random.nextInt(12) == 0) {
        builder.clearField(field);
      } else {
        builder.setField(field, changed(field, message.getField(field)));
      }
    } else {
      builder.setField(field, fresh(field));
    }
    return builder.build();
  }

  private void changeRepeated(Message message, Message.Builder builder, FieldDescriptor field) {
    int count = message.getRepeatedFieldCount(field);
    if (count == 0) {
      builder.addRepeatedField(field, fresh(field));
      return;
    }
    int at = random.nextInt(count);
    switch (random.nextInt(6)) {
      case 0 -> builder.addRepeatedField(field, message.getRepeatedField(field, at));
      case 1 -> builder.addRepeatedField(field, fresh(field));
      case 2 -> {
        builder.clearField(field);
        for (int i = 0; i < count; i++) {
          if (i != at) {
            builder.addRepeatedField(field, message.getRepeatedField(field, i));
          }
        }
      }
      case 3 -> {
        int copies = random.nextInt(20) == 0 ? 3000 : random.nextInt(10);
        for (int i = 0; i < copies; i++) {
          builder.addRepeatedField(field, message.getRepeatedField(field, at));
        }
      }
      default ->
          builder.setRepeatedField(field, at, changed(field, message.getRepeatedField(field, at)));
    }
  }

  private Object changed(FieldDescriptor field, Object value) {
    if (value instanceof Message nested) {
      return random.nextInt(8) == 0 ? fresh(field) : changedOnce(nested);
    }
    if (value instanceof String text) {
      return random.nextInt(6) == 0 ? texts.any() : texts.changed(text);
    }
    if (value instanceof Boolean flag) {
      return !flag;
    }
    if (random.nextBoolean()) {
      if (value instanceof Integer number) {
        return number + random.nextInt(-2, 3);
      }
      if (value instanceof Long number) {
        return number + random.nextInt(-2, 3);
      }
      if (value instanceof Double number) {
        return random.nextBoolean() ? -number : number * (1 + random.nextGaussian() / 10);
      }
    }
    return values.value(field);
  }

  /** A value from nowhere, or one that stands elsewhere in a right request. */
  private Object fresh(FieldDescriptor field) {
    if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && random.nextInt(4) != 0) {
      var parts = new ArrayList<Message>();
      donors.forEach(donor -> collect(donor, field, parts));
      if (!parts.isEmpty()) {
        return parts.get(random.nextInt(parts.size()));
      }
    }
    return values.value(field);
  }

  private static void collect(Message message, FieldDescriptor wanted, List<Message> parts) {
    for (var entry : message.getAllFields().entrySet()) {
      if (entry.getKey().getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
        continue;
      }
      List<?> nested =
          entry.getKey().isRepeated() ? (List<?>) entry.getValue() : List.of(entry.getValue());
      for (var part : nested) {
        if (part instanceof DynamicMessage child) {
          if (child.getDescriptorForType().equals(wanted.getMessageType())) {
            parts.add(child);
          }
          collect(child, wanted, parts);
        }
      }
    }
  }
}
