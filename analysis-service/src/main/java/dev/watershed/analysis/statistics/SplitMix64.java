package dev.watershed.analysis.statistics;

/** Random numbers without a state: the n-th of a seed is a function of both. */
public final class SplitMix64 {
  /** 2^64 over the golden ratio, odd: what the state grows by. */
  public static final long STEP = 0x9E3779B97F4A7C15L;

  private SplitMix64() {}

  /** The finaliser of SplitMix64 (Steele, Lea and Flood, 2014). */
  public static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  /** Returns a whole number from 0 to {@code bound} - 1 by the {@code place}-th of a seed. */
  public static int below(int bound, long seed, long place) {
    return (int) Math.unsignedMultiplyHigh(mix(seed + STEP * place), bound);
  }

  /** Returns 0 to n - 1 shuffled (Fisher and Yates). */
  public static int[] permutation(int n, long seed) {
    var permutation = new int[n];
    long first = mix(seed);
    for (int i = 0; i < n; i++) {
      int j = below(i + 1, first, i + 1L);
      permutation[i] = permutation[j];
      permutation[j] = i;
    }
    return permutation;
  }
}
