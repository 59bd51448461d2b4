package dev.watershed.standalone.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.cli.MiniatureReport;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MarginTest {
  private static List<String> failing(StudyReport report) {
    return Margin.of(report).stream().filter(margin -> !margin.holds()).map(Margin::name).toList();
  }

  @Test
  void of_twoClearBasins_allHold() {
    assertThat(failing(MiniatureReport.twoBasins(0.2, 0.7).build())).isEmpty();
  }

  @Test
  void of_twoClearBasins_hasTheMedianRatio() {
    var ratio = Margin.of(MiniatureReport.twoBasins(0.2, 0.7).build()).get(2);
    assertThat(ratio.value()).isCloseTo(3.5, within(0.1));
  }

  @Test
  void of_gapsThatIgnoreTheBasins_failsRatioAndCorrelation() {
    assertThat(failing(MiniatureReport.twoBasins(0.4, 0.4).build()))
        .containsExactly(
            "Spearman(|diagnostic difference|, CG)",
            "median CG of pairs with diagnostics > .5 apart / of pairs with < .2");
  }

  @Test
  void of_allModelsAlike_ratioIsUndefinedAndFails() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getModelsBuilderList().forEach(model -> model.setDiagnosticScores(0, 0.02));
    var ratio = Margin.of(report.build()).get(2);
    assertThat(ratio.value()).isNaN();
    assertThat(ratio.holds()).isFalse();
  }

  @Test
  void of_weakStrategyCorrelation_failsThatOne() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getGroupsBuilder(0).getFitBuilder().setSpearmanRho(0.49);
    assertThat(failing(report.build())).containsExactly("Spearman(strategy distance, CG)");
  }

  @Test
  void of_sixteenModels_asksForMore() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getGroupsBuilder(0).getFitBuilder().setSpearmanRho(0.55);
    assertThat(failing(report.build())).isEmpty();
    while (report.getModelsCount() < 16) {
      report.addModels(report.getModels(0));
    }
    assertThat(failing(report.build())).containsExactly("Spearman(strategy distance, CG)");
  }

  @Test
  void of_weakCentroidCorrelation_failsThatOne() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getDiagnosticsBuilder(0).getFitBuilder().setPearsonR(0.69);
    assertThat(failing(report.build())).containsExactly("|r|(centroid distance, diagnostic)");
  }

  @Test
  void of_flatSilhouette_failsThatOne() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getClusteringBuilder().setSilhouette(0.1);
    assertThat(failing(report.build())).containsExactly("silhouette of two clusters");
  }

  @Test
  void of_oneBadlyTrainedModel_failsTheAccuracy() {
    var report = MiniatureReport.twoBasins(0.2, 0.7);
    report.getModelsBuilder(3).getInDomainBuilder().setAccuracy(0.87);
    assertThat(failing(report.build())).containsExactly("lowest validation accuracy");
  }

  @Test
  void of_reportWithoutDiagnostics_failsAndDoesNotThrow() {
    var report = MiniatureReport.twoBasins(0.2, 0.7).clearDiagnostics().clearGroups().build();
    assertThat(failing(report))
        .containsExactly("Spearman(strategy distance, CG)", "|r|(centroid distance, diagnostic)");
  }
}
