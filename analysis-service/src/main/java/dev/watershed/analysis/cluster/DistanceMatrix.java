package dev.watershed.analysis.cluster;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Arrays;

/** Pairwise distances: square, symmetric, zero on the diagonal, finite and not negative. */
record DistanceMatrix(double[][] values) {
  /** Relative difference at which two entries still count as the same distance. */
  private static final double SYMMETRY_TOLERANCE = 1e-9;

  static DistanceMatrix of(double[][] distances) {
    int n = distances.length;
    if (n < 2) {
      throw new UnusableNumbersException(
          "TOO_FEW_MODELS", "distances", n + " models; give the distances of at least 2.");
    }
    for (int i = 0; i < n; i++) {
      if (distances[i].length != n) {
        throw new UnusableNumbersException(
            "NOT_SQUARE",
            "distances[" + i + "]",
            "Row " + i + " has " + distances[i].length + " values; there are " + n + " rows.");
      }
    }
    var values = new double[n][n];
    for (int i = 0; i < n; i++) {
      check(distances[i][i] == 0, "DIAGONAL_NOT_ZERO", distances, i, i, "it must be 0");
      for (int j = 0; j < i; j++) {
        values[i][j] = values[j][i] = checked(distances, i, j);
      }
    }
    return new DistanceMatrix(values);
  }

  int size() {
    return values.length;
  }

  double largest() {
    return Arrays.stream(values).flatMapToDouble(Arrays::stream).max().orElse(0);
  }

  private static double checked(double[][] distances, int i, int j) {
    double value = distances[i][j];
    double mirrored = distances[j][i];
    check(Double.isFinite(value), "NOT_FINITE", distances, i, j, "it must be finite");
    check(Double.isFinite(mirrored), "NOT_FINITE", distances, j, i, "it must be finite");
    check(value >= 0, "NEGATIVE", distances, i, j, "it must be 0 or more");
    check(mirrored >= 0, "NEGATIVE", distances, j, i, "it must be 0 or more");
    check(
        Math.abs(value - mirrored) <= SYMMETRY_TOLERANCE * Math.max(value, mirrored),
        "NOT_SYMMETRIC",
        distances,
        i,
        j,
        "but that of " + j + " and " + i + " is " + mirrored + "; give a symmetric matrix");
    return value;
  }

  private static void check(
      boolean right, String reason, double[][] distances, int i, int j, String rule) {
    if (!right) {
      throw new UnusableNumbersException(
          "DISTANCE_" + reason,
          "distances[" + i + "][" + j + "]",
          "The distance of models "
              + i
              + " and "
              + j
              + " is "
              + distances[i][j]
              + "; "
              + rule
              + ".");
    }
  }
}
