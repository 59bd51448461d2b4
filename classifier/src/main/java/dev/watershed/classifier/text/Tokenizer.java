package dev.watershed.classifier.text;

import dev.watershed.classifier.checkpoint.Digest;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns texts into the token ids of one model. Thread-safe until closed. */
public interface Tokenizer extends AutoCloseable {
  /**
   * Encodes a text or a pair with the special tokens of the model's family.
   *
   * <p>What exceeds {@code maxTokens} is cut from the ends, the longer text first, as Hugging
   * Face's {@code longest_first} does.
   *
   * @param label carried into the result; -1 for none
   * @param maxTokens limit on the result's length, special tokens included
   * @throws dev.watershed.classifier.InvalidInputException if {@code maxTokens} leaves no room for
   *     one token of each text, or if a word is not in the vocabulary and there is no token for
   *     unknown words
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

  /** Equal where texts become the same tokens: names the family and the content of the files. */
  Digest digest();

  /** Names of the files this was made from, as {@link #copyTo} writes them. */
  List<String> fileNames();

  /** Writes the files this was made from, so that a checkpoint carries its tokenizer. */
  void copyTo(Path directory);

  /** Frees native memory. */
  @Override
  void close();
}
