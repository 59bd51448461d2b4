package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.watershed.analysis.Golden;
import dev.watershed.analysis.cluster.ClusterMatching;
import dev.watershed.analysis.statistics.GroupComparison.MeanDifference;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What SciPy, NumPy and published formulas give, to the digits stated in the files. */
final class GoldenStatisticsTest {
  private static final Offset<Double> EXACT = within(1e-10);
  private static final Offset<Double> NEARLY = within(1e-8);

  @Test
  void groupComparison_publishedTable_isTheGoldenTable() {
    var golden = Golden.statistics("models");
    var smaller = Golden.ints(golden, "smaller_cluster");
    var order = Golden.ints(golden, "permutation_order");
    var permutations = Golden.indices(golden, "permutations");
    for (Map.Entry<String, JsonElement> row : golden.getAsJsonObject("table").entrySet()) {
      var values = Golden.doubles(row.getValue().getAsJsonObject(), "values");
      var expected = row.getValue().getAsJsonObject().getAsJsonObject("expected");
      var first =
          IntStream.range(0, values.length)
              .filter(i -> Arrays.stream(smaller).noneMatch(at -> at == i))
              .mapToDouble(i -> values[i])
              .toArray();
      var second = Arrays.stream(smaller).mapToDouble(i -> values[i]).toArray();

      var found = GroupComparison.of(first, second);

      assertThat(new double[] {found.first().mean(), found.second().mean()})
          .containsExactly(Golden.doubles(expected, "means"), EXACT);
      assertThat(
              new double[] {
                found.first().populationStandardDeviation(),
                found.second().populationStandardDeviation()
              })
          .containsExactly(Golden.doubles(expected, "population_standard_deviations"), EXACT);
      assertThat(found.differenceOverFirstDeviation())
          .isCloseTo(Golden.number(expected, "difference_over_first_sd"), EXACT);
      assertThat(found.distanceToBestOfSecondOverFirstDeviation())
          .isCloseTo(Golden.number(expected, "distance_to_best_of_second_over_first_sd"), EXACT);
      assertDifference(found.difference(), expected.getAsJsonObject("welch"));
      assertThat(found.cohenD()).isCloseTo(Golden.number(expected, "cohen_d"), EXACT);
      assertThat(found.hedgesG()).isCloseTo(Golden.number(expected, "hedges_g"), EXACT);
      assertInterval(found.hedgesGInterval(), expected, "hedges_g_interval", NEARLY);
      assertThat(found.auc()).isCloseTo(Golden.number(expected, "auc"), EXACT);
      assertInterval(found.aucInterval(), expected, "auc_delong_logit_interval", NEARLY);
      var mannWhitney = expected.getAsJsonObject("mann_whitney");
      assertThat(found.u()).isCloseTo(Golden.number(mannWhitney, "u"), EXACT);
      assertThat(found.mannWhitneyP())
          .isCloseTo(Golden.number(mannWhitney, "p_normal_tie_corrected_continuity"), NEARLY);
      var ordered = Arrays.stream(order).mapToDouble(i -> values[i]).toArray();
      assertThat(
              GroupComparison.permutationP(
                  Arrays.copyOf(ordered, first.length),
                  Arrays.copyOfRange(ordered, first.length, ordered.length),
                  k -> permutations[k],
                  permutations.length))
          .isCloseTo(Golden.number(expected.getAsJsonObject("permutation"), "p"), NEARLY);
    }
    var holm = golden.getAsJsonObject("holm");
    assertThat(Holm.adjusted(Golden.doubles(holm, "p")))
        .containsExactly(Golden.doubles(holm, "adjusted"), NEARLY);
  }

