package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import dev.watershed.analysis.Golden;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Comparisons of groups of models, whose golden values {@link GoldenStatisticsTest} has. */
final class RecipeComparisonTest {

  @Test
  void sentence_goldenGroups_saysWhatTheTestDoes() {
    var groups = Golden.objects(Golden.statistics("comparison"), "groups");
    var alike = compared(groups.get(0));
    assertThat(alike.shown()).isFalse();
    assertThat(alike.sentence("convexity gap", "nats"))
        .startsWith("The mean convexity gap is 0.07342 nats over 5 models (10 pairs) of the first")
        .contains("a difference is not shown (-0.01254 [-0.08488, 0.05979], p = 0.69)")
        .contains("which is no proof that there is none");
    var unlike = compared(groups.get(1));
    assertThat(unlike.shown()).isTrue();
    assertThat(unlike.ratio()).isCloseTo(.4038, within(1e-4));
    assertThat(unlike.sentence("distance", ""))
        .startsWith("The mean distance is 0.1264 over 8 models")
        .contains("the second has less, 0.404 times the first (difference 0.07536");
  }

  private static RecipeComparison compared(JsonObject groups) {
    return RecipeComparison.independent(
        Golden.matrix(groups, "first"), Golden.matrix(groups, "second"));
  }

  /** Groups that share seeds share what makes them differ. */
  @Test
  void paired_sameSeeds_seesWhatIndependentGroupsHide() {
    var first = cloud(10, 3);
    var second = scaled(first, .8);
    var independent = RecipeComparison.independent(first, second);
    var paired = RecipeComparison.paired(first, second);

    assertThat(paired.difference().difference())
        .isCloseTo(independent.difference().difference(), within(1e-12));
    assertThat(paired.difference().standardError())
        .isLessThan(independent.difference().standardError() / 2);
    assertThat(paired.shown()).isTrue();
    assertThat(independent.shown()).isFalse();
    assertThat(paired.modelsNeeded().orElseThrow())
        .isLessThan(independent.modelsNeeded().orElseThrow());
  }

  /** STATISTICS.md, section 7: of 400 simulated pairs of groups .19, .58, .87 and 1. */
  @Test
  void powerToSeeHalf_broadClouds_isWhatWasSimulated() {
    assertThat(medianPower(5)).isBetween(.1, .4);
    assertThat(medianPower(8)).isBetween(.4, .7);
    assertThat(medianPower(12)).isBetween(.7, .95);
    assertThat(medianPower(20)).isGreaterThan(.95);

    var known = PairMeans.of(cloud(20, 1));
    int needed = RecipeComparison.modelsToSee(.5, known).orElseThrow();
    assertThat(RecipeComparison.powerToSee(.5, known, needed, needed))
        .isGreaterThanOrEqualTo(RecipeComparison.POWER);
    assertThat(RecipeComparison.powerToSee(.5, known, needed - 1, needed - 1))
        .isLessThan(RecipeComparison.POWER);
    assertThat(RecipeComparison.modelsToSee(.7, known).orElseThrow()).isGreaterThan(2 * needed);
  }

  @Test
  void comparison_nothingToJudgeBy_saysSo() {
    var same = new double[][] {{0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    var found = RecipeComparison.independent(same, same);
    assertThat(found.difference().p()).isNaN();
    assertThat(found.modelsNeeded()).isEmpty();
    assertThat(found.sentence("distance", "")).endsWith("has no error to be judged by.");
  }

  @Test
  void pairMeans_pairsWithoutAValue_takeNoPart() {
    double nan = Double.NaN;
    // Two basins of three: within them only.
    var within =
        new double[][] {
          {0, 1, 2, nan, nan, nan},
          {1, 0, 3, nan, nan, nan},
          {2, 3, 0, nan, nan, nan},
          {nan, nan, nan, 0, 4, 5},
          {nan, nan, nan, 4, 0, 6},
          {nan, nan, nan, 5, 6, 0}
        };
    var means = PairMeans.of(within);
    assertThat(means.pairCount()).isEqualTo(6);
    assertThat(means.mean()).isEqualTo(3.5);
    assertThat(means.leftOut())
        .containsExactly(
            new double[] {18 / 4., 17 / 4., 16 / 4., 12 / 4., 11 / 4., 10 / 4.}, within(1e-12));
    // A model of no pair is no unit; of one pair there is no error.
    assertThat(PairMeans.of(3, new double[] {7, nan, nan}).modelCount()).isEqualTo(2);
    assertThat(PairMeans.of(3, new double[] {7, nan, nan}).test().p()).isNaN();
  }

  private static double medianPower(int models) {
    var powers = new double[101];
    for (int i = 0; i < powers.length; i++) {
      powers[i] = RecipeComparison.powerToSee(.5, PairMeans.of(cloud(models, i)), models, models);
    }
    return Summary.median(powers);
  }

  /** Models in six dimensions, distances to the power of 1.5. */
  private static double[][] cloud(int models, long seed) {
    var random = new Random(seed);
    var places = new double[models][6];
    for (var place : places) {
      for (int d = 0; d < place.length; d++) {
        place[d] = random.nextGaussian();
      }
    }
    var distances = new double[models][models];
    for (int a = 0; a < models; a++) {
      for (int b = 0; b < a; b++) {
        double squares = 0;
        for (int d = 0; d < 6; d++) {
          squares += Math.pow(places[a][d] - places[b][d], 2);
        }
        distances[a][b] =
            distances[b][a] = Math.pow(squares, .75) * Math.exp(.3 * random.nextGaussian());
      }
    }
    return distances;
  }

  private static double[][] scaled(double[][] distances, double factor) {
    var scaled = new double[distances.length][distances.length];
    for (int a = 0; a < scaled.length; a++) {
      for (int b = 0; b < scaled.length; b++) {
        scaled[a][b] = factor * distances[a][b];
      }
    }
    return scaled;
  }
}
