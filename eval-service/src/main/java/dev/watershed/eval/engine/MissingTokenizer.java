package dev.watershed.eval.engine;

import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stands where a checkpoint has no tokenizer: it can be measured on pre-tokenised rows alone. */
final class MissingTokenizer implements Tokenizer {
  private final Model model;

  MissingTokenizer(Model model) {
    this.model = model;
  }

  @Override
  public EncodedExample encode(String text, @Nullable String pair, int label, int maxTokens) {
    throw InvalidInputException.invalid(
        "TOKENIZER_MISSING",
        "split",
        model.name()
            + " has neither tokenizer.json nor vocab.txt, so it reads only pre-tokenised rows"
            + " (JSON Lines with input_ids). Register it with its tokenizer.");
  }

  @Override
  public int vocabularySize() {
    return model.architecture().encoder().vocabularySize();
  }

  @Override
  public int padTokenId() {
    return model.architecture().encoder().padTokenId();
  }

  @Override
  public int maskTokenId() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int separatorTokenId() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isSpecial(int id) {
    return id == padTokenId();
  }

  @Override
  public List<String> fileNames() {
    return List.of();
  }

  @Override
  public void copyTo(Path directory) {}

  @Override
  public void close() {}
}
