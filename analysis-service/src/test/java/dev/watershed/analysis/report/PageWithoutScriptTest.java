package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a page says before any script runs. */
final class PageWithoutScriptTest {
  @Test
  void page_withoutScript_hasEverythingButTheFigures() throws IOException {
    var report = SyntheticStudy.of(8);
    var page = markup(report);
    assertThat(page)
        .contains("Did the models learn anything?")
        .contains("Yes, 8 models: in-domain accuracy")
        .contains("Do they differ in more than their seed?</dt><dd>No")
        .contains("of 28 pairs is told from 0 (95 % over 256 examples, 50 resamples)")
        .contains("The verdict is a split: separation 1.000, where 8 models need")
        .contains(SelfContainedPage.escaped(report.getVerdict().getSentence()))
        .contains("All 28 pairs with 95 % intervals")
        .contains("<a href=\"#pair-0-1\">seed 0 \u2013 seed 1</a>")
        .contains("<dt>Points of a curve</dt><dd>11 (protocol paper)</dd>")
        .contains("<dt>Engine</dt><dd>PyTorch 2.7.1</dd>");
    for (int i = 0; i < 8; i++) {
      assertThat(page)
          .contains("<th scope=\"row\">seed " + i + "</th><td class=\"text\" data-key=\"")
          .contains(report.getModels(i).getDigest().getSha256());
    }
    assertThat(page.indexOf("Did the models learn")).isLessThan(page.indexOf("<figure"));
  }

  @Test
  void page_withoutScript_hasTableOneAndTheOtherDistances() throws IOException {
    var report = SyntheticStudy.of(8);
    var comparison = report.getDiagnostics(0).getComparison();
    assertThat(markup(report))
        .contains("<th scope=\"row\">in-domain accuracy</th>")
        .contains(Shown.number(comparison.getDifference()) + " [")
        .contains("<th scope=\"row\">convexity gap, the study&#39;s</th>")
        .contains("<th scope=\"row\">Euclidean distance</th><td class=\"text\">no split</td>")
        .contains("data-key=\"0.125\">0.125<");
  }

  @Test
  void page_otherDistances_tellTheirStabilityOrWhyThereIsNone() throws IOException {
    var report = SyntheticStudy.of(8).toBuilder();
    report.getVerdictBuilder().setStability(.875);
    report.getVariantsBuilder(0).setStabilityLeftOut("Weights do not depend on the examples.");
    assertThat(markup(report.build()))
        .contains("<th scope=\"col\">Stability</th>")
        .contains("<td data-key=\"0.875\">0.875</td>")
        .contains(
            "<p class=\"note\">No stability of Euclidean distance: Weights do not depend on the"
                + " examples.</p>");
    report.getVariantsBuilder(0).clearStabilityLeftOut();
    assertThat(markup(report.build())).doesNotContain("No stability of");
  }

  @Test
  void page_modelsThatSayOneClass_beginsWithThat() throws IOException {
    var constant = SyntheticStudy.of(8).toBuilder();
    constant
        .getModelsBuilderList()
        .forEach(model -> model.getInDomainBuilder().setMatthewsCorrelation(0).setAccuracy(.7));
    assertThat(markup(constant.build()))
        .contains(
            "<div class=\"doubt\"><dt>Did the models learn anything?</dt><dd>No: none of them")
        .contains("says one class of everything");
    constant.getModelsBuilderList().stream()
        .skip(1)
        .forEach(model -> model.getInDomainBuilder().setMatthewsCorrelation(.9));
    assertThat(markup(constant.build())).contains("Not all: not seed 0, whose Matthews");
  }

  @Test
  void page_basinsThatAreTwoLearningRates_saysSo() throws IOException {
    var rates = SyntheticStudy.of(8).toBuilder();
    for (int i = 0; i < 8; i++) {
      int cluster = rates.getModels(i).getCluster();
      rates.getModelsBuilder(i).setLabel("seed " + i + " lr " + (cluster == 0 ? "1e-5" : "5e-5"));
    }
    assertThat(markup(rates.build()))
        .contains("by their labels they are of 2 kinds")
        .contains("The basins are these kinds");
    rates.getVerdictBuilder().setState(BasinState.BASIN_STATE_NO_SPLIT);
    rates.getModelsBuilderList().forEach(model -> model.setCluster(0));
    assertThat(markup(rates.build()))
        .contains("by their labels they are of 2 kinds")
        .doesNotContain("The basins are these kinds");
  }

  @Test
  void page_noSplit_namesNoBasins() throws IOException {
    var none = SyntheticStudy.of(8).toBuilder();
    none.getVerdictBuilder().setState(BasinState.BASIN_STATE_NO_SPLIT);
    none.getModelsBuilderList().forEach(model -> model.setCluster(0));
    assertThat(markup(none.build()))
        .contains("<h3 id=\"basins-heading\">No split</h3>")
        .contains("The verdict is no split: separation")
        .doesNotContain("Basin 2")
        .doesNotContain("data-basin=\"1\">");
  }

  @Test
  void page_noPartitionToCompare_saysSo() throws IOException {
    var none = SyntheticStudy.of(4).toBuilder();
    none.getVerdictBuilder()
        .setState(BasinState.BASIN_STATE_NO_SPLIT)
        .setSeparation(Double.NaN)
        .setSeparationNeeded(.985);
    assertThat(markup(none.build()))
        .contains("The verdict is no split: no partition has two clusters to compare");
  }

  @Test
  void page_manyPairs_listsTheFarthest() throws IOException {
    var large = SyntheticStudy.of(40);
    var page = markup(large);
    assertThat(page)
        .contains("The 500 farthest of 780 pairs with 95 % intervals; pairs.csv has all");
    assertThat(page.split("<a href=\"#pair-", -1)).hasSize(501);
  }

  @Test
  void page_valuesThatAreNotThere_areDashes() throws IOException {
    assertThat(markup(StudyReportFilesTest.diverged())).contains(">\u2013</td>");
    assertThat(markup(StudyReport.getDefaultInstance()))
        .contains("<dl class=\"first\" id=\"first\"></dl>");
  }

  @Test
  void number_sizes_areShownWithTheirDigits() {
    assertThat(
            List.of(
                Shown.number(.12345),
                Shown.number(-.5),
                Shown.number(1.234e-7),
                Shown.number(1234.4),
                Shown.number(0),
                Shown.number(Double.NaN),
                Shown.number(Double.NEGATIVE_INFINITY)))
        .containsExactly(
            "0.123", "\u22120.500", "1.23e\u22127", "1234", "0.000", "\u2013", "\u2212\u221e");
    var format = Shown.format(.009, 2, 0);
    assertThat(format.apply(.009)).isEqualTo("0.0090");
    assertThat(format.apply(-.00001)).isEqualTo("0.0000");
  }

  private static String markup(StudyReport report) throws IOException {
    return StudyReportFilesTest.write("report.html", report)
        .replaceAll("(?s)<script.*?</script>", "");
  }
}
