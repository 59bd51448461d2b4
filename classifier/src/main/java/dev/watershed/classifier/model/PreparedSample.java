package dev.watershed.classifier.model;

/** Batches of one encoded sample in native memory, length-sorted, padded within a batch. */
public final class PreparedSample implements AutoCloseable {
  private PreparedSample() {}

  public int exampleCount() {
    throw new UnsupportedOperationException();
  }

  /** Tokens computed, padding included. */
  public long paddedTokenCount() {
    throw new UnsupportedOperationException();
  }

  public long nativeBytes() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
