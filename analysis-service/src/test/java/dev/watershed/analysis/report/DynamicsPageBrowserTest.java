package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.Dynamics;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens pages of comparisons over steps in a real browser. */
final class DynamicsPageBrowserTest {
  private PageBrowser browser;

  @BeforeEach
  void findBrowser(@TempDir Path temporary) {
    browser = PageBrowser.onPath(temporary);
  }

  @Test
  void page_fourSteps_drawsEveryChartAndTable() throws Exception {
    String dom = open(SyntheticDynamics.of(6));
    assertThat(dom).contains("data-charts=\"6\"").contains("seed 5").contains("(no split)");
    assertThat(dom.split("<svg", -1)).hasSize(7);
    // Clusters of models, steps, changes, forecasts; moves from 2 clusters of 3 steps each.
    assertThat(dom.split("<th scope=\"row\">", -1)).hasSize(1 + 6 + 4 + 6 + 3 + 3 * 2);
    assertThat(dom).contains("not distinguishable from 0").contains("95 % interval");
    assertThat(dom).contains("improved convexity gap").contains("0 to 600");
    assertThat(dom)
        .contains("convexity gap of each pair at steps 0 and 600.")
        .containsPattern(
            "Convexity gap at two steps; bold are the means\\. Within a .* of \\d+ pairs");
  }

  @Test
  void page_noFinalSplit_hasNoForecast() throws Exception {
    var none = SyntheticDynamics.of(6).toBuilder();
    none.getStepsBuilderList().forEach(step -> step.clearForecast());
    assertThat(open(none.build()))
        .contains("data-charts=\"5\"")
        .contains("id=\"forecast-section\" hidden=\"\"");
  }

  @Test
  void page_hostileTexts_runsNothing() throws Exception {
    String dom = open(DynamicsFilesTest.hostile());
    assertThat(dom).contains("data-charts=\"6\"");
    assertThat(dom).doesNotContain("<img").doesNotContain("<script>alert");
    assertThat(dom).contains("&lt;img src=x");
  }

  @Test
  void page_valuesThatAreNotFinite_drawsTheRest() throws Exception {
    var diverged = SyntheticDynamics.of(4).toBuilder();
    diverged.getPairsBuilder(0).getMetricsBuilder(2).setConvexityGapNats(Double.POSITIVE_INFINITY);
    diverged
        .getStepsBuilder(2)
        .setInfinitePairCount(1)
        .setMedianConvexityGapAcrossNats(Double.NaN)
        .setMeanConvexityGapNats(Double.NaN);
    diverged.getChangesBuilder(0).getConvexityGapBuilder().setMeanNats(Double.NaN);
    assertThat(open(diverged.build()))
        .contains("data-charts=\"6\"")
        .contains("1 value that is not finite is left out");
  }

  @Test
  void page_manyModels_drawsOnCanvas() throws Exception {
    assertThat(open(SyntheticDynamics.of(110)))
        .contains("data-charts=\"6\"")
        .contains("<canvas")
        .contains("300 of 5,995 pairs");
  }

  private String open(Dynamics dynamics) throws IOException, InterruptedException {
    return browser.open(out -> DynamicsFiles.write("dynamics.html", "Sweep", dynamics, out));
  }
}
