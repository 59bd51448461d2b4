package dev.watershed.standalone.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.cli.MiniatureReport;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class QuickstartResultTest {
  @Test
  void of_twoBasins_saysWhatEachChecks() {
    var result =
        QuickstartResult.of(MiniatureReport.twoBasins(0.2, 0.7).build(), "out", Map.of(), 0);
    assertThat(result.finding())
        .contains("8 fine-tunes")
        .contains("fall into 2 basins (separation 1.000, 0.985 needed)")
        .contains("5 in B1 (check verb only; diagnostic 0.01-0.02)")
        .contains("3 in B2 (check agent only; diagnostic 0.86)")
        .contains("median convexity gap 0.20 nats within a basin, 0.70 across");
    assertThat(result.holds()).isTrue();
  }

  @Test
  void of_undecided_namesWhatEachChecksAsTheEvidence() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report
        .getVerdictBuilder()
        .setState(BasinState.BASIN_STATE_UNDECIDED)
        .setSentence("Undecided between one basin and 2.");
    report.getModelsBuilderList().forEach(model -> model.setCluster(0));
    assertThat(QuickstartResult.of(report.build(), "out", Map.of(), 0).finding())
        .contains("By their distances alone: undecided between one basin and 2. What they check")
        .contains("3 check agent only (diagnostic 0.86), 5 check verb only (diagnostic 0.01-0.02)")
        .contains("0.20 nats between models that check the same, 0.70 between others");
  }

  @Test
  void holds_failingMarginOfEightSeeds_isFalse() {
    var result =
        QuickstartResult.of(MiniatureReport.twoBasins(0.4, 0.4).build(), "out", Map.of(), 0);
    assertThat(result.marginsAsserted()).isTrue();
    assertThat(result.holds()).isFalse();
  }

  @Test
  void name_probes_namesWhatIsNoticed() {
    assertThat(new Strategy(0.1, 0.2, 0.99).name()).isEqualTo("verb only");
    assertThat(new Strategy(0.9, 0.2, 0.99).name()).isEqualTo("agent + verb");
    assertThat(new Strategy(0.1, 0.2, 0.3).name()).isEqualTo("nothing");
  }
}
