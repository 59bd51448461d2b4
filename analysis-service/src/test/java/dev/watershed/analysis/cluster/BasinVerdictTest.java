package dev.watershed.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.Golden;
import java.util.Locale;
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
}
