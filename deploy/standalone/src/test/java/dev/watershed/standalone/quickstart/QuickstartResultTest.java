package dev.watershed.standalone.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

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
        .contains("fall into 2 basins")
        .contains("5 in B1 (check verb only; diagnostic 0.01-0.02)")
        .contains("3 in B2 (check agent only; diagnostic 0.86)")
        .contains("median convexity gap 0.20 nats within a basin, 0.70 across");
    assertThat(result.holds()).isTrue();
  }

  @Test
  void of_oneBasin_saysSo() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getClusteringBuilder().setOneBasin(true).setVerdict("no split");
    assertThat(QuickstartResult.of(report.build(), "out", Map.of(), 0).finding())
        .endsWith("share one basin: no split");
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
