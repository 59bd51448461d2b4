package dev.watershed.classifier.text;

import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Makes tokenizers from files. */
public final class Tokenizers {
  private Tokenizers() {}

  /**
   * Loads the tokenizer of a checkpoint, from the first there is of {@code tokenizer.json}, {@code
   * vocab.txt} (WordPiece) and {@code vocab.json} with {@code merges.txt} (byte pairs).
   *
   * <p>{@code tokenizer_config.json} and {@code special_tokens_map.json} are heeded for the
   * spelling of special tokens, the former for {@code do_lower_case}, {@code strip_accents}, {@code
   * tokenize_chinese_chars} and {@code add_prefix_space} too, also where a {@code tokenizer.json}
   * says otherwise. Without them a {@code vocab.txt} whose words all are lower case is taken for an
   * uncased one. Tokens of {@code added_tokens_decoder} and, where there is no {@code
   * tokenizer.json}, of {@code added_tokens.json} are added.
   *
   * @param path a directory, or one file: {@code vocab.json} and {@code merges.txt} are read
   *     together, any other {@code *.json} as a tokenizer.json, the rest as a vocab.txt
   * @throws InvalidInputException TOKENIZER_NOT_FOUND, TOKENIZER_INVALID, SYMBOLIC_LINK,
   *     TOKENIZER_COMPONENT_UNSUPPORTED where a {@code tokenizer.json} has parts that BERT's and
   *     RoBERTa's tokenizers do not consist of
   */
  public static Tokenizer load(Path path, Family family) {
    return new SubwordTokenizer(define(path, family));
  }

  /**
   * Reads what {@link #load} would, for comparing it.
   *
   * @throws InvalidInputException as {@link #load} does
   */
  public static TokenizerDefinition define(Path path, Family family) {
    return TokenizerFiles.read(path, family).definition();
  }

  /**
   * Checks that the tokenizer of a directory, or of one file as {@link #load} takes it, where there
   * is one, and an encoder belong together.
   *
   * @return what does no harm but should be known
   * @throws InvalidInputException where it is unusable, or knows tokens that the encoder has no
   *     embedding for (TOKENIZER_TOO_LARGE)
   */
  public static List<String> inspect(Path path, EncoderConfig encoder) {
    TokenizerFiles files;
    try {
      files = TokenizerFiles.read(path, encoder.family());
    } catch (InvalidInputException e) {
      if (e.kind() == InvalidInputException.Kind.NOT_FOUND) {
        return List.of(
            "there is no tokenizer (tokenizer.json, vocab.txt, or vocab.json with merges.txt):"
                + " only what comes as tokens can be read");
      }
      throw e;
    }
    var notices = new ArrayList<>(files.notices());
    try (Tokenizer tokenizer = new SubwordTokenizer(files.definition())) {
      int tokens = tokenizer.vocabularySize();
      if (tokens > encoder.vocabularySize()) {
        throw InvalidInputException.invalid(
            "TOKENIZER_TOO_LARGE",
            "tokenizer",
            String.format(
                Locale.ROOT,
                "the tokenizer has %d tokens, the embeddings only %d rows (vocab_size); give the tokenizer that the model was trained with",
                tokens,
                encoder.vocabularySize()));
      }
      if (tokens < encoder.vocabularySize()) {
        notices.add(
            String.format(
                Locale.ROOT,
                "the tokenizer has %d tokens, the embeddings %d rows: the last %d are never used",
                tokens,
                encoder.vocabularySize(),
                encoder.vocabularySize() - tokens));
      }
      if (tokenizer.padTokenId() != encoder.padTokenId()) {
        notices.add(
            String.format(
                Locale.ROOT,
                "the tokenizer pads with token %d, config.json says pad_token_id %d",
                tokenizer.padTokenId(),
                encoder.padTokenId()));
      }
    }
    if (files.maxTokens() > encoder.maxTokens()) {
      notices.add(
          String.format(
              Locale.ROOT,
              "tokenizer_config.json speaks of %d tokens (model_max_length), the positions allow %d",
              files.maxTokens(),
              encoder.maxTokens()));
    }
    return notices;
  }

  /**
   * The tokenizer of the built-in miniature task: four special tokens and 39 words, one token each.
   * There is none for unknown words: a text with one is refused.
   */
  public static Tokenizer miniature() {
    Map<String, byte[]> contents =
        Map.of(
            HuggingFaceFiles.WORD_PIECES,
            miniatureVocabulary(),
            TokenizerFiles.CONFIG,
            "{\"do_lower_case\": true}\n".getBytes(StandardCharsets.UTF_8));
    return new SubwordTokenizer(new TokenizerFiles(contents, Family.BERT).definition());
  }

  private static byte[] miniatureVocabulary() {
    String name = "miniature-vocab.txt";
    try (InputStream in = Tokenizers.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
