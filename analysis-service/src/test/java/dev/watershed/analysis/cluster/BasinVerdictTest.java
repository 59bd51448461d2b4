package dev.watershed.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.Golden;
import dev.watershed.analysis.cluster.BasinVerdict.State;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BasinVerdictTest {
  @Test
  void of_goldenDistances_isTheGoldenVerdict() {
    for (var golden : Golden.objects(Golden.statistics("clustering"), "cases")) {
      var distances = Golden.matrix(golden, "distances");
      var expected = golden.getAsJsonObject("verdict");
      var found = BasinVerdict.of(distances, () -> {});

      assertThat(found.medianDistance())
          .isCloseTo(Golden.number(expected, "median_distance"), within(1e-10));
      assertThat(found.leastClusterSize()).isEqualTo(expected.get("least_cluster_size").getAsInt());
      assertThat(found.separationNeeded())
          .isCloseTo(Golden.number(expected, "separation_needed"), within(1e-10));
      assertThat(found.remoteness())
          .containsExactly(Golden.doubles(expected, "remoteness"), within(1e-10));
      var linkage = Golden.matrix(expected, "average_linkage");
      for (int merge = 0; merge < linkage.length; merge++) {
        var one = found.linkage().merges()[merge];
        assertThat(new double[] {one.first(), one.second(), one.height(), one.size()})
            .containsExactly(linkage[merge], within(1e-10));
      }
      var candidates = Golden.objects(expected, "candidates");
      assertThat(found.candidates()).hasSameSizeAs(candidates);
      for (int c = 0; c < candidates.size(); c++) {
        var candidate = candidates.get(c);
        var one = found.candidates().get(c);
        assertThat(one.method().name().toLowerCase(Locale.ROOT))
            .startsWith(candidate.get("method").getAsString());
        assertThat(one.cut()).isEqualTo(candidate.get("cut").getAsInt());
        assertThat(one.assignments()).containsExactly(Golden.ints(candidate, "assignments"));
        assertThat(one.usable()).isEqualTo(candidate.get("usable").getAsBoolean());
        if (one.usable()) {
          assertThat(one.clusterCount()).isEqualTo(candidate.get("clusters").getAsInt());
          assertThat(one.silhouette())
              .isCloseTo(Golden.number(candidate, "mean_silhouette"), within(1e-10));
          assertThat(one.separation())
              .isCloseTo(Golden.number(candidate, "separation"), within(1e-10));
          assertThat(one.modelSeparation())
              .isCloseTo(
                  Golden.number(candidate, "separation_10th_percentile_of_models"), within(1e-10));
        }
      }
      assertThat(found.state().name().toLowerCase(Locale.ROOT).replace('_', ' '))
          .isEqualTo(expected.get("state").getAsString());
      assertThat(found.clusterCount()).isEqualTo(expected.get("cluster_count").getAsInt());
      assertThat(found.assignments()).containsExactly(Golden.ints(expected, "assignments"));
      assertThat(found.outliers()).containsExactly(Golden.ints(expected, "outliers"));
    }
  }

  @Test
  void cluster_goldenDistances_inEitherWidthIsTheGoldenClustering() {
    for (var golden : Golden.objects(Golden.statistics("clustering"), "cases")) {
      var distances = Golden.matrix(golden, "distances");
      var paper = golden.getAsJsonObject("kernel_width_1");
      var one = SpectralClustering.cluster(distances, 2, 1, 0);
      assertThat(one.assignments()).containsExactly(Golden.ints(paper, "assignments"));
      assertThat(one.eigenvalues())
          .containsExactly(Golden.doubles(paper, "eigenvalues"), within(1e-8));
      assertThat(one.silhouette())
          .isCloseTo(Golden.number(paper, "mean_silhouette"), within(1e-10));
      var median = golden.getAsJsonObject("kernel_width_median");
      double width = SpectralClustering.medianKernelWidth(distances);
      assertThat(width).isCloseTo(Golden.number(median, "width"), within(1e-10));
      var other = SpectralClustering.cluster(distances, 2, width, 0);
      assertThat(other.assignments()).containsExactly(Golden.ints(median, "assignments"));
      assertThat(other.silhouette())
          .isCloseTo(Golden.number(median, "mean_silhouette"), within(1e-10));
      assertThat(Separation.of(DistanceMatrix.of(distances), other.assignments()).ofPairs())
          .isCloseTo(Golden.number(median, "separation"), within(1e-10));
    }
  }

  @Test
  void of_noStructure_isNoSplit() {
    for (int seed = 0; seed < 20; seed++) {
      assertThat(of(blocks(new int[] {12}, .02, .02, seed)).state()).isEqualTo(State.NO_SPLIT);
    }
    var equal = new double[6][6];
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 6; j++) {
        equal[i][j] = i == j ? 0 : .4;
      }
    }
    assertThat(of(equal).state()).isEqualTo(State.NO_SPLIT);
    var identical = of(new double[6][6]);
    assertThat(identical.state()).isEqualTo(State.NO_SPLIT);
    assertThat(identical.remoteness()).containsOnly(0);
    assertThat(identical.outliers()).isEmpty();
    var two = of(new double[][] {{0, 3}, {3, 0}});
    assertThat(two.state()).isEqualTo(State.NO_SPLIT);
    assertThat(two.best()).isNull();
    assertThat(two.sentence()).contains("no partition has two clusters of 2 models");
  }

  @Test
  void of_clearBlocksOfAnySize_isASplit() {
    for (double unit : new double[] {1e-6, 1, 1e6}) {
      var verdict = of(blocks(new int[] {3, 5}, .1 * unit, unit, 1));
      assertThat(verdict.state()).isEqualTo(State.SPLIT);
      assertThat(verdict.assignments()).containsExactly(1, 1, 1, 0, 0, 0, 0, 0);
      assertThat(verdict.sentence()).startsWith("A split into 2 clusters: separation 1.00");
    }
  }

  /** Copies of models: most distances are 0. */
  @Test
  void of_copiesOfModels_isFinite() {
    var distances = new double[9][9];
    for (int i = 0; i < 8; i++) {
      distances[i][8] = 1;
      distances[8][i] = 1;
    }
    var verdict = of(distances);
    assertThat(verdict.remoteness()).doesNotContain(Double.NaN, Double.POSITIVE_INFINITY);
    assertThat(verdict.state()).isEqualTo(State.NO_SPLIT);
    assertThat(verdict.outliers()).containsExactly(8);
  }

  private static BasinVerdict of(double[][] distances) {
    return BasinVerdict.of(distances, () -> {});
  }

  /** Distances near {@code within} inside blocks and near {@code across} between them. */
  private static double[][] blocks(int[] sizes, double within, double across, long seed) {
    var random = new Random(seed);
    int n = Arrays.stream(sizes).sum();
    var block = new int[n];
    for (int i = 0, b = 0, left = sizes[0]; i < n; i++, left--) {
      if (left == 0) {
        left = sizes[++b];
      }
      block[i] = b;
    }
    var distances = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double mean = block[i] == block[j] ? within : across;
        distances[i][j] = mean * (1 + .3 * (random.nextDouble() - .5));
        distances[j][i] = distances[i][j];
      }
    }
    return distances;
  }
}
