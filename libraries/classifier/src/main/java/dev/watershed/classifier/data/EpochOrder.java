package dev.watershed.classifier.data;

import dev.watershed.classifier.RandomStream;
import java.util.Arrays;
import java.util.Locale;

/**
 * Each epoch is a permutation of all examples: a function of the seed and the epoch, so a run
 * resumes at any step without replaying.
 */
public final class EpochOrder implements BatchOrder {
  private final int exampleCount;
  private final int batchSize;
  private final long seed;
  private final boolean dropRemainder;

  private long epoch = -1;
  private int[] order = {};

  /**
   * @param dropRemainder whether an epoch leaves out what does not fill a batch
   * @throws IllegalArgumentException if there is no example or an epoch has no batch
   */
  public EpochOrder(int exampleCount, int batchSize, long seed, boolean dropRemainder) {
    if (exampleCount < 1 || batchSize < 1 || (dropRemainder && exampleCount < batchSize)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "need at least one example and one batch, got %d and batches of %d",
              exampleCount,
              batchSize));
    }
    this.exampleCount = exampleCount;
    this.batchSize = batchSize;
    this.seed = seed;
    this.dropRemainder = dropRemainder;
  }

  /** As many full batches an epoch as there are and, unless it is dropped, one of what is left. */
  @Override
  public long steps(long epochs) {
    return epochs * stepsPerEpoch();
  }

  private long stepsPerEpoch() {
    long remainder = dropRemainder ? 0 : batchSize - 1;
    return (exampleCount + remainder) / batchSize;
  }

  @Override
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
