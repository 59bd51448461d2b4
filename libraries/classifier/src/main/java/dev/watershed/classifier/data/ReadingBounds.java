package dev.watershed.classifier.data;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How far a file is read.
 *
 * @param wanted rows that are needed of those that pass; 0 for all
 * @param seed draws them; null for the first
 * @param cancelled polled while reading
 */
record ReadingBounds(
    DataLimits limits,
    DataMemory memory,
    int wanted,
    @Nullable Long seed,
    BooleanSupplier cancelled) {
  void requireWanted() {
    if (cancelled.getAsBoolean()) {
      throw new CancellationException("nobody waits for these rows any more");
    }
  }
}
