package dev.watershed.eval.engine;

import dev.watershed.classifier.model.PreparedSample;

/**
 * What one unit of work took, told to {@link EvaluationCounters} once it has ended. For one thread.
 */
final class WorkMeter {
  private final long began = System.nanoTime();
  private long loadingNanos;
  private long interpolatingNanos;
  private long forwardNanos;
  private long tokens;
  private long paddedTokens;
  private double floatingPointOperations;

  /** Adds the time since {@code start}, of {@link System#nanoTime}, to waiting for weights. */
  void loadedSince(long start) {
    loadingNanos += System.nanoTime() - start;
  }

  /** Adds the time since {@code start} to combining weights. */
  void interpolatedSince(long start) {
    interpolatingNanos += System.nanoTime() - start;
  }

  /** Adds the time since {@code start} to forward passes, whether they came to their end or not. */
  void passedSince(long start) {
    forwardNanos += System.nanoTime() - start;
  }

  /** Adds a pass that came to its end. */
  void passed(PreparedSample sample) {
    tokens += sample.tokenCount();
    paddedTokens += sample.paddedTokenCount();
    floatingPointOperations += sample.floatingPointOperations();
  }

  /** Ends the unit: what it took, from its making to now. */
  DeviceWork end() {
    return new DeviceWork(
        System.nanoTime() - began,
        loadingNanos,
        interpolatingNanos,
        forwardNanos,
        tokens,
        paddedTokens,
        floatingPointOperations);
  }
}
