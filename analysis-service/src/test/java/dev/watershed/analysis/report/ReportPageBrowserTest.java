package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens pages in a real browser: everything is drawn and nothing is complained about. */
final class ReportPageBrowserTest {
  /** Heat map, eigenvalues, curves within and across, and two for each of two diagnostics. */
  private static final int CHARTS = 8;

  private PageBrowser browser;

  @BeforeEach
  void findBrowser(@TempDir Path temporary) {
    browser = PageBrowser.onPath(temporary);
  }

  @Test
  void page_twoBasins_drawsEveryChart() throws Exception {
    String dom = open(SyntheticStudy.of(8));
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(count(dom, "<svg")).isEqualTo(CHARTS);
    assertThat(dom).contains("seed 7").contains("Basin 2").contains("\u2212");
    assertThat(count(dom, "<th scope=\"row\">")).isGreaterThanOrEqualTo(8 + 2 + 2 + 1 + 8);
  }

  @Test
  void page_adaptiveAlphas_drawsEveryChartAndTellsTheCost() throws Exception {
    String dom = open(StudyReportFilesTest.adaptive());
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(dom)
        .contains("6 to 11, chosen for each pair")
        .contains("214, 14 of them known from other studies")
        .contains("of 4,000 on an equal grid")
        .contains("0.005 nats");
  }

  @Test
  void page_hostileTexts_runsNothing() throws Exception {
    String dom = open(StudyReportFilesTest.hostile());
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(dom).doesNotContain("<img").doesNotContain("<script>alert");
    assertThat(dom).contains("&lt;img src=x");
  }

  @Test
  void page_valuesThatAreNotFinite_drawsTheRest() throws Exception {
    String dom = open(StudyReportFilesTest.diverged());
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(dom).contains("2 pairs without a finite value").contains("1 model without a finite");
  }

  @Test
  void page_noDiagnosticsAndOneCluster_drawsWhatThereIs() throws Exception {
    var bare = SyntheticStudy.of(3).toBuilder().clearDiagnostics().clearGroups();
    bare.getSpecBuilder().clearDiagnostics();
    bare.getClusteringBuilder().clearEigenvalues();
    bare.getVerdictBuilder().setState(BasinState.BASIN_STATE_NO_SPLIT);
    for (int i = 0; i < 3; i++) {
      bare.getModelsBuilder(i).setCluster(0).clearDiagnosticScores();
      bare.getModelsBuilder(i).clearCentroidDistanceDifference();
    }
    assertThat(open(bare.build()))
        .contains("data-charts=\"4\"")
        .contains("No split")
        .contains("All pairs");
  }

  @Test
  void page_emptyReport_opens() throws Exception {
    assertThat(open(StudyReport.getDefaultInstance())).contains("data-charts=\"4\"");
  }

  @Test
  void page_manyModels_drawsOnCanvas() throws Exception {
    String dom = open(SyntheticStudy.of(70));
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"").contains("<canvas");
    assertThat(dom).contains("evenly by distance");
  }

  private String open(StudyReport report) throws IOException, InterruptedException {
    return browser.open(out -> StudyReportFiles.write("report.html", report, out));
  }

  private static long count(String text, String part) {
    return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
  }
}
