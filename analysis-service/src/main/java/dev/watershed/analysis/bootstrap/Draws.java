package dev.watershed.analysis.bootstrap;

import dev.watershed.analysis.statistics.SplitMix64;

/**
 * Which things each resample has, drawn with replacement. The same draws serve all alphas, pairs
 * and metrics of a study: only so do differences and clusterings have a joint distribution.
 */
public interface Draws {
  /** As many as make the noise of an interval's ends about 3 % of its half width. */
  int DEFAULT_COUNT = 2000;

  /** Returns the number of resamples. */
  int count();

  /** Returns n, the number of things and of places in a resample. */
  int size();

  /**
   * @param resample from 0 to count - 1
   * @param place from 0 to n - 1
   * @return which thing stands there, from 0 to n - 1
   */
  int index(int resample, int place);

  /** Draws that are a function of the seed, the resample and the place, without a state. */
  static Draws of(long seed, int count, int size) {
    return new Draws() {
      @Override
      public int count() {
        return count;
      }

      @Override
      public int size() {
        return size;
      }

      @Override
      public int index(int resample, int place) {
        return SplitMix64.below(size, seed, ((long) resample << 32) + place + 1);
      }
    };
  }

  /** Returns the things of one resample, (n). */
  default int[] resample(int resample) {
    var indices = new int[size()];
    for (int place = 0; place < indices.length; place++) {
      indices[place] = index(resample, place);
    }
    return indices;
  }
}