  @Test
  void pairMeans_goldenGroups_giveTheGoldenTests() {
    var golden = Golden.statistics("comparison");
    for (var groups : Golden.objects(golden, "groups")) {
      var first = PairMeans.of(Golden.matrix(groups, "first"));
      var second = PairMeans.of(Golden.matrix(groups, "second"));
      var expected = groups.getAsJsonObject("expected");
      assertThat(new double[] {first.mean(), second.mean()})
          .containsExactly(Golden.doubles(expected, "means"), EXACT);
      assertThat(new double[] {first.variance(), second.variance()})
          .containsExactly(Golden.doubles(expected, "jackknife_variances"), EXACT);
      assertThat(first.leftOut())
          .containsExactly(Golden.doubles(expected, "jackknife_first"), EXACT);
      assertDifference(PairMeans.difference(first, second), expected);
    }
    var change = golden.getAsJsonObject("delta_over_models");
    var found =
        PairMeans.difference(Golden.matrix(change, "end"), Golden.matrix(change, "start")).test();
    var expected = change.getAsJsonObject("expected");
    assertThat(found.difference()).isCloseTo(Golden.number(expected, "mean"), EXACT);
    assertThat(found.standardError()).isCloseTo(Golden.number(expected, "standard_error"), EXACT);
    assertThat(found.interval().low()).isCloseTo(Golden.number(expected, "low"), NEARLY);
    assertThat(found.interval().high()).isCloseTo(Golden.number(expected, "high"), NEARLY);
    assertThat(found.p()).isCloseTo(Golden.number(expected, "p"), NEARLY);
  }

  @Test
  void forecast_goldenSteps_areTheGoldenForecasts() {
    var golden = Golden.statistics("forecast");
    for (var one : Golden.objects(golden, "forecasts")) {
      var expected = one.getAsJsonObject("expected");
      var found =
          Forecast.of(
              Golden.matrix(one, "distances_at_step"), Golden.ints(one, "final_assignments"));
      assertThat(found.predicted()).containsExactly(Golden.ints(expected, "predicted"));
      assertThat(found.margin()).containsExactly(Golden.doubles(expected, "margin"), EXACT);
      assertThat(found.right()).isEqualTo(expected.get("right").getAsInt());
      assertThat(found.accuracy()).isCloseTo(Golden.number(expected, "accuracy"), EXACT);
      assertInterval(found.interval(), expected, "wilson_interval", NEARLY);
      assertThat(found.majorityAccuracy())
          .isCloseTo(Golden.number(expected, "majority_accuracy"), EXACT);
      assertThat(found.pBetterThanMajority())
          .isCloseTo(Golden.number(expected, "p_better_than_majority"), NEARLY);
      assertThat(found.balancedAccuracy())
          .isCloseTo(Golden.number(expected, "balanced_accuracy"), EXACT);
    }
    for (var one : Golden.objects(golden, "alignments")) {
      var reference = Golden.ints(one, "reference");
      var assignments = Golden.ints(one, "assignments");
      var expected = one.getAsJsonObject("expected");
      var aligned = ClusterMatching.renumbered(assignments, reference);
      assertThat(IntStream.range(0, aligned.length).filter(i -> aligned[i] == reference[i]).count())
          .isEqualTo(expected.get("matched").getAsInt());
      assertThat(AdjustedRandIndex.of(assignments, reference))
          .isCloseTo(Golden.number(expected, "adjusted_rand_index"), EXACT);
    }
  }

  @Test
  void samplePlan_goldenAccuracies_needTheGoldenExamples() {
    for (var one : Golden.objects(Golden.statistics("planner"), "accuracies_paired")) {
      assertThat(
              SamplePlan.examplesForAccuracies(
                  Golden.number(one, "accuracy_difference"),
                  Golden.number(one, "disagreement"),
                  Golden.number(one, "power"),
                  Golden.number(one, "level")))
          .isEqualTo(one.get("examples").getAsLong());
    }
  }

  private static void assertDifference(MeanDifference found, JsonObject expected) {
    assertThat(found.difference()).isCloseTo(Golden.number(expected, "difference"), EXACT);
    assertThat(found.standardError()).isCloseTo(Golden.number(expected, "standard_error"), EXACT);
    assertThat(found.degreesOfFreedom())
        .isCloseTo(Golden.number(expected, "degrees_of_freedom"), NEARLY);
    assertThat(found.t()).isCloseTo(Golden.number(expected, "t"), NEARLY);
    assertThat(found.p()).isCloseTo(Golden.number(expected, "p"), NEARLY);
    assertThat(found.interval().low()).isCloseTo(Golden.number(expected, "low"), NEARLY);
    assertThat(found.interval().high()).isCloseTo(Golden.number(expected, "high"), NEARLY);
  }

  private static void assertInterval(
      Interval found, JsonObject expected, String key, Offset<Double> offset) {
    assertThat(new double[] {found.low(), found.high()})
        .containsExactly(Golden.doubles(expected, key), offset);
  }
}
