package dev.watershed.trainer.engine;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.Recipe;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a recipe takes from the one it is based on. Field by field, also within AdamW and the probe;
 * but of several fields that say one thing (warm-up, length), all or none.
 */
final class RecipeOverrides {
  private static final Descriptor RECIPE = Recipe.getDescriptor();

  private RecipeOverrides() {}

  /**
   * Returns {@code named} with the fields of {@code asked} that are set or in its {@code
   * override_fields}.
   *
   * @throws RefusedException where a path is not one of a recipe's fields
   */
  static Recipe merge(Recipe named, Recipe asked) {
    var merged = named.toBuilder().mergeFrom(asked);
    for (int i = 0; i < asked.getOverrideFields().getPathsCount(); i++) {
      var path = asked.getOverrideFields().getPaths(i);
      if (!override(merged, asked, path)) {
        throw RefusedException.invalidArgument(
            "OVERRIDE_FIELD_UNKNOWN",
            "spec.recipe.override_fields.paths[" + i + "]",
            "is \"%s\", which is no field of a recipe; there are %s"
                .formatted(path, String.join(", ", paths())));
      }
    }
    return merged.build();
  }

  /** Returns false where there is no such field. */
  private static boolean override(Message.Builder merged, Message asked, String path) {
    int dot = path.indexOf('.');
    var field = field(merged.getDescriptorForType(), dot < 0 ? path : path.substring(0, dot));
    if (field == null) {
      return false;
    }
    if (dot >= 0) {
      return isMessage(field)
          && override(
              merged.getFieldBuilder(field),
              (Message) asked.getField(field),
              path.substring(dot + 1));
    }
    var alternatives = field.getRealContainingOneof();
    if (alternatives != null) {
      // Where another of them is set, that is the override.
      if (!asked.hasOneof(alternatives)) {
        merged.clearOneof(alternatives);
      }
    } else if (field.hasPresence() && !asked.hasField(field)) {
      merged.clearField(field);
    } else {
      merged.setField(field, asked.getField(field));
    }
    return true;
  }

  private static @Nullable FieldDescriptor field(Descriptor message, String name) {
    var field = message.findFieldByName(name);
    return field == null || isBookkeeping(field) ? null : field;
  }

  /** Whether a field says where a recipe comes from rather than what it is. */
  private static boolean isBookkeeping(FieldDescriptor field) {
    return field.getContainingType().equals(RECIPE)
        && (field.getNumber() == Recipe.BASED_ON_FIELD_NUMBER
            || field.getNumber() == Recipe.OVERRIDE_FIELDS_FIELD_NUMBER);
  }

  private static boolean isMessage(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
  }

  /** Returns the paths of all fields that can be overridden. */
  static List<String> paths() {
    var paths = new ArrayList<String>();
    addPaths("", RECIPE, paths);
    return paths;
  }

  private static void addPaths(String prefix, Descriptor message, List<String> paths) {
    for (var field : message.getFields()) {
      if (!isBookkeeping(field)) {
        paths.add(prefix + field.getName());
        if (isMessage(field)) {
          addPaths(prefix + field.getName() + ".", field.getMessageType(), paths);
        }
      }
    }
  }

  /**
   * Returns the paths of the fields in which two recipes differ; of a message that only one of them
   * has, the message's own.
   */
  static FieldMask differences(Recipe named, Recipe recipe) {
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
      } else if (isMessage(field)) {
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
}
