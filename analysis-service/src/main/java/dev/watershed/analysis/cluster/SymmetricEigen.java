package dev.watershed.analysis.cluster;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Eigenvalues and eigenvectors of a real symmetric matrix: Householder's tridiagonal form, then the
 * implicit QL iteration (Bowdler, Martin, Reinsch and Wilkinson, 1968; EISPACK's tred2 and tql2).
 *
 * <p>Hipparchus has the same method, but cannot be stopped once it runs, and walks down columns of
 * matrices that Java keeps by rows, which is what a thousand models take most of their time for.
 * Here vectors are rows.
 */
final class SymmetricEigen {
  private static final double EPSILON = Math.ulp(1.0);

  /** An eigenvalue takes about two. */
  private static final int MOST_ITERATIONS = 100;

  /** Row j is column j of the matrix at first, and the j-th eigenvector in the end. */
  private final double[][] vectors;

  private final double[] values;
  private final double[] beside;
  private final Runnable throwIfUnwanted;

  private SymmetricEigen(double[][] matrix, Runnable throwIfUnwanted) {
    vectors = matrix;
    values = new double[matrix.length];
    beside = new double[matrix.length];
    this.throwIfUnwanted = throwIfUnwanted;
  }

  /**
   * Decomposes a matrix. O(n^3).
   *
   * @param matrix (n, n) symmetric and finite, n of 1 or more; it is overwritten
   * @param throwIfUnwanted run between O(n^2) operations; what it throws ends the work
   */
  static SymmetricEigen of(double[][] matrix, Runnable throwIfUnwanted) {
    var eigen = new SymmetricEigen(matrix, throwIfUnwanted);
    eigen.reduce();
    eigen.accumulate();
    eigen.iterate();
    return eigen.ascending();
  }

  /** (n), ascending. */
  double[] values() {
    return values;
  }

  /** The eigenvector of the i-th value, (n), of length 1. */
  double[] vector(int i) {
    return vectors[i];
  }

  /** To tridiagonal form; the reflections stay in the vectors, the form in values and beside. */
  private void reduce() {
    int n = values.length;
    for (int j = 0; j < n; j++) {
      values[j] = vectors[j][n - 1];
    }
    for (int i = n - 1; i > 0; i--) {
      throwIfUnwanted.run();
      double scale = 0;
      for (int k = 0; k < i; k++) {
        scale += Math.abs(values[k]);
      }
      double h = 0;
      if (scale == 0) {
        beside[i] = values[i - 1];
        for (int j = 0; j < i; j++) {
          values[j] = vectors[j][i - 1];
          vectors[j][i] = 0;
          vectors[i][j] = 0;
        }
      } else {
        for (int k = 0; k < i; k++) {
          values[k] /= scale;
          h += values[k] * values[k];
        }
        h = reflect(i, scale, h);
      }
      values[i] = h;
    }
  }

  /** Returns half the squared length of the vector to reflect at. */
  private double reflect(int i, double scale, double squares) {
    double f = values[i - 1];
    double g = f > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    double h = squares - f * g;
    beside[i] = scale * g;
    values[i - 1] = f - g;
    Arrays.fill(beside, 0, i, 0);
    for (int j = 0; j < i; j++) {
      f = values[j];
      vectors[i][j] = f;
      g = beside[j] + vectors[j][j] * f;
      var column = vectors[j];
      for (int k = j + 1; k < i; k++) {
        g += column[k] * values[k];
        beside[k] += column[k] * f;
      }
      beside[j] = g;
    }
    f = 0;
    for (int j = 0; j < i; j++) {
      beside[j] /= h;
      f += beside[j] * values[j];
    }
    double share = f / (h + h);
    for (int j = 0; j < i; j++) {
      beside[j] -= share * values[j];
    }
    for (int j = 0; j < i; j++) {
      f = values[j];
      g = beside[j];
      var column = vectors[j];
      for (int k = j; k < i; k++) {
        column[k] -= f * beside[k] + g * values[k];
      }
      values[j] = column[i - 1];
      column[i] = 0;
    }
    return h;
  }

  /** Multiplies the reflections. */
  private void accumulate() {
    int n = values.length;
    for (int i = 0; i < n - 1; i++) {
      throwIfUnwanted.run();
      vectors[i][n - 1] = vectors[i][i];
      vectors[i][i] = 1;
      double h = values[i + 1];
      var reflection = vectors[i + 1];
      if (h != 0) {
        for (int k = 0; k <= i; k++) {
          values[k] = reflection[k] / h;
        }
        for (int j = 0; j <= i; j++) {
          var column = vectors[j];
          double g = 0;
          for (int k = 0; k <= i; k++) {
            g += reflection[k] * column[k];
          }
          for (int k = 0; k <= i; k++) {
            column[k] -= g * values[k];
          }
        }
      }
      Arrays.fill(reflection, 0, i + 1, 0);
    }
    for (int j = 0; j < n; j++) {
      values[j] = vectors[j][n - 1];
      vectors[j][n - 1] = 0;
    }
    vectors[n - 1][n - 1] = 1;
  }

  /** From the tridiagonal form to the eigenvalues, one after the other. */
  private void iterate() {
    int n = values.length;
    System.arraycopy(beside, 1, beside, 0, n - 1);
    beside[n - 1] = 0;
    double shift = 0;
    double size = 0;
    for (int l = 0; l < n; l++) {
      size = Math.max(size, Math.abs(values[l]) + Math.abs(beside[l]));
      int m = l;
      while (m < n - 1 && Math.abs(beside[m]) > EPSILON * size) {
        m++;
      }
      for (int i = 0; m > l && Math.abs(beside[l]) > EPSILON * size; i++) {
        if (i == MOST_ITERATIONS) {
          throw new IllegalStateException("the eigenvalues do not converge");
        }
        throwIfUnwanted.run();
        shift += shifted(l);
        rotate(l, m);
      }
      values[l] += shift;
      beside[l] = 0;
    }
  }

  private double shifted(int l) {
    double g = values[l];
    double p = (values[l + 1] - g) / (2 * beside[l]);
    double r = Math.copySign(Math.hypot(p, 1), p);
    values[l] = beside[l] / (p + r);
    values[l + 1] = beside[l] * (p + r);
    double h = g - values[l];
    for (int i = l + 2; i < values.length; i++) {
      values[i] -= h;
    }
    return h;
  }

  private void rotate(int l, int m) {
    double next = values[l + 1];
    double nextBeside = beside[l + 1];
    double p = values[m];
    double c = 1;
    double c2 = 1;
    double c3 = 1;
    double s = 0;
    double s2 = 0;
    for (int i = m - 1; i >= l; i--) {
      c3 = c2;
      c2 = c;
      s2 = s;
      double g = c * beside[i];
      double h = c * p;
      double r = Math.hypot(p, beside[i]);
      beside[i + 1] = s * r;
      s = beside[i] / r;
      c = p / r;
      p = c * values[i] - s * g;
      values[i + 1] = h + s * (c * g + s * values[i]);
      rotate(vectors[i], vectors[i + 1], c, s);
    }
    p = -s * s2 * c3 * nextBeside * beside[l] / next;
    beside[l] = s * p;
    values[l] = c * p;
  }

  private static void rotate(double[] a, double[] b, double c, double s) {
    for (int k = 0; k < a.length; k++) {
      double bk = b[k];
      b[k] = s * a[k] + c * bk;
      a[k] = c * a[k] - s * bk;
    }
  }

  private SymmetricEigen ascending() {
    var unordered = values.clone();
    var rows = vectors.clone();
    var order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> unordered[i]))
            .toList();
    for (int i = 0; i < values.length; i++) {
      values[i] = unordered[order.get(i)];
      vectors[i] = rows[order.get(i)];
    }
    return this;
  }
}
