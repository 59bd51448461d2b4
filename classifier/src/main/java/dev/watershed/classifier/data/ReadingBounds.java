package dev.watershed.classifier.data;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * How far a file is read.
 *
 * @param wanted rows that are needed, the first that pass; 0 for all
 * @param cancelled polled while reading
 */
record ReadingBounds(DataLimits limits, DataMemory memory, int wanted, BooleanSupplier cancelled) {
  void requireWanted() {
    if (cancelled.getAsBoolean()) {
      throw new CancellationException("nobody waits for these rows any more");
    }
  }
}
