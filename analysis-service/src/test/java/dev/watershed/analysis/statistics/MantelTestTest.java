package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.Golden;
import dev.watershed.analysis.UnusableNumbersException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.junit.jupiter.api.Test;

final class MantelTestTest {
  @Test
  void of_goldenPermutations_givesTheGoldenP() {
    for (var golden : Golden.matrixPairs()) {
      var permutations = Golden.matrix(golden, "permutations");
      var test =
          MantelTest.of(
              Golden.matrix(golden, "first"),
              Golden.matrix(golden, "second"),
              k -> Arrays.stream(permutations[k]).mapToInt(at -> (int) at).toArray(),
              permutations.length);

      assertThat(test.r()).isCloseTo(golden.get("pearson").getAsDouble(), within(1e-12));
      assertThat(test.p()).isCloseTo(golden.get("p").getAsDouble(), within(1e-12));
    }
  }

  @Test
  void of_allPermutationsOfFewModels_countsAsTheDefinitionDoes() {
    var random = new Random(1);
    for (int n = 3; n <= 6; n++) {
      var x = distances(n, random);
      var y = distances(n, random);
      var all = new ArrayList<int[]>();
      permute(new int[0], n, all);
      double r = Math.abs(naive(x, y, all.get(0)));
      long hits = all.stream().filter(at -> Math.abs(naive(x, y, at)) >= r - 1e-12).count();

      var exhaustive = MantelTest.of(x, y, all::get, all.size());
      assertThat(exhaustive.r()).isCloseTo(naive(x, y, all.get(0)), within(1e-12));
      assertThat(exhaustive.p()).isCloseTo((1.0 + hits) / (1 + all.size()), within(1e-12));

      var drawn = MantelTest.of(x, y, 20_000, 5);
      assertThat(drawn.p()).isCloseTo((double) hits / all.size(), within(.02));
      assertThat(MantelTest.of(x, y, 20_000, 5)).isEqualTo(drawn);
    }
  }

  /** A p over pairs is below .05 in a fifth of these. */
  @Test
  void of_unrelatedDistances_isBelowFivePercentAsOftenAsItSays() {
    var random = new Random(2);
    int naive = 0;
    int rejected = 0;
    for (int k = 0; k < 400; k++) {
      var x = distances(16, random);
      var y = distances(16, random);
      naive += LinearFit.of(pairs(x), pairs(y)).pearsonP() <= .05 ? 1 : 0;
      rejected += MantelTest.of(x, y, 199, k).p() <= .05 ? 1 : 0;
    }
    assertThat(naive).isGreaterThan(40);
    assertThat(rejected).isBetween(8, 34);
  }

  @Test
  void of_relatedDistances_hasTheLeastPThereIs() {
    var x = distances(10, new Random(3));
    var test = MantelTest.of(x, x, MantelTest.DEFAULT_PERMUTATIONS, 0);
    assertThat(test).isEqualTo(new MantelTest(1, 1 / 2000.0, 1999, 10));
  }

  @Test
  void of_pairsWithoutAValue_leavesThemOut() {
    var random = new Random(4);
    var x = distances(7, random);
    var y = distances(7, random);
    x[2][5] = x[5][2] = Double.POSITIVE_INFINITY;
    var left = new ArrayList<Double>();
    var right = new ArrayList<Double>();
    for (int i = 0; i < 7; i++) {
      for (int j = 0; j < i; j++) {
        if (Double.isFinite(x[i][j])) {
          left.add(x[i][j]);
          right.add(y[i][j]);
        }
      }
    }
    double r =
        new PearsonsCorrelation()
            .correlation(
                left.stream().mapToDouble(v -> v).toArray(),
                right.stream().mapToDouble(v -> v).toArray());
    var test = MantelTest.of(x, y, 99, 0);
    assertThat(test.r()).isCloseTo(r, within(1e-12));
    assertThat(test.p()).isBetween(.01, 1.0);
  }

  @Test
  void of_nothingToCorrelate_isUndefined() {
    var x = distances(5, new Random(5));
    assertThat(MantelTest.of(x, new double[5][5], 9, 0).p()).isNaN();
    assertThat(MantelTest.of(new double[5][5], x, 9, 0).p()).isNaN();
    var broken = distances(5, new Random(6));
    broken[1][0] = Double.NaN;
    assertThat(MantelTest.of(x, broken, 9, 0).p()).isNaN();
    assertThat(MantelTest.of(new double[1][1], new double[1][1], 9, 0).r()).isNaN();
    assertThatThrownBy(() -> MantelTest.of(x, new double[4][4], 9, 0))
        .isInstanceOf(UnusableNumbersException.class);
  }

  /** Of points in the plane, so that pairs depend on each other as those of models do. */
  private static double[][] distances(int n, Random random) {
    var points = new double[n][2];
    for (var point : points) {
      Arrays.setAll(point, i -> random.nextGaussian());
    }
    var distances = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        distances[i][j] = Math.hypot(points[i][0] - points[j][0], points[i][1] - points[j][1]);
      }
    }
    return distances;
  }

  private static double[] pairs(double[][] matrix) {
    var pairs = new ArrayList<Double>();
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < i; j++) {
        pairs.add(matrix[i][j]);
      }
    }
    return pairs.stream().mapToDouble(value -> value).toArray();
  }

  private static double naive(double[][] x, double[][] y, int[] at) {
    var permuted = new double[y.length][y.length];
    for (int i = 0; i < y.length; i++) {
      for (int j = 0; j < y.length; j++) {
        permuted[i][j] = y[at[i]][at[j]];
      }
    }
    return new PearsonsCorrelation().correlation(pairs(x), pairs(permuted));
  }

  private static void permute(int[] begun, int n, List<int[]> all) {
    if (begun.length == n) {
      all.add(begun);
      return;
    }
    for (int next = 0; next < n; next++) {
      int candidate = next;
      if (Arrays.stream(begun).noneMatch(taken -> taken == candidate)) {
        var longer = Arrays.copyOf(begun, begun.length + 1);
        longer[begun.length] = next;
        permute(longer, n, all);
      }
    }
  }
}
