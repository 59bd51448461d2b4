package dev.watershed.analysis.cluster;

import java.util.ArrayDeque;
import java.util.BitSet;

/** The graph of models whose edges weigh {@code exp(-d^2 / (2 delta^2))}; no edge to oneself. */
final class Affinity {
  /** Weaker edges count as none, so that no degree is so small that the embedding overflows. */
  private static final double WEAKEST = 1e-150;

  /**
   * As a share of what two models have in all: rounding of others' affinities hides weaker ones.
   */
  private static final double NEGLIGIBLE = 1e-15;

  private final double[][] weights;
  private final double[] rootDegrees;

  Affinity(DistanceMatrix distances, double kernelWidth) {
    int n = distances.size();
    weights = new double[n][n];
    rootDegrees = new double[n];
    for (int i = 0; i < n; i++) {
      double degree = 0;
      for (int j = 0; j < n; j++) {
        double scaled = distances.values()[i][j] / kernelWidth;
        double weight = Math.exp(-scaled * scaled / 2);
        weights[i][j] = i == j || weight < WEAKEST ? 0 : weight;
        degree += weights[i][j];
      }
      rootDegrees[i] = Math.sqrt(degree);
    }
  }

  /** Whether every model can be reached from every other over affinities that count. */
  boolean connected() {
    var reached = new BitSet();
    var open = new ArrayDeque<Integer>();
    reached.set(0);
    open.add(0);
    while (!open.isEmpty()) {
      int i = open.remove();
      for (int j = 0; j < weights.length; j++) {
        if (!reached.get(j) && normalised(i, j) > NEGLIGIBLE) {
          reached.set(j);
          open.add(j);
        }
      }
    }
    return reached.cardinality() == weights.length;
  }

  /**
   * Decomposes {@code I - D^(-1/2) W D^(-1/2)}. O(n^3).
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  SymmetricEigen decompose(Runnable throwIfUnwanted) {
    int n = weights.length;
    var laplacian = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        // An isolated model is a component of its own: a zero row, hence an eigenvalue 0.
        laplacian[i][j] = -normalised(i, j);
        laplacian[j][i] = laplacian[i][j];
      }
      laplacian[i][i] = rootDegrees[i] == 0 ? 0 : 1;
    }
    return SymmetricEigen.of(laplacian, throwIfUnwanted);
  }

  private double normalised(int i, int j) {
    return weights[i][j] == 0 ? 0 : weights[i][j] / rootDegrees[i] / rootDegrees[j];
  }

  /** Returns the first k eigenvectors over the root of the degree, (n, k), with fixed signs. */
  double[][] embed(SymmetricEigen eigen, int k) {
    int n = weights.length;
    var embedding = new double[n][k];
    for (int c = 0; c < k; c++) {
      var vector = eigen.vector(c);
      double sign = sign(vector);
      for (int i = 0; i < n; i++) {
        embedding[i][c] = sign * vector[i] / (rootDegrees[i] == 0 ? 1 : rootDegrees[i]);
      }
    }
    return embedding;
  }

  /**
   * An eigenvector's sign is arbitrary: its first component of (nearly) greatest size is made
   * positive.
   */
  private static double sign(double[] vector) {
    double greatest = 0;
    for (double component : vector) {
      greatest = Math.max(greatest, Math.abs(component));
    }
    for (double component : vector) {
      if (Math.abs(component) >= greatest * (1 - 1e-9)) {
        return Math.signum(component);
      }
    }
    return 1;
  }
}
