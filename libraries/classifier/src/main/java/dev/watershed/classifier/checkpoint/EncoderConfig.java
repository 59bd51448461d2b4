package dev.watershed.classifier.checkpoint;

import dev.watershed.input.InvalidInputException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What of Hugging Face's {@code config.json} the computation needs, validated.
 *
 * @param maxPositions rows of the position embedding, see {@link #maxTokens()}
 * @param padTokenId id of the padding token; for RoBERTa also the index positions count from
 * @param hiddenDropout probability, after embeddings and after each block's two projections
 * @param attentionDropout probability, on attention weights
 * @param classifierDropout probability, before the classification head
 * @param bosTokenId id of the token that begins a text, which the computation does not read; null
 *     where none is named
 * @param eosTokenId id of the token that ends one, likewise
 */
public record EncoderConfig(
    Family family,
    int vocabularySize,
    int hiddenSize,
    int layerCount,
    int attentionHeadCount,
    int intermediateSize,
    int maxPositions,
    int typeVocabularySize,
    double layerNormEpsilon,
    Activation activation,
    int padTokenId,
    double hiddenDropout,
    double attentionDropout,
    double classifierDropout,
    @Nullable Integer bosTokenId,
    @Nullable Integer eosTokenId) {

  public EncoderConfig {
    requireBetween("vocab_size", vocabularySize, 1, 1 << 20);
    requireBetween("hidden_size", hiddenSize, 1, 1 << 14);
    requireBetween("num_hidden_layers", layerCount, 1, 256);
    requireBetween("num_attention_heads", attentionHeadCount, 1, hiddenSize);
    requireBetween("intermediate_size", intermediateSize, 1, 1 << 16);
    requireBetween("max_position_embeddings", maxPositions, 1, 1 << 16);
    requireBetween("type_vocab_size", typeVocabularySize, 1, 1 << 10);
    requireBetween("pad_token_id", padTokenId, 0, vocabularySize - 1);
    if (hiddenSize % attentionHeadCount != 0) {
      throw InvalidInputException.invalid(
          "CONFIG_INVALID",
          "num_attention_heads",
          String.format(
              Locale.ROOT,
              "hidden_size %d is not a multiple of num_attention_heads %d",
              hiddenSize,
              attentionHeadCount));
    }
    if (!(layerNormEpsilon > 0 && layerNormEpsilon < 1)) {
      throw InvalidInputException.invalid(
          "CONFIG_INVALID",
          "layer_norm_eps",
          "layer_norm_eps must lie between 0 and 1, got " + layerNormEpsilon);
    }
    requireProbability("hidden_dropout_prob", hiddenDropout);
    requireProbability("attention_probs_dropout_prob", attentionDropout);
    requireProbability("classifier_dropout", classifierDropout);
    if (family == Family.ROBERTA && maxPositions < padTokenId + 2) {
      throw InvalidInputException.invalid(
          "CONFIG_INVALID",
          "max_position_embeddings",
          String.format(
              Locale.ROOT,
              "RoBERTa counts positions from pad_token_id + 1 = %d; max_position_embeddings %d leaves none",
              padTokenId + 1,
              maxPositions));
    }
  }

  /** One that names no tokens to begin and end a text with. */
  public EncoderConfig(
      Family family,
      int vocabularySize,
      int hiddenSize,
      int layerCount,
      int attentionHeadCount,
      int intermediateSize,
      int maxPositions,
      int typeVocabularySize,
      double layerNormEpsilon,
      Activation activation,
      int padTokenId,
      double hiddenDropout,
      double attentionDropout,
      double classifierDropout) {
    this(
        family,
        vocabularySize,
        hiddenSize,
        layerCount,
        attentionHeadCount,
        intermediateSize,
        maxPositions,
        typeVocabularySize,
        layerNormEpsilon,
        activation,
        padTokenId,
        hiddenDropout,
        attentionDropout,
        classifierDropout,
        null,
        null);
  }

  /** Longest input in tokens: RoBERTa's positions start at {@code padTokenId + 1}. */
  public int maxTokens() {
    return family == Family.ROBERTA ? maxPositions - padTokenId - 1 : maxPositions;
  }

  private static void requireBetween(String key, int value, int low, int high) {
    if (value < low || value > high) {
      throw InvalidInputException.invalid(
          "CONFIG_INVALID",
          key,
          String.format(Locale.ROOT, "%s must be %d to %d, got %d", key, low, high, value));
    }
  }

  private static void requireProbability(String key, double value) {
    if (!(value >= 0 && value < 1)) {
      throw InvalidInputException.invalid(
          "CONFIG_INVALID", key, "%s must be at least 0 and below 1, got %s".formatted(key, value));
    }
  }
}
