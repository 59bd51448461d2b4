package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.input.InvalidInputException;
import java.util.List;
import java.util.Locale;

/** Checks examples before native code, which trusts its indices, sees them. */
final class Examples {
  private Examples() {}

  static void requireFit(List<EncodedExample> examples, EncoderConfig config) {
    if (examples.isEmpty()) {
      throw InvalidInputException.invalid("NO_EXAMPLES", "examples", "need at least one example");
    }
    for (int i = 0; i < examples.size(); i++) {
      EncodedExample example = examples.get(i);
      if (example.length() > config.maxTokens()) {
        throw InvalidInputException.invalid(
            "EXAMPLE_TOO_LONG",
            "examples",
            String.format(
                Locale.ROOT,
                "example %d has %d tokens, the model reads at most %d; truncate it",
                i,
                example.length(),
                config.maxTokens()));
      }
      requireBelow(example.inputIds(), config.vocabularySize(), "token id", i);
      requireBelow(example.tokenTypeIds(), config.typeVocabularySize(), "token type", i);
    }
  }

  private static void requireBelow(int[] values, int limit, String what, int example) {
    for (int value : values) {
      if (value < 0 || value >= limit) {
        throw InvalidInputException.invalid(
            "TOKEN_OUT_OF_RANGE",
            "examples",
            String.format(
                Locale.ROOT,
                "example %d has %s %d, the model knows 0 to %d; use the model's own tokenizer",
                example,
                what,
                value,
                limit - 1));
      }
    }
  }
}
