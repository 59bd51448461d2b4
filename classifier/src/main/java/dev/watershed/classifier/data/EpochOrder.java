package dev.watershed.classifier.data;

import dev.watershed.classifier.RandomStream;
import java.util.Arrays;

/**
 * Which examples each step of a training run sees. The order of an epoch is a function of the seed
 * and the epoch, so a run resumes at any step without replaying. Not thread-safe.
 */
public final class EpochOrder {
  private final int exampleCount;
  private final int batchSize;
  private final long seed;

  private long epoch = -1;
  private int[] order = {};

  /**
   * @throws IllegalArgumentException if there is no example or a batch would be empty
   */
  public EpochOrder(int exampleCount, int batchSize, long seed) {
    if (exampleCount < 1 || batchSize < 1) {
      throw new IllegalArgumentException(
          "need at least one example and a batch of one, got %d and %d"
              .formatted(exampleCount, batchSize));
    }
    this.exampleCount = exampleCount;
    this.batchSize = batchSize;
    this.seed = seed;
  }

  /** Steps of one epoch: as many full batches as there are and one of what is left. */
  public long stepsPerEpoch() {
    return (exampleCount + (long) batchSize - 1) / batchSize;
  }

  /**
   * Returns the indices of the examples of one step.
   *
   * @param step counted from 0 over all epochs
   */
  public int[] batch(long step) {
    if (step < 0) {
      throw new IllegalArgumentException("step must be at least 0, got " + step);
    }
    long wanted = step / stepsPerEpoch();
    if (epoch != wanted) {
      order = RandomStream.permutation(exampleCount, RandomStream.of(seed, wanted));
      epoch = wanted;
    }
    long from = step % stepsPerEpoch() * batchSize;
    return Arrays.copyOfRange(order, (int) from, (int) Math.min(exampleCount, from + batchSize));
  }
}
