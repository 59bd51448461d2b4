package dev.watershed.trainer.engine;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import dev.watershed.trainer.v1.Recipe;

/** In which fields a recipe differs from the one it is based on. */
final class RecipeDifferences {
  private RecipeDifferences() {}

  /**
   * Returns the paths of the fields in which two recipes differ; of a message that only one of them
   * has, the message's own.
   */
  static FieldMask of(Recipe named, Recipe recipe) {
    var differences = FieldMask.newBuilder();
    addDifferences("", named, recipe, differences);
    return differences.build();
  }

  private static void addDifferences(
      String prefix, Message one, Message other, FieldMask.Builder differences) {
    for (var field : one.getDescriptorForType().getFields()) {
      var path = prefix + field.getName();
      if (isBookkeeping(field)) {
        continue;
      }
      if (field.hasPresence() && one.hasField(field) != other.hasField(field)) {
        differences.addPaths(path);
      } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        addDifferences(
            path + ".",
            (Message) one.getField(field),
            (Message) other.getField(field),
            differences);
      } else if (!one.getField(field).equals(other.getField(field))) {
        differences.addPaths(path);
      }
    }
  }

  /** Whether a field says where a recipe comes from rather than what it is. */
  private static boolean isBookkeeping(FieldDescriptor field) {
    return field.getContainingType().equals(Recipe.getDescriptor())
        && (field.getNumber() == Recipe.BASED_ON_FIELD_NUMBER
            || field.getNumber() == Recipe.OVERRIDDEN_FIELDS_FIELD_NUMBER);
  }
}
