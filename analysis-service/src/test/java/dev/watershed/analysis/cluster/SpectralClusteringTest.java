package dev.watershed.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.Golden;
import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.statistics.LinearFit;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SpectralClusteringTest {
  private static final long SEED = 0;

  @Test
  void cluster_goldenCases_equalScikitLearn() {
    var cases = Golden.clusterings();
    assertThat(cases).hasSize(5);
    for (var golden : cases) {
      var clustering =
          SpectralClustering.cluster(
              Golden.matrix(golden, "distances"),
              golden.get("cluster_count").getAsInt(),
              golden.get("kernel_width").getAsDouble(),
              SEED);

      assertSamePartition(clustering.assignments(), Golden.ints(golden, "assignment"));
      assertThat(clustering.eigenvalues())
          .containsExactly(
              Golden.doubles(golden, "normalized_laplacian_eigenvalues"), within(1e-8));
      assertThat(inertia(clustering))
          .isCloseTo(golden.get("embedding_inertia").getAsDouble(), within(1e-8));
      assertThat(clustering.connected()).isTrue();
    }
  }

  @Test
  void cluster_goldenFeature_equalsAndFits() {
    int fitted = 0;
    for (var golden : Golden.clusterings()) {
      if (golden.get("linear_fit").isJsonNull()) {
        continue;
      }
      fitted++;
      var expected = golden.getAsJsonObject("linear_fit");
      var clustering =
          SpectralClustering.cluster(
              Golden.matrix(golden, "distances"),
              2,
              golden.get("kernel_width").getAsDouble(),
              SEED);
      var feature = clustering.centroidDistanceDifferences();
      var fit = LinearFit.of(feature, Golden.doubles(golden, "performance"));

      var expectedFeature =
          Golden.doubles(expected, "centroid_distance_difference_larger_minus_smaller");
      double sign = Math.signum(expectedFeature[0]) * Math.signum(feature[0]);
      for (int i = 0; i < feature.length; i++) {
        assertThat(sign * feature[i]).isCloseTo(expectedFeature[i], within(1e-6));
      }
      assertThat(sign * fit.pearsonR())
          .isCloseTo(expected.get("pearson_r").getAsDouble(), within(1e-6));
      assertThat(sign * fit.slope()).isCloseTo(expected.get("slope").getAsDouble(), within(1e-6));
      assertThat(fit.intercept()).isCloseTo(expected.get("intercept").getAsDouble(), within(1e-6));
      assertThat(fit.rSquared()).isCloseTo(expected.get("r_squared").getAsDouble(), within(1e-6));
      assertThat(Math.log(fit.pearsonP()))
          .isCloseTo(Math.log(expected.get("pearson_p").getAsDouble()), within(1e-4));
    }
    assertThat(fitted).isEqualTo(4);
  }

  @Test
  void cluster_sameArgumentsTwice_givesTheSameBits() {
    var distances = blocks(new int[] {7, 5}, .02, .3, 3);
    var first = SpectralClustering.cluster(distances, 2, 1, 5);
    var second = SpectralClustering.cluster(distances, 2, 1, 5);
    assertThat(second).usingRecursiveComparison().isEqualTo(first);
  }

  @Test
  void cluster_twoBlocks_numbersTheLargestFirst() {
    // Models 0 to 2 are the smaller block.
    var clustering = SpectralClustering.cluster(blocks(new int[] {3, 5}, .02, .5, 1), 2, 1, SEED);
    assertThat(clustering.assignments()).containsExactly(1, 1, 1, 0, 0, 0, 0, 0);
    for (int i = 0; i < 8; i++) {
      double difference = clustering.centroidDistanceDifferences()[i];
      assertThat(difference).isEqualTo(i < 3 ? Math.abs(difference) : -Math.abs(difference));
    }
    assertThat(clustering.silhouette()).isGreaterThan(.9);
  }

  @Test
  void cluster_equalBlocks_numbersTheOneOfTheFirstModelFirst() {
    var clustering = SpectralClustering.cluster(blocks(new int[] {4, 4}, .02, .5, 1), 2, 1, SEED);
    assertThat(clustering.assignments()).containsExactly(0, 0, 0, 0, 1, 1, 1, 1);
  }

  @Test
  void cluster_anyModelOrder_givesTheSamePartition() {
    var distances = blocks(new int[] {6, 4, 3}, .05, .6, 9);
    var plain = SpectralClustering.cluster(distances, 3, .3, SEED).assignments();
    var order = IntStream.range(0, 13).map(i -> (i * 5 + 2) % 13).toArray();
    var permuted = new double[13][13];
    for (int i = 0; i < 13; i++) {
      for (int j = 0; j < 13; j++) {
        permuted[i][j] = distances[order[i]][order[j]];
      }
    }
    var expected = IntStream.of(order).map(i -> plain[i]).toArray();
    assertSamePartition(SpectralClustering.cluster(permuted, 3, .3, SEED).assignments(), expected);
  }

  @Test
  void cluster_identicalModels_haveNoSilhouette() {
    var clustering = SpectralClustering.cluster(new double[6][6], 2, 1, SEED);
    assertThat(clustering.silhouette()).isZero();
  }

  @Test
  void cluster_twoModels_areAClusterEach() {
    var clustering = SpectralClustering.cluster(new double[][] {{0, 3}, {3, 0}}, 2, 1, SEED);
    assertThat(clustering.assignments()).containsExactly(0, 1);
    assertThat(clustering.eigengap()).isNaN();
  }

  @Test
  void cluster_oneCluster_hasNoSilhouetteAndNoFeature() {
    var clustering = SpectralClustering.cluster(blocks(new int[] {3, 3}, .1, .5, 1), 1, 1, SEED);
    assertThat(clustering.assignments()).containsOnly(0);
    assertThat(clustering.silhouette()).isNaN();
    assertThat(clustering.centroidDistanceDifferences()).isEmpty();
  }

  @Test
  void cluster_modelsBeyondTheKernel_areNotConnectedButFinite() {
    var clustering = SpectralClustering.cluster(blocks(new int[] {4, 1}, .02, 1000, 1), 2, 1, SEED);
    assertThat(clustering.connected()).isFalse();
    assertThat(clustering.assignments()).containsExactly(0, 0, 0, 0, 1);
    for (var row : clustering.centroidDistances()) {
      assertThat(row).doesNotContain(Double.NaN, Double.POSITIVE_INFINITY);
    }
  }

  @Test
  void cluster_anyUnit_isFoundWithTheMedianWidth() {
    for (double unit : new double[] {1e-3, 1, 30, 1e6}) {
      var distances = blocks(new int[] {5, 4}, .4 * unit, unit, 2);
      double width = SpectralClustering.medianKernelWidth(distances);
      var clustering = SpectralClustering.cluster(distances, 2, width, SEED);
      assertThat(clustering.assignments()).containsExactly(0, 0, 0, 0, 0, 1, 1, 1, 1);
      assertThat(clustering.connected()).isTrue();
      assertThat(clustering.kernelWidth()).isEqualTo(width);
    }
  }

  @Test
  void cluster_distancesOfManyWidths_areSaidNotToBeConnected() {
    var distances = blocks(new int[] {5, 4}, 50, 60, 2);
    var clustering = SpectralClustering.cluster(distances, 2, 1, SEED);
    assertThat(clustering.connected()).isFalse();
    // Affinities of 1e-20 lie below the rounding of those within.
    assertThat(
            SpectralClustering.cluster(blocks(new int[] {5, 4}, .1, 12, 2), 2, 1, SEED).connected())
        .isFalse();
  }

  @Test
  void medianKernelWidth_sameModelsAndDivergedPairs_doNotCount() {
    double wall = Double.POSITIVE_INFINITY;
    assertThat(
            SpectralClustering.medianKernelWidth(
                new double[][] {
                  {0, 0, 3, wall}, {0, 0, 4, wall}, {3, 4, 0, 9}, {wall, wall, 9, 0}
                }))
        .isEqualTo(4);
    assertThat(SpectralClustering.medianKernelWidth(new double[3][3])).isEqualTo(1);
  }

  @Test
  void cluster_anyScaleOfDistances_staysFinite() {
    for (double scale = 1e-300; scale < 1e300; scale *= 1e5) {
      var clustering =
          SpectralClustering.cluster(blocks(new int[] {4, 3}, .1 * scale, scale, 2), 2, 1, SEED);
      for (int i = 0; i < 7; i++) {
        assertThat(clustering.centroidDistanceDifferences()[i]).as("scale " + scale).isFinite();
      }
    }
  }

  @Test
  void cluster_hundredsOfModels_areFound() {
    var clustering =
        SpectralClustering.cluster(blocks(new int[] {200, 120, 80}, .1, .9, 4), 3, .3, SEED);
    for (int i = 0; i < 400; i++) {
      assertThat(clustering.assignments()[i]).isEqualTo(i < 200 ? 0 : i < 320 ? 1 : 2);
    }
  }

  /** As other libraries compute them, from dot products. */
  @Test
  void cluster_distancesOffByRounding_areTaken() {
    var exact = blocks(new int[] {4, 3}, .1, .9, 3);
    var rounded = blocks(new int[] {4, 3}, .1, .9, 3);
    rounded[2][2] = 1e-17;
    rounded[3][3] = -4e-10;
    rounded[5][1] += 3e-10;
    assertThat(SpectralClustering.cluster(rounded, 2, 1, SEED).assignments())
        .isEqualTo(SpectralClustering.cluster(exact, 2, 1, SEED).assignments());
    var same = new double[][] {{0, -1e-17, 1}, {-1e-17, 0, 1}, {1, 1, 0}};
    assertThat(SpectralClustering.cluster(same, 2, 1, SEED).assignments()).containsExactly(0, 0, 1);
  }

  @Test
  void cluster_unusableNumbers_areRefusedByName() {
    double[][] right = {{0, 1}, {1, 0}};
    assertRefused("TOO_FEW_MODELS", "distances", new double[1][1], 1, 1);
    assertRefused("NOT_SQUARE", "distances[1]", new double[][] {{0, 1}, {1}}, 2, 1);
    assertRefused(
        "DISTANCE_DIAGONAL_NOT_ZERO", "distances[1][1]", new double[][] {{0, 1}, {1, 2}}, 2, 1);
    assertRefused(
        "DISTANCE_DIAGONAL_NOT_ZERO", "distances[0][0]", new double[][] {{1e-8, 1}, {1, 0}}, 2, 1);
    assertRefused(
        "DISTANCE_NOT_SYMMETRIC", "distances[1][0]", new double[][] {{0, 1}, {2, 0}}, 2, 1);
    assertRefused("DISTANCE_NEGATIVE", "distances[1][0]", new double[][] {{0, -1}, {-1, 0}}, 2, 1);
    assertRefused(
        "DISTANCE_NOT_FINITE", "distances[0][1]", new double[][] {{0, Double.NaN}, {1, 0}}, 2, 1);
    assertRefused("CLUSTER_COUNT_OUT_OF_RANGE", "cluster_count", right, 3, 1);
    assertRefused("CLUSTER_COUNT_OUT_OF_RANGE", "cluster_count", right, 0, 1);
    assertRefused("KERNEL_WIDTH_OUT_OF_RANGE", "kernel_width", right, 2, 0);
    assertRefused("KERNEL_WIDTH_OUT_OF_RANGE", "kernel_width", right, 2, Double.NaN);
  }

  private static void assertRefused(
      String reason, String parameter, double[][] distances, int k, double kernelWidth) {
    var refused =
        catchThrowableOfType(
            UnusableNumbersException.class,
            () -> SpectralClustering.cluster(distances, k, kernelWidth, SEED));
    assertThat(refused).as(reason).isNotNull();
    assertThat(refused.reason()).isEqualTo(reason);
    assertThat(refused.parameter()).isEqualTo(parameter);
  }

  private static void assertSamePartition(int[] actual, int[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      for (int j = 0; j < i; j++) {
        assertThat(actual[i] == actual[j]).isEqualTo(expected[i] == expected[j]);
      }
    }
  }

  private static double inertia(Clustering clustering) {
    double inertia = 0;
    for (int i = 0; i < clustering.assignments().length; i++) {
      double distance = clustering.centroidDistances()[i][clustering.assignments()[i]];
      inertia += distance * distance;
    }
    return inertia;
  }

  /** Distances up to 20% around {@code within} in a block and around {@code across} between. */
  private static double[][] blocks(int[] sizes, double within, double across, long seed) {
    var random = new Random(seed);
    var block =
        IntStream.range(0, sizes.length)
            .flatMap(b -> IntStream.generate(() -> b).limit(sizes[b]))
            .toArray();
    var distances = new double[block.length][block.length];
    for (int i = 0; i < block.length; i++) {
      for (int j = 0; j < i; j++) {
        double around = block[i] == block[j] ? within : across;
        distances[i][j] = distances[j][i] = around * (.8 + .4 * random.nextDouble());
      }
    }
    return distances;
  }
}
