package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.LinearFit;
import org.junit.jupiter.api.Test;

/** What is said of a diagnostic. */
final class ReportTextTest {
  @Test
  void correlation_scoresThatVary_tellsHowManyWereTried() {
    var diagnostic =
        DiagnosticReport.newBuilder()
            .setName("probe")
            .setFit(LinearFit.newBuilder().setPearsonR(-.9))
            .setPearsonPHolm(.012)
            .build();
    assertThat(ReportText.correlation(diagnostic, 1))
        .isEqualTo("probe against the centroid distance: r = -0.900 (p = 0.012)");
    assertThat(ReportText.correlation(diagnostic, 3))
        .endsWith("(p = 0.012, corrected for 3 diagnostics)");
  }

  @Test
  void correlation_scoreOfAllModels_saysWhyThereIsNone() {
    var constant =
        DiagnosticReport.newBuilder()
            .setName("probe")
            .setFit(LinearFit.newBuilder().setPearsonR(Double.NaN))
            .build();
    assertThat(ReportText.correlation(constant, 2))
        .startsWith("probe against the centroid distance: no correlation, because the score")
        .doesNotContain("NaN");
  }
}
