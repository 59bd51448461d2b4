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
    return permutation(count, count, random);
  }

  /** Returns the first {@code size} of {@link #permutation(int, RandomGenerator)}. */
  public static int[] permutation(int count, int size, RandomGenerator random) {
    int[] order = new int[size];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      if (i < size) {
        order[i] = order[j];
      }
      if (j < size) {
        order[j] = i;
      }
    }
    return order;
  }
}
