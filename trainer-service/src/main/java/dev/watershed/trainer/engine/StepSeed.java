package dev.watershed.trainer.engine;

/** Seeds that are functions of a run's seed and a step, so that a run resumes without replaying. */
final class StepSeed {
  /** 2^64 over the golden ratio: successive inputs land far apart. */
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private StepSeed() {}

  /** Returns the seed of a step's dropout: two rounds of SplitMix64 (Steele et al. 2014). */
  static long of(long seed, long step) {
    return mix(mix(seed + GOLDEN_GAMMA) + GOLDEN_GAMMA * (step + 1));
  }

  private static long mix(long z) {
    long y = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long x = (y ^ (y >>> 27)) * 0x94D049BB133111EBL;
    return x ^ (x >>> 31);
  }
}
