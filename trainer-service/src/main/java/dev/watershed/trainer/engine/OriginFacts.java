package dev.watershed.trainer.engine;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.watershed.input.Quoted;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.SplitDescription;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a run was told, as its checkpoints keep it: every field of its resolved spec and of its
 * seeds by path, so that models can be told apart by more than their labels.
 */
final class OriginFacts {
  /** Names, when checkpoints are written and what scores them: weights do not depend on these. */
  private static final Set<FieldDescriptor> LEFT_OUT =
      Set.of(
          TrainingRunSpec.getDescriptor()
              .findFieldByNumber(TrainingRunSpec.DISPLAY_NAME_FIELD_NUMBER),
          TrainingRunSpec.getDescriptor()
              .findFieldByNumber(TrainingRunSpec.CHECKPOINTS_FIELD_NUMBER),
          ClassificationObjective.getDescriptor()
              .findFieldByNumber(ClassificationObjective.VALIDATION_FIELD_NUMBER),
          MaskedLanguageModelObjective.getDescriptor()
              .findFieldByNumber(MaskedLanguageModelObjective.VALIDATION_FIELD_NUMBER),
          Recipe.getDescriptor().findFieldByNumber(Recipe.BASED_ON_FIELD_NUMBER),
          Recipe.getDescriptor().findFieldByNumber(Recipe.OVERRIDDEN_FIELDS_FIELD_NUMBER));

  private static final int DIGEST_SHOWN = 12;

  private OriginFacts() {}

  /**
   * @param spec resolved
   * @param initialStep steps of the run that the start is of; 0 where it is of none
   * @param splits of the spec, the training rows first
   */
  static Map<String, String> of(
      TrainingRunSpec spec, Seeds seeds, long initialStep, List<SplitDescription> splits) {
    var facts = new TreeMap<String, String>();
    add("", spec, facts);
    add("seeds.", seeds, facts);
    if (initialStep > 0) {
      facts.put("initial_step", Long.toString(initialStep));
    }
    facts.put("train_rows", splits.get(0).getDigest().getSha256().substring(0, DIGEST_SHOWN));
    return facts;
  }

  private static void add(String prefix, Message message, Map<String, String> facts) {
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              var path = prefix + field.getName();
              if (LEFT_OUT.contains(field)) {
                return;
              }
              if (value instanceof Message inner) {
                add(path + ".", inner, facts);
              } else {
                facts.put(path, Quoted.of(text(value)));
              }
            });
  }

  private static String text(Object value) {
    return switch (value) {
      case List<?> list -> list.stream().map(OriginFacts::text).collect(Collectors.joining(", "));
      case Double number -> shortest(number);
      default -> value.toString();
    };
  }

  /** 2e-5 for 2.0E-5, and .1 as 0.1. */
  private static String shortest(double number) {
    var exact = new BigDecimal(Double.toString(number), MathContext.UNLIMITED).stripTrailingZeros();
    return number == 0 || (Math.abs(number) >= 1e-3 && Math.abs(number) < 1e6)
        ? exact.toPlainString()
        : exact.unscaledValue() + (exact.scale() == 0 ? "" : "e" + -exact.scale());
  }
}
