package dev.watershed.analysis.curve;

/** The definitions, written down without thought of cost. */
final class NaiveGaps {
  private NaiveGaps() {}

  static double barrier(double[] alphas, double[] losses) {
    return barrier(alphas, losses, 0, alphas.length - 1);
  }

  /** The largest barrier of every sub-segment between two points: O(n^3). */
  static double convexityGap(double[] alphas, double[] losses) {
    double gap = 0;
    for (int i = 0; i < alphas.length; i++) {
      for (int j = i + 1; j < alphas.length; j++) {
        gap = Math.max(gap, barrier(alphas, losses, i, j));
      }
    }
    return gap;
  }

  private static double barrier(double[] alphas, double[] losses, int i, int j) {
    double highest = 0;
    for (int k = i; k <= j; k++) {
      double t = (alphas[k] - alphas[i]) / (alphas[j] - alphas[i]);
      highest = Math.max(highest, losses[k] - ((1 - t) * losses[i] + t * losses[j]));
    }
    return highest;
  }
}
