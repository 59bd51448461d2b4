package dev.watershed.analysis.cluster;

import java.util.Locale;

/**
 * Whether distances show a split at all. k-means always returns k clusters; they are called an
 * artefact where they say nothing (one cluster, or every model its own), where the spectrum does
 * not determine them (no eigengap), where all distances are so far below the kernel's width that
 * every affinity is 1 to four digits, or where they have no substantial structure: a mean
 * silhouette below 0.25 (Kaufman and Rousseeuw, 1990, table 4). The silhouette is scale-free, so it
 * judges the shape of the distances and not their size; the sentence gives both.
 */
record Verdict(boolean oneBasin, String sentence) {
  static final double LEAST_SILHOUETTE = 0.25;

  /** In kernel widths: the affinity exp(-d^2/2) is then above .99998. */
  private static final double LEAST_DISTANCE = .005;

  /** Rounding moves eigenvalues by 1e-15 or so, and eigenvectors by that over the gap. */
  private static final double LEAST_EIGENGAP = 1e-10;

  static Verdict on(
      DistanceMatrix distances,
      double kernelWidth,
      int[] assignments,
      int k,
      double eigengap,
      double silhouette,
      boolean connected) {
    int n = distances.size();
    var facts = Distances.of(distances, assignments).toString();
    if (k == 1) {
      return new Verdict(
          true, "One cluster was asked for, so no split was looked for; " + facts + ".");
    }
    if (k == n) {
      return new Verdict(
          true,
          "Every model is a cluster by itself, which is no evidence of basins; " + facts + ".");
    }
    String graph =
        connected
            ? ""
            : "; the affinity graph is not connected at kernel width " + number(kernelWidth);
    if (eigengap < LEAST_EIGENGAP) {
      return new Verdict(
          true,
          "No split into "
              + k
              + ": the spectrum does not determine the clusters (eigengap "
              + number(eigengap)
              + "); "
              + facts
              + graph
              + ".");
    }
    double largest = distances.largest();
    if (largest < LEAST_DISTANCE * kernelWidth) {
      return new Verdict(
          true,
          "No split into "
              + k
              + ": the largest distance "
              + number(largest)
              + " is below "
              + LEAST_DISTANCE
              + " kernel widths, so all models are alike; "
              + facts
              + ".");
    }
    if (silhouette < LEAST_SILHOUETTE) {
      return new Verdict(
          true,
          "No split into "
              + k
              + ": the mean silhouette "
              + number(silhouette)
              + " is below "
              + LEAST_SILHOUETTE
              + "; "
              + facts
              + graph
              + ".");
    }
    return new Verdict(
        false,
        "A split into "
            + k
            + ": mean silhouette "
            + number(silhouette)
            + "; "
            + facts
            + graph
            + ".");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }

  /** Mean distances of the pairs inside clusters and of those across. */
  private record Distances(double within, double across) {
    static Distances of(DistanceMatrix distances, int[] assignments) {
      var sums = new double[2];
      var counts = new int[2];
      for (int i = 0; i < assignments.length; i++) {
        for (int j = 0; j < i; j++) {
          int across = assignments[i] == assignments[j] ? 0 : 1;
          sums[across] += distances.values()[i][j];
          counts[across]++;
        }
      }
      return new Distances(sums[0] / counts[0], sums[1] / counts[1]);
    }

    @Override
    public String toString() {
      String inside = "mean distance " + number(within) + " within clusters";
      String between = number(across) + " across them";
      if (Double.isNaN(within)) {
        return "mean distance " + between;
      }
      return Double.isNaN(across) ? "mean distance " + number(within) : inside + " and " + between;
    }
  }
}
