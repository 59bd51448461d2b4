package dev.watershed.classifier;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Random numbers as a function of a seed and a position.
 *
 * <p>What is drawn for, say, step 1,000 can be drawn again without drawing what came before it.
 * Positions are hashed into the seed one after the other by the finaliser of SplitMix64 (Steele,
 * Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), which is also the
 * generator of the numbers.
 */
public final class RandomStream {
  private RandomStream() {}

  /**
   * Returns a new generator for one purpose; equal arguments give equal numbers.
   *
   * @param position what the numbers are for, for example an epoch, or a step and an example
   */
  public static RandomGenerator of(long seed, long... position) {
    long state = seed;
    for (long part : position) {
      state = new SplittableRandom(state).nextLong() + part;
    }
    return new SplittableRandom(state);
  }

  /** Returns the numbers 0 to {@code count} - 1 in random order (Fisher and Yates). */
  public static int[] permutation(int count, RandomGenerator random) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
