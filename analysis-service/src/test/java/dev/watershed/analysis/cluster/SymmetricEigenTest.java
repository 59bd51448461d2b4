package dev.watershed.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.junit.jupiter.api.Test;

final class SymmetricEigenTest {
  /** Of entries up to 1 and some forty rows. */
  private static final Offset<Double> ROUNDING = Offset.offset(1e-12);

  @Property(tries = 200)
  void values_anyMatrix_areThoseOfTheLibrary(
      @ForAll @IntRange(min = 1, max = 40) int n,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int distinct) {
    double[][] matrix = symmetric(n, seed, distinct);
    double[] expected =
        new EigenDecompositionSymmetric(new Array2DRowRealMatrix(matrix)).getEigenvalues();
    Arrays.sort(expected);

    double[] values = SymmetricEigen.of(copy(matrix), () -> {}).values();

    for (int i = 0; i < n; i++) {
      assertThat(values[i]).isCloseTo(expected[i], ROUNDING);
    }
  }

  @Property(tries = 200)
  void vectors_anyMatrix_areOrthonormalAndItsOwn(
      @ForAll @IntRange(min = 1, max = 40) int n,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int distinct) {
    double[][] matrix = symmetric(n, seed, distinct);

    var eigen = SymmetricEigen.of(copy(matrix), () -> {});

    for (int i = 0; i < n; i++) {
      double[] vector = eigen.vector(i);
      for (int j = 0; j < n; j++) {
        assertThat(dot(matrix[j], vector)).isCloseTo(eigen.values()[i] * vector[j], ROUNDING);
        assertThat(dot(eigen.vector(j), vector)).isCloseTo(i == j ? 1 : 0, ROUNDING);
      }
    }
  }

  @Test
  void of_nobodyWaits_ends() {
    var looks = new AtomicInteger();

    assertThatThrownBy(
            () ->
                SymmetricEigen.of(
                    symmetric(40, 1, 40),
                    () -> {
                      if (looks.incrementAndGet() > 20) {
                        throw new CancellationException();
                      }
                    }))
        .isInstanceOf(CancellationException.class);
    assertThat(looks).hasValue(21);
  }

  /** Rows repeat every {@code distinct}, so that eigenvalues coincide. */
  private static double[][] symmetric(int n, long seed, int distinct) {
    var random = new Random(seed);
    double[][] drawn = new double[distinct][distinct];
    for (int i = 0; i < distinct; i++) {
      for (int j = 0; j <= i; j++) {
        drawn[i][j] = random.nextDouble() * 2 - 1;
        drawn[j][i] = drawn[i][j];
      }
    }
    double[][] matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        matrix[i][j] = drawn[i % distinct][j % distinct];
      }
    }
    return matrix;
  }

  private static double[][] copy(double[][] matrix) {
    return Arrays.stream(matrix).map(double[]::clone).toArray(double[][]::new);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }
}
