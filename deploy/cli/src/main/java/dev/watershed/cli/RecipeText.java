package dev.watershed.cli;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A recipe for people: every field by the name that a spec and an override give it. */
final class RecipeText {
  /** What a field that is not set stands for; others are zero. */
  private static final Map<String, String> ABSENT =
      Map.of(
          "max_tokens", "128 or the model's limit",
          "clip_norm", "no clipping",
          "dropout", "the checkpoint's own",
          "shuffle_buffer", "none: every epoch is a permutation of the rows",
          "head_initialization", "normal",
          "polynomial_power", "1",
          "accumulation_steps", "1",
          "precision", "fp32",
          "adamw.bias_correction", "true",
          "linear_probe", "none");

  /** What a field that is zero says. */
  private static final Map<String, String> ZERO =
      Map.of(
          "clip_norm", "no clipping",
          "shuffle_buffer", "none: every epoch is a permutation of the rows");

  private static final String OVERRIDDEN = "overridden";

  private RecipeText() {}

  /** The lines of a table of all fields, and of when checkpoints are kept. */
  static List<String> lines(Recipe recipe, CheckpointPolicy policy) {
    List<String> lines = new ArrayList<>();
    if (!recipe.getBasedOn().isEmpty()) {
      List<String> overridden = recipe.getOverriddenFields().getPathsList();
      lines.add(
          "recipe "
              + recipe.getBasedOn()
              + (overridden.isEmpty() ? "" : ", but " + String.join(", ", overridden)));
    }
    TextTable table = new TextTable("field", "value", "");
    addFields("", recipe, recipe.getOverriddenFields().getPathsList(), table);
    lines.addAll(table.lines());
    lines.add("checkpoints: " + text(policy));
    return lines;
  }

  private static void addFields(
      String prefix, Message message, List<String> overridden, TextTable table) {
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      String path = prefix + field.getName();
      if (path.equals("based_on")
          || path.equals("overridden_fields")
          || (field.getRealContainingOneof() != null && !message.hasField(field))) {
        continue;
      }
      boolean absent =
          field.hasPresence()
              ? !message.hasField(field)
              : message.getField(field).equals(field.getDefaultValue());
      String mark = overridden.contains(path) ? OVERRIDDEN : "";
      if (absent && ABSENT.containsKey(path)) {
        table.row(path, ABSENT.getOrDefault(path, ""), mark);
      } else if (ZERO.containsKey(path)
          && message.getField(field).equals(field.getDefaultValue())) {
        table.row(path, ZERO.getOrDefault(path, ""), mark);
      } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        List<String> inside =
            mark.isEmpty() ? overridden : allOf((Message) message.getField(field), path);
        addFields(path + ".", (Message) message.getField(field), inside, table);
      } else {
        table.row(path, value(message.getField(field)), mark);
      }
    }
  }

  /** A message that is overridden whole is so in each of its fields. */
  private static List<String> allOf(Message message, String path) {
    return message.getDescriptorForType().getFields().stream()
        .map(field -> path + "." + field.getName())
        .toList();
  }

  private static String value(Object value) {
    if (value instanceof Double number) {
      return number(number);
    }
    return value instanceof EnumValueDescriptor constant ? word(constant) : String.valueOf(value);
  }

  /** "2e-5", "0.1", "7432". */
  static String number(double value) {
    return String.valueOf(value).replaceFirst("\\.0(?=$|E)", "").replace('E', 'e');
  }

  /** The constant without the name of its type: "google-linear", "bf16". */
  static String word(EnumValueDescriptor constant) {
    // The name of the type is the prefix that all constants share: that of the first up to its last
    // word, "UNSPECIFIED".
    String first = constant.getType().getValues().get(0).getName();
    int prefix = first.lastIndexOf('_') + 1;
    return constant.getName().substring(prefix).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String text(CheckpointPolicy policy) {
    List<String> when = new ArrayList<>();
    if (policy.getEverySteps() > 0) {
      when.add("every " + policy.getEverySteps() + " steps");
    }
    if (policy.getAtStepsCount() > 0) {
      when.add(
          "after "
              + String.join(", ", policy.getAtStepsList().stream().map(String::valueOf).toList()));
    }
    when.add("at the end");
    return String.join("; ", when);
  }
}
