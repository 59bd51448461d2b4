package dev.watershed.classifier.data;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.util.Locale;

/** Memory outside the heap that all data sets may take together. Thread-safe. */
public final class DataMemory {
  /** Rounds of collection before a data set is refused: memory comes back with what held it. */
  private static final int ROUNDS = 5;

  private static final long ROUND_MILLIS = 50;

  private final DataLimits limits;
  private long held;

  public DataMemory(DataLimits limits) {
    this.limits = limits;
  }

  /** Bytes held now. */
  public synchronized long heldBytes() {
    return held;
  }

  /** The most that may be held. */
  public long maximumBytes() {
    return limits.totalBytes();
  }

  /** The most that one data set may take. */
  long datasetBytes() {
    return limits.datasetBytes();
  }

  /**
   * Books memory before it is allocated.
   *
   * @throws InvalidInputException DATA_MEMORY_EXHAUSTED of kind EXHAUSTED where there is none left
   */
  void reserve(long bytes) {
    for (int round = 0; !tryReserve(bytes); round++) {
      if (round == ROUNDS) {
        throw new InvalidInputException(
            Kind.EXHAUSTED,
            "DATA_MEMORY_EXHAUSTED",
            "",
            String.format(
                Locale.ROOT,
                "the data sets in use take %d bytes, at most %d are there for all (watershed.data.memory); come back later, use a smaller data set, or raise it",
                heldBytes(),
                limits.totalBytes()));
      }
      collect();
    }
  }

  private synchronized boolean tryReserve(long bytes) {
    if (bytes > limits.totalBytes() - held) {
      return false;
    }
    held += bytes;
    return true;
  }

  synchronized void release(long bytes) {
    held -= bytes;
    notifyAll();
  }

  /** As the JDK does for direct buffers: what nobody reaches any more is freed by a collection. */
  @SuppressWarnings("PMD.DoNotCallGarbageCollectionExplicitly")
  private synchronized void collect() {
    System.gc();
    try {
      wait(ROUND_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
