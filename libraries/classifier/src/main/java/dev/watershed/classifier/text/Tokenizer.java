package dev.watershed.classifier.text;

import dev.watershed.classifier.checkpoint.Digest;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Turns texts into the token ids of one model. Thread-safe until closed. */
public interface Tokenizer extends AutoCloseable {
  /**
   * Encodes a text or a pair with the special tokens of the model's family.
   *
   * <p>A text that spells a special token, such as {@code [SEP]}, gets that token, as from Hugging
   * Face's fast tokenizers; the script that Google published with BERT splits it into {@code [},
   * {@code sep} and {@code ]}.
   *
   * <p>What exceeds {@code maxTokens} is cut from the ends, the longer text first, as Hugging
   * Face's {@code longest_first} does.
   *
   * @param label carried into the result; -1 for none
   * @param maxTokens limit on the result's length, special tokens included
   * @throws dev.watershed.input.InvalidInputException if {@code maxTokens} leaves no room for one
   *     token of each text, if a word is not in the vocabulary and there is no token for unknown
   *     words, or if a text is longer than 262,144 characters
   */
  EncodedExample encode(String text, @Nullable String pair, int label, int maxTokens);

  /** One more than the largest token id. */
  int vocabularySize();

  int padTokenId();

  int maskTokenId();

  /** The token that ends a text: {@code [SEP]} or {@code </s>}. */
  int separatorTokenId();

  /** Whether an id stands for no word: classifier, separator, padding, mask or unknown. */
  boolean isSpecial(int id);

  /** Equal where every text becomes the same tokens, whatever files said so. */
  Digest digest();

  /**
   * Writes the files that Hugging Face's libraries read this tokenizer from, so that a checkpoint
   * carries it: {@code tokenizer.json}, {@code tokenizer_config.json}, {@code
   * special_tokens_map.json}, and where it is BERT's or RoBERTa's own kind the vocabulary in their
   * old form.
   *
   * @param maxTokens the longest text that the model reads, in tokens
   */
  void copyTo(Path directory, int maxTokens);

  /** Frees native memory. */
  @Override
  void close();
}
