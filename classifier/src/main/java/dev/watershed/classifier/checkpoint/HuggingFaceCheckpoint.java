package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A Hugging Face directory: {@code config.json}, {@code model.safetensors} and a tokenizer. */
public final class HuggingFaceCheckpoint {
  private HuggingFaceCheckpoint() {}

  /**
   * Reads configuration and tensor header, checks that every parameter is there in its shape.
   *
   * @throws dev.watershed.classifier.InvalidInputException naming what is missing or wrong
   */
  public static HuggingFaceCheckpoint open(Path directory) throws IOException {
    throw new UnsupportedOperationException();
  }

  public Architecture architecture() {
    throw new UnsupportedOperationException();
  }

  /** What was noticed and passed over, for example unknown extra heads. */
  public List<String> notices() {
    throw new UnsupportedOperationException();
  }

  /** Reads the weights; the caller closes them. */
  public ParameterVector read() throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Writes {@code config.json}, {@code model.safetensors} and copies of {@code tokenizerFiles} into
   * {@code directory}, which is created where it is missing.
   */
  public static void write(Path directory, ParameterVector weights, Path... tokenizerFiles)
      throws IOException {
    throw new UnsupportedOperationException();
  }
}
