package dev.watershed.bench;

import org.jspecify.annotations.Nullable;

/**
 * Time that some work took.
 *
 * @param seconds by the clock
 * @param processorSeconds of this process, all its threads together
 */
record Spent(double seconds, double processorSeconds) {
  static final Spent NOTHING = new Spent(0, 0);

  /** Systems count processor time in steps of 10 ms. */
  private static final double LEAST_PROCESSOR_SECONDS = .1;

  Spent plus(Spent other) {
    return new Spent(seconds + other.seconds, processorSeconds + other.processorSeconds);
  }

  Spent times(double factor) {
    return new Spent(seconds * factor, processorSeconds * factor);
  }

  /** Processor time over another's; null where either is too short to be told. */
  @Nullable Double processorRatio(Spent to) {
    return Math.min(processorSeconds, to.processorSeconds) < LEAST_PROCESSOR_SECONDS
        ? null
        : Double.valueOf(processorSeconds / to.processorSeconds);
  }

  /** Of the processors that so many threads could have had. */
  double processorShare(int threads) {
    return processorSeconds / seconds / threads;
  }
}
