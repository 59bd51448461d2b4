package dev.watershed.classifier.text;

import dev.watershed.classifier.checkpoint.Family;
import java.nio.file.Path;

/** Makes tokenizers from files. */
public final class Tokenizers {
  private Tokenizers() {}

  /**
   * Loads the tokenizer of a checkpoint.
   *
   * @param path a checkpoint directory, or a {@code tokenizer.json}, {@code vocab.txt} or {@code
   *     vocab.json} (with {@code merges.txt} beside it)
   */
  public static Tokenizer load(Path path, Family family) {
    throw new UnsupportedOperationException(path + " " + family);
  }

  /** The tokenizer of the built-in miniature task: 43 words, none for unknown ones. */
  public static Tokenizer miniature() {
    throw new UnsupportedOperationException();
  }
}
