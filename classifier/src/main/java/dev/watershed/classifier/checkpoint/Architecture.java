package dev.watershed.classifier.checkpoint;

import dev.watershed.classifier.InvalidInputException;
import java.util.HashSet;
import java.util.List;

/**
 * The function a checkpoint's weights parametrise.
 *
 * @param labels label names in the order of the logits; empty unless the head is {@link
 *     Head#CLASSIFICATION}
 */
public record Architecture(EncoderConfig encoder, Head head, List<String> labels) {
  private static final int MAX_LABELS = 1000;

  public Architecture {
    labels = List.copyOf(labels);
    if (head != Head.CLASSIFICATION && !labels.isEmpty()) {
      throw InvalidInputException.invalid(
          "LABELS_INVALID", "labels", "head %s has no labels, got %s".formatted(head, labels));
    }
    if (head == Head.CLASSIFICATION) {
      if (labels.size() < 2 || labels.size() > MAX_LABELS) {
        throw InvalidInputException.invalid(
            "LABELS_INVALID",
            "labels",
            "a classifier has 2 to %d labels, got %d; regression (one output) is not supported"
                .formatted(MAX_LABELS, labels.size()));
      }
      if (new HashSet<>(labels).size() != labels.size()) {
        throw InvalidInputException.invalid(
            "LABELS_INVALID", "labels", "label names must differ, got " + labels);
      }
    }
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
