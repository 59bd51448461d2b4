package dev.watershed.classifier.text;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.classifier.checkpoint.Family;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Ids of the tokens that stand for no word.
 *
 * @param unknown -1 where the vocabulary has none
 */
record SpecialTokens(int classifier, int separator, int padding, int mask, int unknown) {
  /** Their spelling, by the role names of {@code tokenizer_config.json}. */
  static Map<String, String> defaultNames(Family family) {
    return switch (family) {
      case BERT ->
          Map.of(
              "cls_token", "[CLS]",
              "sep_token", "[SEP]",
              "pad_token", "[PAD]",
              "mask_token", "[MASK]",
              "unk_token", "[UNK]");
      case ROBERTA ->
          Map.of(
              "cls_token", "<s>",
              "sep_token", "</s>",
              "pad_token", "<pad>",
              "mask_token", "<mask>",
              "unk_token", "<unk>");
    };
  }

  static SpecialTokens find(Map<String, String> names, Map<String, Integer> vocabulary) {
    Integer unknown = vocabulary.get(names.get("unk_token"));
    return new SpecialTokens(
        require("cls_token", names, vocabulary),
        require("sep_token", names, vocabulary),
        require("pad_token", names, vocabulary),
        require("mask_token", names, vocabulary),
        unknown == null ? -1 : unknown);
  }

  boolean contains(int id) {
    return id == classifier || id == separator || id == padding || id == mask || id == unknown;
  }

  private static int require(
      String role, Map<String, String> names, Map<String, Integer> vocabulary) {
    String name = names.get(role);
    @Nullable Integer id = vocabulary.get(name);
    if (id == null) {
      throw invalid(
          "TOKENIZER_INVALID",
          "tokenizer",
          String.format(
              Locale.ROOT,
              ("the vocabulary of %d tokens lacks '%s'; add it, or name another %s in "
                  + "tokenizer_config.json"),
              vocabulary.size(),
              name,
              role));
    }
    return id;
  }
}
