package dev.watershed.classifier.checkpoint;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The function a checkpoint's weights parametrise.
 *
 * @param labels label names in the order of the logits; empty unless the head is {@link
 *     Head#CLASSIFICATION}
 */
public record Architecture(EncoderConfig encoder, Head head, List<String> labels) {
  private static final int MAX_LABELS = 1000;
  private static final int MAX_LABEL_CHARACTERS = 200;

  public Architecture {
    labels = List.copyOf(labels);
    if (head != Head.CLASSIFICATION && !labels.isEmpty()) {
      throw InvalidInputException.invalid(
          "LABELS_INVALID", "labels", "head " + head + " has no labels, got " + labels.size());
    }
    if (head == Head.CLASSIFICATION) {
      if (labels.size() < 2 || labels.size() > MAX_LABELS) {
        throw InvalidInputException.invalid(
            "LABELS_INVALID",
            "labels",
            String.format(
                Locale.ROOT,
                "a classifier has 2 to %d labels, got %d; regression (one output) is not supported",
                MAX_LABELS,
                labels.size()));
      }
      requireNames(labels);
    }
  }

  private static void requireNames(List<String> labels) {
    var seen = new HashSet<String>();
    for (int i = 0; i < labels.size(); i++) {
      String label = labels.get(i);
      if (label.isBlank() || label.length() > MAX_LABEL_CHARACTERS || !Quoted.isPlain(label)) {
        throw InvalidInputException.invalid(
            "LABELS_INVALID",
            "labels",
            String.format(
                Locale.ROOT,
                "label %d is '%s'; a label's name is 1 to %d visible characters",
                i,
                Quoted.of(label),
                MAX_LABEL_CHARACTERS));
      }
      if (!seen.add(label)) {
        throw InvalidInputException.invalid(
            "LABELS_INVALID", "labels", "two labels are named '" + label + "'; they must differ");
      }
    }
  }

  /**
   * Labels that differ in upper and lower case only, if there are two such: a reader of tables
   * takes them for one.
   */
  Optional<String> lookalikes() {
    var seen = new HashMap<String, String>();
    for (String label : labels) {
      String other = seen.putIfAbsent(label.toLowerCase(Locale.ROOT), label);
      if (other != null) {
        return Optional.of("'" + other + "' and '" + label + "'");
      }
    }
    return Optional.empty();
  }

  /** The same encoder under a classification head with these labels. */
  public Architecture withClassificationHead(List<String> newLabels) {
    return new Architecture(encoder, Head.CLASSIFICATION, newLabels);
  }

  /** The same encoder under a masked-language-model head. */
  public Architecture withMaskedLanguageModelHead() {
    return new Architecture(encoder, Head.MASKED_LANGUAGE_MODEL, List.of());
  }

  /**
   * Whether weights of the two may be combined: same function, same label order. Dropout
   * probabilities, which only training reads, may differ.
   */
  public boolean isInterchangeableWith(Architecture other) {
    return function().equals(other.function());
  }

  /**
   * What keeps weights of the two from being combined, by the names of {@code config.json}, such as
   * {@code hidden_size 768 and 1024}; empty where they may be.
   */
  public List<String> differences(Architecture other) {
    return HuggingFaceConfig.differences(function(), other.function());
  }

  /** This without what evaluation does not read. */
  private Architecture function() {
    var e = encoder;
    return new Architecture(
        new EncoderConfig(
            e.family(),
            e.vocabularySize(),
            e.hiddenSize(),
            e.layerCount(),
            e.attentionHeadCount(),
            e.intermediateSize(),
            e.maxPositions(),
            e.typeVocabularySize(),
            e.layerNormEpsilon(),
            e.activation(),
            e.padTokenId(),
            0,
            0,
            0),
        head,
        labels);
  }
}
