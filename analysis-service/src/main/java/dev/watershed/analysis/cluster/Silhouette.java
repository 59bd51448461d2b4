package dev.watershed.analysis.cluster;

/** How much nearer models are to their own cluster than to the next (Rousseeuw, 1987). */
final class Silhouette {
  private Silhouette() {}

  /**
   * Returns the mean silhouette in [-1, 1]; NaN for one cluster. A model alone in its cluster, or
   * at distance zero from all, counts as 0. Models below 0 belong to no cluster and count for
   * nothing.
   */
  static double mean(DistanceMatrix distances, int[] assignments, int k) {
    if (k == 1) {
      return Double.NaN;
    }
    var sizes = new int[k];
    int models = 0;
    for (int cluster : assignments) {
      if (cluster >= 0) {
        sizes[cluster]++;
        models++;
      }
    }
    double sum = 0;
    for (int i = 0; i < assignments.length; i++) {
      if (assignments[i] >= 0) {
        sum += of(distances.values()[i], assignments, sizes, assignments[i]);
      }
    }
    return sum / models;
  }

  private static double of(double[] row, int[] assignments, int[] sizes, int own) {
    if (sizes[own] == 1) {
      return 0;
    }
    var sums = new double[sizes.length];
    for (int j = 0; j < row.length; j++) {
      if (assignments[j] >= 0) {
        sums[assignments[j]] += row[j];
      }
    }
    double within = sums[own] / (sizes[own] - 1);
    double nearest = Double.POSITIVE_INFINITY;
    for (int c = 0; c < sizes.length; c++) {
      if (c != own) {
        nearest = Math.min(nearest, sums[c] / sizes[c]);
      }
    }
    double larger = Math.max(within, nearest);
    return larger == 0 ? 0 : (nearest - within) / larger;
  }
}
