package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.LinkageMerge;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens pages in a real browser: everything is drawn and nothing is complained about. */
final class ReportPageBrowserTest {
  /**
   * Heat map, distances within against across, eigenvalues, a pair, curves within and across, three
   * for each of two diagnostics, two parts of a correlation, correlations of scores, and two other
   * distances against the chosen one.
   */
  private static final int CHARTS = 16;

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
  void page_modelsOfTwoRates_drawsDistancesAndScoresByRate() throws Exception {
    String dom = open(SyntheticStudy.ofTwoRates(8));
    assertThat(dom).contains("data-charts=\"" + (CHARTS + 2) + "\"");
    assertThat(dom)
        .contains("learning rate (logarithmic)")
        .contains("Convexity gap among models of equal learning rate")
        .contains("Means 2e\u22125: 0.200 [0.100, 1.500]; 5e\u22124: 1.200")
        .contains("<th scope=\"row\" data-key=\"2.0E-5\">2e\u22125</th>")
        .contains(">Yes, in learning rate (2e-5: 4 models, 5e-4: 4 models).");
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
  void page_noPairNamed_showsTheFarthestWithItsInterval() throws Exception {
    var report = SyntheticStudy.of(8);
    var farthest =
        report.getPairsList().stream()
            .max(Comparator.comparingDouble(PairReport::getDistance))
            .orElseThrow();
    var interval = farthest.getUncertainty().getConvexityGap().getInterval();
    assertThat(open(report))
        .contains(
            String.format(
                Locale.ROOT,
                "CG %.3f [%.3f, %.3f] nats",
                farthest.getMetrics().getConvexityGapNats(),
                interval.getLow(),
                interval.getHigh()))
        .contains("95 % over examples, pointwise");
  }

  @Test
  void page_pairNamedInTheAddress_showsThatPair() throws Exception {
    var named = SyntheticStudy.of(8).toBuilder();
    // The pair of models 0 and 3.
    named
        .getPairsBuilder(2)
        .getUncertaintyBuilder()
        .setLowerEndSetToZero(true)
        .setZeroTestP(.04)
        .getConvexityGapBuilder()
        .getIntervalBuilder()
        .setLow(0)
        .setHigh(.037);
    String dom =
        browser.open(out -> StudyReportFiles.write("report.html", named.build(), out), "#pair-3-0");
    assertThat(dom)
        .contains("CG \u2264 0.037 nats, not distinguishable from 0 (one-sided p = 0.040)")
        .contains(">\u2264 0.037 (p = 0.040)<")
        .contains("All 28 pairs with 95 % intervals")
        .contains("Loss along the line between seed 0 and seed 3 with its 95 %");
  }

  @Test
  void page_noUncertainty_saysThatThereIsNoBand() throws Exception {
    var plain = SyntheticStudy.of(8).toBuilder();
    plain.getPairsBuilderList().forEach(PairReport.Builder::clearUncertainty);
    assertThat(open(plain.build()))
        .contains("No band: the losses of single examples are not known.")
        .doesNotContain("pointwise");
  }

  @Test
  void page_lossesFromATickThatIsNoBinaryFraction_writesItShort() throws Exception {
    var rising = SyntheticStudy.of(8).toBuilder();
    for (var pair : rising.getPairsBuilderList()) {
      int points = pair.getCurve().getLossesNatsCount();
      for (int i = 0; i < points; i++) {
        pair.getCurveBuilder().setLossesNats(i, .58 + .12 * i / (points - 1));
      }
      pair.clearUncertainty();
    }
    // 23 steps of .025 are .5750000000000001.
    assertThat(open(rising.build())).contains(">0.575<").doesNotContain(">0.57500");
  }

  @Test
  void page_smallDistances_haveDigitsThatTellThemApart() throws Exception {
    var small = SyntheticStudy.of(8).toBuilder();
    for (int i = 0; i < small.getPairsCount(); i++) {
      small.getPairsBuilder(i).setDistance(.009 - i * .0001);
    }
    assertThat(open(small.build())).contains(">0.0090<").contains(">0.0063<");
  }

  @Test
  void page_labelsWithMuchInCommon_showsWhatDiffersAndTheWholeInTables() throws Exception {
    var alike = SyntheticStudy.of(8).toBuilder();
    for (int i = 0; i < 8; i++) {
      alike.getModelsBuilder(i).setLabel("bert-base-uncased-seed-" + (i + 1) + "-lr-2e-5");
    }
    assertThat(open(alike.build()))
        .contains(">seed-1 \u00b7 B1<")
        .contains(">seed-8 \u00b7 B2<")
        .contains("<th scope=\"row\">bert-base-uncased-seed-1-lr-2e-5</th>");
  }

  @Test
  void page_outlier_isRingedInTheDendrogram() throws Exception {
    var outlying = SyntheticStudy.of(8).toBuilder();
    outlying.getModelsBuilder(7).setCluster(-1);
    assertThat(open(outlying.build())).contains("a ring an outlier").contains("outlier<");
    assertThat(open(SyntheticStudy.of(8)))
        .contains("with the dendrogram of average linkage beside it")
        .doesNotContain("a ring an outlier");
  }

  @Test
  void page_smallDistances_dendrogramTakesItsRoom() throws Exception {
    var small = SyntheticStudy.of(8).toBuilder();
    for (var merge : small.getVerdictBuilder().getLinkageBuilderList()) {
      merge.setHeight(merge.getHeight() / 100);
    }
    double highest =
        small.getVerdict().getLinkageList().stream()
            .mapToDouble(LinkageMerge::getHeight)
            .max()
            .orElseThrow();
    String dom =
        browser.openWith(
            """
            const chart = echarts.getInstanceByDom(document.getElementById('heatmap'));
            const [, end] = chart.getModel().getComponent('xAxis', 1).axis.scale.getExtent();
            document.body.append(`the dendrogram ends at ${end.toFixed(6)}`);
            """,
            out -> StudyReportFiles.write("report.html", small.build(), out));
    assertThat(dom).contains(String.format(Locale.ROOT, "the dendrogram ends at %.6f", highest));
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
    bare.clearEuclidean().clearVariants().clearScoreCorrelations().clearInDomainComparison();
    bare.getSpecBuilder().clearDiagnostics();
    bare.getClusteringBuilder().clearEigenvalues();
    bare.getVerdictBuilder().setState(BasinState.BASIN_STATE_NO_SPLIT);
    for (int i = 0; i < 3; i++) {
      bare.getModelsBuilder(i).setCluster(0).clearDiagnosticScores();
      bare.getModelsBuilder(i).clearCentroidDistanceDifference();
    }
    assertThat(open(bare.build()))
        .contains("data-charts=\"5\"")
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
    assertThat(dom).contains("The 500 farthest of 2,415 pairs with 95 % intervals");
  }

  @Test
  void page_saved_givesEveryFigureAsSvgAndPng() throws Exception {
    String dom =
        browser.openWith(
            """
            const saved = [];
            HTMLAnchorElement.prototype.click = function () {
              const [head, body] = this.href.split(/,(.*)/s);
              saved.push(`${this.download} ${head} ${body.length > 1500}`);
            };
            document.querySelectorAll('[data-save]').forEach((button) => button.click());
            document.body.append(saved.join('; '));
            """,
            out -> StudyReportFiles.write("report.html", SyntheticStudy.of(8), out));
    for (String figure :
        new String[] {"heatmap", "pair", "within", "strip", "estimation-1", "forest"}) {
      assertThat(dom)
          .contains("miniature-8-seeds-" + figure + ".svg data:image/svg+xml;charset=utf-8 true")
          .contains("miniature-8-seeds-" + figure + ".png data:image/png;base64 true");
    }
    assertThat(count(dom, ".png data:image/png;base64 true")).isEqualTo(CHARTS);
    assertThat(count(dom, "aria-label=\"Save the figure as PNG\"")).isEqualTo(CHARTS);
  }

  @Test
  void page_anotherDistanceChosen_showsItsVerdictAndOrder() throws Exception {
    String dom =
        browser.openWith(
            """
            const distance = document.getElementById('distance');
            distance.value = '1';
            distance.dispatchEvent(new Event('change'));
            document.body.append(`strip hidden: ${document.getElementById('strip').hidden}`);
            """,
            out -> StudyReportFiles.write("report.html", SyntheticStudy.of(8), out));
    assertThat(dom)
        .contains("By Euclidean distance: No split is seen")
        .contains("Heat map of the Euclidean distance of all pairs of 8 models, ordered by linkage")
        .contains("strip hidden: true");
  }

  @Test
  void page_heatMapZoomed_showsThoseModelsWithTheirNumbers() throws Exception {
    String dom =
        browser.openWith(
            """
            const map = document.getElementById('heatmap');
            const texts = () => [...map.querySelectorAll('text')].map((one) => one.textContent);
            const models = () => new Set(texts().filter((text) => text.startsWith('seed'))).size;
            const numbers = () => texts().filter((text) => /^0\\.\\d\\d$/.test(text)).length;
            const before = `${models()} models, ${numbers()} numbers`;
            const chart = echarts.getInstanceByDom(map);
            for (const dataZoomIndex of [0, 1])
              chart.dispatchAction({ type: 'dataZoom', dataZoomIndex, startValue: 2, endValue: 5 });
            chart.getZr().flush();
            document.body.append(`${before}; then ${models()} models, ${numbers() > 10} numbers`);
            """,
            out -> StudyReportFiles.write("report.html", SyntheticStudy.of(24), out));
    assertThat(dom).contains("24 models, 0 numbers; then 4 models, true numbers");
  }

  @Test
  void page_bestAndWorstChosen_comparesTheirCurves() throws Exception {
    String dom =
        browser.openWith(
            """
            const grouping = document.getElementById('grouping');
            grouping.value = '1';
            grouping.dispatchEvent(new Event('change'));
            document.body.append(document.getElementById('within-caption').textContent);
            const quantity = document.getElementById('quantity');
            quantity.value = '2';
            quantity.dispatchEvent(new Event('change'));
            document.body.append(quantity.selectedOptions[0].textContent);
            """,
            out ->
                StudyReportFiles.write(
                    "report.html", SyntheticStudy.alongLines(SyntheticStudy.of(16)), out));
    assertThat(dom)
        .contains("95 % over models at each \u03b1 (jackknife)")
        .contains("loss on swapped arguments")
        .contains("Among the 5 best, and among the 5 worst")
        .contains("5 best: 10 pairs, median convexity gap")
        .contains("5 worst: 10 pairs, median convexity gap")
        .contains("Between the best and the worst")
        .contains(">25 pairs, median convexity gap")
        .contains("the middle 80 % of the pairs");
  }

  @Test
  void page_headingClicked_sortsTheTableThatCameWithThePage() throws Exception {
    String dom =
        browser.openWith(
            """
            const head = document.querySelectorAll('#pair-table th button')[2];
            head.click();
            const gaps = [...document.querySelectorAll('#pair-table tbody tr')].map((row) =>
              Number(row.cells[2].dataset.key),
            );
            document.body.append(
              gaps.length > 1 && gaps.every((gap, i) => i === 0 || gap >= gaps[i - 1])
                ? 'sorted by the gap'
                : `in the order ${gaps}`,
            );
            """,
            out -> StudyReportFiles.write("report.html", SyntheticStudy.of(8), out));
    assertThat(dom).contains("sorted by the gap").contains("aria-sort=\"ascending\"");
  }

  private String open(StudyReport report) throws IOException, InterruptedException {
    return browser.open(out -> StudyReportFiles.write("report.html", report, out));
  }

  private static long count(String text, String part) {
    return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
  }
}
