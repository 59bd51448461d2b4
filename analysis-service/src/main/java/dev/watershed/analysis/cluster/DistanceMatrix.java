package dev.watershed.analysis.cluster;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Arrays;

/** Pairwise distances: square, symmetric, zero on the diagonal, finite and not negative. */
public record DistanceMatrix(double[][] values) {
  /**
   * Rounding, as a share of the largest distance: so far a diagonal may be from zero, an entry
   * below zero or from its mirror image.
   */
  private static final double ROUNDING = 1e-9;

  /**
   * Checks distances, and takes rounding out of them.
   *
   * @throws UnusableNumbersException naming {@code distances}, or a row or an entry of them
   */
  public static DistanceMatrix of(double[][] distances) {
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
    double rounding = ROUNDING * largest(distances);
    var values = new double[n][n];
    for (int i = 0; i < n; i++) {
      checkFinite(distances, i, i);
      check(
          Math.abs(distances[i][i]) <= rounding,
          "DISTANCE_DIAGONAL_NOT_ZERO",
          distances,
          i,
          i,
          "it must be 0");
      for (int j = 0; j < i; j++) {
        values[i][j] = values[j][i] = checked(distances, i, j, rounding);
      }
    }
    return new DistanceMatrix(values);
  }

  private static double largest(double[][] distances) {
    return Arrays.stream(distances)
        .flatMapToDouble(Arrays::stream)
        .filter(Double::isFinite)
        .map(Math::abs)
        .max()
        .orElse(0);
  }

  int size() {
    return values.length;
  }

  double largest() {
    return Arrays.stream(values).flatMapToDouble(Arrays::stream).max().orElse(0);
  }

  /** Half of the sum of an entry and its mirror image, 0 where rounding made it negative. */
  private static double checked(double[][] distances, int i, int j, double rounding) {
    checkFinite(distances, i, j);
    checkFinite(distances, j, i);
    double value = distances[i][j];
    double mirrored = distances[j][i];
    check(value >= -rounding, "DISTANCE_NEGATIVE", distances, i, j, "it must be 0 or more");
    check(mirrored >= -rounding, "DISTANCE_NEGATIVE", distances, j, i, "it must be 0 or more");
    check(
        Math.abs(value - mirrored) <= rounding,
        "DISTANCE_NOT_SYMMETRIC",
        distances,
        i,
        j,
        "but that of " + j + " and " + i + " is " + mirrored + "; give a symmetric matrix");
    return Math.max(0, value == mirrored ? value : value / 2 + mirrored / 2);
  }

  private static void checkFinite(double[][] distances, int i, int j) {
    check(
        Double.isFinite(distances[i][j]),
        "DISTANCE_NOT_FINITE",
        distances,
        i,
        j,
        "it must be finite");
  }

  private static void check(
      boolean right, String reason, double[][] distances, int i, int j, String rule) {
    if (!right) {
      throw new UnusableNumbersException(
          reason,
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
