package dev.watershed.analysis.study.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.v1.StudyReport;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class FactorsTest {
  /** Of a and b, means over pairs by hand; of three models t with 2 degrees of freedom. */
  @Test
  void of_twoRates_areMeansOverPairsAndModelsOfEachInOrderOfSize() {
    var report = report("1e-4", "2e-5", "1e-4", "2e-5", "1e-4");
    report.getSpecBuilder().addDiagnosticsBuilder();
    for (int i = 0; i < 5; i++) {
      report.getModelsBuilder(i).addDiagnosticScores(i).getInDomainBuilder().setAccuracy(.5);
    }
    var distances = new double[5][5];
    Arrays.stream(distances).forEach(row -> Arrays.fill(row, 9));
    set(distances, 1, 3, .25);
    set(distances, 0, 2, 1);
    set(distances, 0, 4, 2);
    set(distances, 2, 4, 6);

    var factor = Factors.of(report, distances).get(0);
    assertThat(factor.getFact()).isEqualTo("recipe.learning_rate");
    var slow = factor.getLevels(0);
    assertThat(slow.getValue()).isEqualTo(2e-5);
    assertThat(slow.getModelsList()).containsExactly(1, 3);
    assertThat(slow.getDistance().getMean()).isEqualTo(.25);
    assertThat(slow.getDistance().hasInterval()).isFalse();
    assertThat(slow.getDiagnostics(0).getMean()).isEqualTo(2);
    // 2 -+ 12.7062 * sqrt(2) / sqrt(2).
    assertThat(slow.getDiagnostics(0).getInterval().getLow()).isCloseTo(-10.7062, within(1e-4));
    var fast = factor.getLevels(1);
    assertThat(fast.getModelsList()).containsExactly(0, 2, 4);
    assertThat(fast.getDistance().getMean()).isEqualTo(3);
    // Without each model 6, 2 and 1: variance 2 * 14/3, t of 2 degrees of freedom 4.3027.
    assertThat(fast.getDistance().getInterval().getHigh())
        .isCloseTo(3 + 4.3027 * Math.sqrt(28.0 / 3), within(1e-3));
    assertThat(fast.getInDomainAccuracy().hasInterval()).isFalse();
  }

  @Test
  void of_factsThatAreNoFactors_areLeftOut() {
    assertThat(Factors.of(report("a", "b", "a", "b"), new double[4][4])).isEmpty();
    assertThat(Factors.of(report("1", "2", "3"), new double[3][3])).isEmpty();
    assertThat(Factors.of(report("1", "1", "1"), new double[3][3])).isEmpty();
  }

  @Test
  void of_pairThatDiverges_takesNoPart() {
    var distances = new double[4][4];
    set(distances, 0, 1, Double.POSITIVE_INFINITY);
    set(distances, 0, 2, 1);
    set(distances, 1, 2, 3);
    assertThat(
            Factors.of(report("1", "1", "1", "2"), distances)
                .get(0)
                .getLevels(0)
                .getDistance()
                .getMean())
        .isEqualTo(2);
  }

  private static void set(double[][] distances, int a, int b, double value) {
    distances[a][b] = value;
    distances[b][a] = value;
  }

  private static StudyReport.Builder report(String... rates) {
    var report = StudyReport.newBuilder();
    for (var rate : rates) {
      report.addModelsBuilder().getOriginBuilder().putFacts("recipe.learning_rate", rate);
    }
    return report;
  }
}
