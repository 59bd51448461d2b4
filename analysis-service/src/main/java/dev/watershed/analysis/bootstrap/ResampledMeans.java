package dev.watershed.analysis.bootstrap;

import dev.watershed.analysis.UnusableNumbersException;

/**
 * Means over resampled examples of many columns at once: one product of the matrix that counts how
 * often each resample has each example with the examples' values. Sums are in double and in a fixed
 * order, so that every machine finds the same.
 */
public final class ResampledMeans {
  /** Beyond these many counts, a byte each, examples are too many to resample in memory. */
  private static final long MOST_COUNTS = 1L << 28;

  /** An example is in a resample once on average; more often than this it never is by chance. */
  private static final int MOST_OFTEN = Byte.MAX_VALUE;

  private final byte[][] counts;
  private final int size;

  /**
   * @throws UnusableNumbersException naming {@code resamples} for more draws than fit memory
   */
  public ResampledMeans(Draws draws) {
    size = draws.size();
    if (!fits(draws.count(), size)) {
      throw new UnusableNumbersException(
          "SAMPLE_TOO_LARGE_TO_RESAMPLE",
          "resamples",
          draws.count()
              + " resamples of "
              + size
              + " examples are more than "
              + MOST_COUNTS
              + " draws; ask for fewer of either.");
    }
    counts = new byte[draws.count()][size];
    for (int b = 0; b < counts.length; b++) {
      for (int place = 0; place < size; place++) {
        int drawn = draws.index(b, place);
        if (counts[b][drawn] == MOST_OFTEN) {
          throw new IllegalArgumentException(
              "resample " + b + " has example " + drawn + " more than " + MOST_OFTEN + " times");
        }
        counts[b][drawn]++;
      }
    }
  }

  /** Whether so many draws fit memory. */
  public static boolean fits(int resamples, int examples) {
    return examples <= mostExamples(resamples);
  }

  static long mostExamples(int resamples) {
    return MOST_COUNTS / Math.max(1, resamples);
  }

  int count() {
    return counts.length;
  }

  int size() {
    return size;
  }

  /**
   * Returns the means as (B, columns). 2 B n columns operations.
   *
   * @param values (n, columns)
   * @param throwIfUnwanted run before each resample; what it throws ends the work
   */
  double[][] of(double[][] values, Runnable throwIfUnwanted) {
    int columns = values[0].length;
    var means = new double[counts.length][columns];
    for (int b = 0; b < counts.length; b++) {
      throwIfUnwanted.run();
      sum(counts[b], values, means[b]);
      for (int c = 0; c < columns; c++) {
        means[b][c] /= size;
      }
    }
    return means;
  }

  /**
   * Returns the means of one column, (B).
   *
   * @param values (n)
   * @param throwIfUnwanted run before each resample; what it throws ends the work
   */
  public double[] of(double[] values, Runnable throwIfUnwanted) {
    var means = new double[counts.length];
    for (int b = 0; b < counts.length; b++) {
      throwIfUnwanted.run();
      double sum = 0;
      for (int i = 0; i < size; i++) {
        sum += counts[b][i] * values[i];
      }
      means[b] = sum / size;
    }
    return means;
  }

  /** Four examples at a time: each sum is then read and written a fourth as often. */
  private static void sum(byte[] counts, double[][] values, double[] sums) {
    int i = 0;
    for (; i + 4 <= counts.length; i += 4) {
      double w0 = counts[i];
      double w1 = counts[i + 1];
      double w2 = counts[i + 2];
      double w3 = counts[i + 3];
      var v0 = values[i];
      var v1 = values[i + 1];
      var v2 = values[i + 2];
      var v3 = values[i + 3];
      for (int c = 0; c < sums.length; c++) {
        sums[c] += (w0 * v0[c] + w1 * v1[c]) + (w2 * v2[c] + w3 * v3[c]);
      }
    }
    for (; i < counts.length; i++) {
      double w = counts[i];
      var v = values[i];
      for (int c = 0; c < sums.length; c++) {
        sums[c] += w * v[c];
      }
    }
  }
}
