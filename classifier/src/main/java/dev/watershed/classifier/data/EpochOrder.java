package dev.watershed.classifier.data;

/**
 * Which examples each step of a training run sees. The order of an epoch is a function of the seed
 * and the epoch, so a run resumes at any step without replaying.
 */
public final class EpochOrder {
  private final int exampleCount;
  private final int batchSize;
  private final long seed;

  public EpochOrder(int exampleCount, int batchSize, long seed) {
    this.exampleCount = exampleCount;
    this.batchSize = batchSize;
    this.seed = seed;
  }

  /** Steps of one epoch; the last one may be smaller. */
  public long stepsPerEpoch() {
    return (exampleCount + (long) batchSize - 1) / batchSize;
  }

  /** Returns the examples of a step, counted from 0 over all epochs. */
  public int[] batch(long step) {
    throw new UnsupportedOperationException(step + " " + seed);
  }
}
