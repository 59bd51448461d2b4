package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.io.IOException;
import java.nio.file.Path;

/** Weights, both moments of AdamW and the number of steps taken: all that resuming needs. */
public final class TrainingState implements AutoCloseable {
  private TrainingState() {}

  /** Zero moments, step 0. Takes {@code weights} over: closing the state closes them. */
  public static TrainingState start(ParameterVector weights) {
    throw new UnsupportedOperationException();
  }

  /** The live weights; each step changes them. */
  public ParameterVector weights() {
    throw new UnsupportedOperationException();
  }

  /** Steps taken. */
  public long step() {
    throw new UnsupportedOperationException();
  }

  /** Writes aside, flushes and renames: the file is whole or not there. Holds a checksum. */
  public void save(Path file) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * @throws dev.watershed.classifier.InvalidInputException CORRUPT where the checksum does not
   *     match, MISMATCH where it was made for another layout
   */
  public static TrainingState load(Path file, ParameterLayout layout) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
