package dev.watershed.analysis.study;

import dev.watershed.analysis.v1.StudySpec;

/**
 * Where a study's curves are measured: the multiples of 1 / {@code intervals} in [0, 1], by index;
 * index 0 is model B alone, the last is model A alone.
 */
record AlphaGrid(int intervals) {
  private static final int PAPER = 10;
  private static final int REFERENCE = 9;
  private static final int NESTED = 100;

  static AlphaGrid of(StudySpec spec) {
    if (spec.hasIntervalCount()) {
      return new AlphaGrid(spec.getIntervalCount());
    }
    return new AlphaGrid(
        switch (spec.getProtocol()) {
          case ALPHA_PROTOCOL_REFERENCE -> REFERENCE;
          case ALPHA_PROTOCOL_NESTED -> NESTED;
          default -> PAPER;
        });
  }

  int pointCount() {
    return intervals + 1;
  }

  /** Points between the two ends. */
  int interiorCount() {
    return intervals - 1;
  }

  double alpha(int index) {
    return (double) index / intervals;
  }

  /** Whether it holds every k / m^2 for an m of at least 2, which the improved gap needs. */
  boolean nested() {
    int root = (int) Math.round(Math.sqrt(intervals));
    return root >= 2 && root * root == intervals;
  }
}
