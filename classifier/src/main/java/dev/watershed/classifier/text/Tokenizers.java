package dev.watershed.classifier.text;

import dev.watershed.classifier.checkpoint.Family;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
   * spelling of special tokens and, beside a {@code vocab.txt}, for {@code do_lower_case}, {@code
   * strip_accents} and {@code tokenize_chinese_chars}. Without them a vocabulary whose words all
   * are lower case is taken for an uncased one.
   *
   * <p>As everywhere, a text that spells a special token, such as {@code [SEP]}, gets that token.
   *
   * @param path a directory, or one file: {@code *.json} is read as a tokenizer.json, any other as
   *     a vocab.txt
   * @throws dev.watershed.classifier.InvalidInputException TOKENIZER_NOT_FOUND, TOKENIZER_INVALID
   */
  public static Tokenizer load(Path path, Family family) {
    return new SubwordTokenizer(TokenizerFiles.read(path, family), family);
  }

  /**
   * The tokenizer of the built-in miniature task: four special tokens and 39 words, one token each.
   * There is none for unknown words: a text with one is refused.
   */
  public static Tokenizer miniature() {
    Map<String, byte[]> contents =
        Map.of(
            TokenizerFiles.WORD_PIECES,
            miniatureVocabulary(),
            TokenizerFiles.CONFIG,
            "{\"do_lower_case\": true}\n".getBytes(StandardCharsets.UTF_8));
    return new SubwordTokenizer(new TokenizerFiles(contents, Family.BERT), Family.BERT);
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
