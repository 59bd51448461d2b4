package dev.watershed.analysis.bootstrap;

import static dev.watershed.analysis.bootstrap.ModelBootstrap.at;
import static dev.watershed.analysis.bootstrap.PairedBootstrapTest.assertResampled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.Golden;
import dev.watershed.analysis.statistics.Correlation;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.SamplePlan;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

final class ModelBootstrapTest {
  /** Three models: whoever is drawn twice leaves one pair. */
  @Test
  void pairCorrelation_resamplesThatAreTheSampleAlone_haveNoInterval() {
    double[][] x = {{0, 1, 2}, {1, 0, 4}, {2, 4, 0}};
    double[][] y = {{0, 3, 1}, {3, 0, 4}, {1, 4, 0}};
    var resampled =
        ModelBootstrap.of(
            Draws.of(1, 200, 3), models -> ModelBootstrap.pairCorrelation(x, y, models));

    assertThat(resampled.estimate()).isBetween(-1.0, 1.0);
    assertThat(resampled.percentile(Interval.LEVEL)).isEqualTo(Interval.UNKNOWN);
    assertThat(resampled.undefined()).isEqualTo(200);
  }

  @Test
  void correlation_goldenModels_hasTheGoldenIntervals() {
    var golden = Golden.statistics("models").getAsJsonObject("correlation");
    var expected = golden.getAsJsonObject("expected");
    var feature = Golden.doubles(golden, "feature");
    var score = Golden.doubles(golden, "score");
    var inDomain = Golden.doubles(golden, "in_domain");
    int n = feature.length;
    var draws = GoldenDraws.of(golden);
    var fit = LinearFit.of(feature, score);
    assertThat(fit.pearsonR()).isCloseTo(Golden.number(expected, "pearson"), within(1e-10));
    assertThat(fit.spearmanRho()).isCloseTo(Golden.number(expected, "spearman"), within(1e-10));
    assertInterval(
        Correlation.fisher(fit.pearsonR(), n), Golden.doubles(expected, "fisher_interval"));
    assertInterval(
        Correlation.bonettWright(fit.spearmanRho(), n),
        Golden.doubles(expected, "spearman_bonett_wright_interval"));

    ToDoubleFunction<int[]> r =
        models -> LinearFit.of(at(feature, models), at(score, models)).pearsonR();
    assertResampled(
        ModelBootstrap.of(draws, r),
        ModelBootstrap.leavingOneOut(n, r),
        expected.getAsJsonObject("pearson_bootstrap"));

    var given = Correlation.given(feature, score, inDomain);
    var mediation = expected.getAsJsonObject("standardised_mediation");
    assertThat(given.total()).isCloseTo(Golden.number(mediation, "total"), within(1e-10));
    assertThat(given.direct()).isCloseTo(Golden.number(mediation, "direct"), within(1e-10));
    assertThat(given.indirect()).isCloseTo(Golden.number(mediation, "indirect"), within(1e-10));
    assertThat(given.thirdOnFeature())
        .isCloseTo(Golden.number(mediation, "mediator_on_feature"), within(1e-10));
    assertThat(given.scoreOnThird())
        .isCloseTo(Golden.number(mediation, "score_on_mediator"), within(1e-10));
    assertThat(given.partial())
        .isCloseTo(Golden.number(expected, "partial_given_in_domain"), within(1e-10));
    assertThat(given.partialP()).isCloseTo(Golden.number(expected, "partial_p"), within(1e-8));
    ToDoubleFunction<int[]> indirect =
        models ->
            Correlation.given(at(feature, models), at(score, models), at(inDomain, models))
                .indirect();
    assertResampled(
        ModelBootstrap.of(draws, indirect),
        ModelBootstrap.leavingOneOut(n, indirect),
        expected.getAsJsonObject("indirect_bootstrap"));
    ToDoubleFunction<int[]> direct =
        models ->
            Correlation.given(at(feature, models), at(score, models), at(inDomain, models))
                .direct();
    assertResampled(
        ModelBootstrap.of(draws, direct),
        ModelBootstrap.leavingOneOut(n, direct),
        expected.getAsJsonObject("direct_bootstrap"));

    var left = expected.getAsJsonObject("leave_one_out_r_squared");
    for (var name : List.of("feature", "in_domain", "sharpness", "euclidean")) {
      assertThat(Correlation.leaveOneOutRSquared(score, Golden.doubles(golden, name)))
          .isCloseTo(Golden.number(left, name), within(1e-10));
    }
    assertThat(Correlation.leaveOneOutRSquared(score, feature, inDomain))
        .isCloseTo(Golden.number(left, "feature_and_in_domain"), within(1e-10));
  }

  @Test
  void pairCorrelation_goldenMatrices_hasTheGoldenInterval() {
    var golden = Golden.statistics("models").getAsJsonObject("matrices");
    var first = Golden.matrix(golden, "first");
    var second = Golden.matrix(golden, "second");
    var expected = golden.getAsJsonObject("expected");
    var found =
        ModelBootstrap.of(
            GoldenDraws.of(Golden.indices(golden, "node_indices")),
            models -> ModelBootstrap.pairCorrelation(first, second, models));
    assertThat(found.estimate()).isCloseTo(Golden.number(expected, "pearson"), within(1e-10));
    assertThat(found.replicates())
        .containsExactly(Golden.doubles(expected, "node_bootstrap_replicates"), within(1e-10));
    assertInterval(
        found.percentile(Interval.LEVEL), Golden.doubles(expected, "node_bootstrap_percentile"));
  }

  @Test
  void samplePlan_goldenPilots_needTheGoldenExamples() {
    for (var golden : Golden.objects(Golden.statistics("planner"), "gaps")) {
      var pilot = GoldenDraws.curve(golden, "pilot_losses");
      double halfWidth =
          new PairedBootstrap(GoldenDraws.of(golden), Interval.LEVEL)
              .of(List.of(pilot), () -> {})
              .getFirst()
              .convexityGap()
              .percentile(Interval.LEVEL)
              .halfWidth();
      var expected = golden.getAsJsonObject("expected");
      assertThat(halfWidth).isCloseTo(Golden.number(expected, "pilot_half_width"), within(1e-10));
      assertThat(
              SamplePlan.examples(
                  pilot.exampleCount(), halfWidth, Golden.number(golden, "wanted_half_width")))
          .isEqualTo(expected.get("examples").getAsLong());
    }
  }

  private static void assertInterval(Interval found, double[] expected) {
    assertThat(new double[] {found.low(), found.high()}).containsExactly(expected, within(1e-8));
  }
}
