package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.type.v1.Origin;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OriginDifferencesTest {
  private static final Map<String, String> SLOW = Map.of("recipe.learning_rate", "2e-5");
  private static final Map<String, String> FAST = Map.of("recipe.learning_rate", "3e-5");

  @Test
  void firstThings_seedsAlone_saysSo() {
    var report = report(Map.of("seeds.head_seed", "1"), Map.of("seeds.head_seed", "2"));
    assertThat(answer(report.build()))
        .isEqualTo(
            new FirstThings.Answer(
                "Do they differ in more than their seed?",
                "No: their training runs differ in the seed alone.",
                false));
  }

  @Test
  void firstThings_learningRates_areNamedWithTheirModelsInOrderOfSize() {
    var text = answer(report(FAST, SLOW, Map.of("recipe.learning_rate", "1e-4")).build()).text();
    assertThat(text)
        .isEqualTo(
            "Yes, in learning rate (2e-5: 1 model, 3e-5: 1 model, 1e-4: 1 model). Distances between"
                + " models that differ in it are no matter of seeds.");
  }

  @Test
  void firstThings_modelsThatNothingIsKnownOf_areCounted() {
    var known = report(Map.of("seeds.head_seed", "1"), Map.of("seeds.head_seed", "2"));
    known.addModels(ModelReport.getDefaultInstance());
    assertThat(answer(known.build()).text())
        .isEqualTo(
            "No: their training runs differ in the seed alone, as far as they are known. How 1 model"
                + " was trained is not known: what is registered or uploaded does not say.");
    var none = StudyReport.newBuilder();
    for (var label : List.of("seed 1 a", "seed 2 a", "seed 1 b")) {
      none.addModelsBuilder().setLabel(label);
    }
    assertThat(answer(none.build()).text()).startsWith("Yes, by their labels they are of 2 kinds");
  }

  @Test
  void basins_partedAsLearningRates_areSaidToGoWithThem() {
    var report = report(SLOW, SLOW, SLOW, FAST, FAST, FAST);
    split(report, 0, 0, 0, 1, 1, -1);
    assertThat(OriginDifferences.of(report).basins(report))
        .hasValueSatisfying(
            text -> assertThat(text).startsWith("The basins go with the learning rate of"));
    assertThat(answer(report.build()).text()).contains("The basins go with the learning rate");
    split(report, 0, 1, 0, 1, 0, 1);
    assertThat(OriginDifferences.of(report).basins(report)).isEmpty();
    split(report, 0, 0, 0, 1, 1, 1);
    report.getVerdictBuilder().setState(BasinState.BASIN_STATE_UNDECIDED);
    assertThat(OriginDifferences.of(report).basins(report)).isEmpty();
  }

  @Test
  void isNumeric_everyValueANumber_isTrue() {
    var differences = OriginDifferences.of(report(SLOW, FAST)).differences();
    assertThat(differences.get(0).isNumeric()).isTrue();
    assertThat(differences.get(0).words()).isEqualTo("learning rate");
    var files =
        OriginDifferences.of(
                report(
                    Map.of("classification.train.file.uri", "a"),
                    Map.of("classification.train.file.uri", "b")))
            .differences();
    assertThat(files.get(0).isNumeric()).isFalse();
    assertThat(files.get(0).words()).isEqualTo("train file uri");
  }

  private static void split(StudyReport.Builder report, int... clusters) {
    report.getVerdictBuilder().setState(BasinState.BASIN_STATE_SPLIT);
    for (int i = 0; i < clusters.length; i++) {
      report.getModelsBuilder(i).setCluster(clusters[i]);
    }
  }

  private static FirstThings.Answer answer(StudyReport report) {
    return FirstThings.of(report).get(1);
  }

  @SafeVarargs
  private static StudyReport.Builder report(Map<String, String>... origins) {
    var report = StudyReport.newBuilder();
    for (var facts : origins) {
      report.addModelsBuilder().setOrigin(Origin.newBuilder().putAllFacts(facts));
    }
    return report;
  }
}
