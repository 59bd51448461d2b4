package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import build.buf.protovalidate.ValidatorFactory;
import dev.watershed.trainer.v1.NamedRecipe;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every number of the published recipes, as their sources have them; "-" is what one does not say.
 */
final class RecipeCatalogueTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # name     |beta1|beta2|epsilon|decay|bias corrected|decays  |rate  |schedule          |warm-up|length      |batch|tokens|clip|dropout|probe        |checkpoints            |seeds|fixed|order      |remainder|head
          paper-mnli |0.9  |0.999|1.0E-6 |0.01 |no            |matrices|2.0E-5|GOOGLE_LINEAR     |0.1    |3 epochs    |32   |128   |1.0 |-      |-            |-                      |BOTH |-    |buffer 100 |dropped  |TRUNCATED_NORMAL
          paper-qqp  |0.9  |0.999|1.0E-6 |0.01 |no            |matrices|2.0E-5|GOOGLE_LINEAR     |0.1    |3 epochs    |32   |128   |1.0 |-      |-            |15000 20000 25000 30000|BOTH |-    |buffer 100 |dropped  |TRUNCATED_NORMAL
          paper-cola |0.9  |0.999|1.0E-6 |0.0  |yes           |matrices|2.0E-5|LINEAR            |0      |6 epochs    |32   |-     |-   |-      |-            |every 100              |DATA |0    |permutation|dropped  |LECUN_NORMAL
          report-qqp |0.9  |0.98 |1.0E-6 |0.1  |yes           |all     |1.0E-5|FAIRSEQ_POLYNOMIAL|7432   |160000 steps|32   |-     |-   |0.1    |-            |every 20000            |BOTH |-    |permutation|kept     |UNSPECIFIED
          report-mnli|0.9  |0.98 |1.0E-6 |0.1  |yes           |all     |1.0E-5|FAIRSEQ_POLYNOMIAL|7432   |160000 steps|32   |-     |-   |0.1    |-            |every 20000            |BOTH |-    |permutation|kept     |UNSPECIFIED
          lp-ft      |0.9  |0.999|1.0E-6 |0.01 |no            |matrices|2.0E-5|GOOGLE_LINEAR     |0.1    |3 epochs    |32   |128   |1.0 |-      |0.001 1 epoch|-                      |BOTH |-    |buffer 100 |dropped  |TRUNCATED_NORMAL
          mlm        |0.9  |0.999|1.0E-6 |0.01 |no            |matrices|1.0E-4|GOOGLE_LINEAR     |0.01   |100000 steps|256  |128   |1.0 |0.1    |-            |-                      |BOTH |-    |permutation|dropped  |TRUNCATED_NORMAL
          """)
  void published_everyRecipe_isAsItsSourceSays(
      String name,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      String biasCorrected,
      String decays,
      double learningRate,
      String schedule,
      String warmup,
      String length,
      int batchSize,
      String maxTokens,
      String clipNorm,
      String dropout,
      String probe,
      String checkpoints,
      String seeds,
      String fixedSeed,
      String order,
      String remainder,
      String head) {
    var named = RecipeCatalogue.PUBLISHED.get(name);
    var recipe = named.getRecipe();
    var adamw = recipe.getAdamw();

    assertThat(adamw.getBeta1()).isEqualTo(beta1);
    assertThat(adamw.getBeta2()).isEqualTo(beta2);
    assertThat(adamw.getEpsilon()).isEqualTo(epsilon);
    assertThat(adamw.getWeightDecay()).isEqualTo(weightDecay);
    assertThat(adamw.hasBiasCorrection() && !adamw.getBiasCorrection() ? "no" : "yes")
        .isEqualTo(biasCorrected);
    assertThat(adamw.getDecayAllParameters() ? "all" : "matrices").isEqualTo(decays);
    assertThat(recipe.getLearningRate()).isEqualTo(learningRate);
    assertThat(recipe.getSchedule().name()).isEqualTo("SCHEDULE_" + schedule);
    assertThat(recipe.getEndLearningRate()).isZero();
    assertThat(recipe.getPolynomialPower()).isEqualTo(schedule.endsWith("POLYNOMIAL") ? 1 : 0);
    assertThat(
            recipe.hasWarmupFraction()
                ? String.valueOf(recipe.getWarmupFraction())
                : recipe.hasWarmupSteps() ? String.valueOf(recipe.getWarmupSteps()) : "-")
        .isEqualTo(warmup);
    assertThat(recipe.hasSteps() ? recipe.getSteps() + " steps" : recipe.getEpochs() + " epochs")
        .isEqualTo(length);
    assertThat(recipe.getBatchSize()).isEqualTo(batchSize);
    assertThat(recipe.getMaxTokens() == 0 ? "-" : String.valueOf(recipe.getMaxTokens()))
        .isEqualTo(maxTokens);
    assertThat(recipe.getClipNorm() == 0 ? "-" : String.valueOf(recipe.getClipNorm()))
        .isEqualTo(clipNorm);
    assertThat(recipe.hasDropout() ? String.valueOf(recipe.getDropout()) : "-").isEqualTo(dropout);
    assertThat(
            recipe.hasLinearProbe()
                ? recipe.getLinearProbe().getLearningRate()
                    + " "
                    + recipe.getLinearProbe().getEpochs()
                    + " epoch"
                : "-")
        .isEqualTo(probe);
    assertThat(checkpoints(named)).isEqualTo(checkpoints);
    assertThat(named.getSeedVariation().name()).isEqualTo("SEED_VARIATION_" + seeds);
    assertThat(seeds.equals("BOTH") ? "-" : String.valueOf(named.getFixedSeed()))
        .isEqualTo(fixedSeed);
    assertThat(
            recipe.getShuffleBuffer() > 0 ? "buffer " + recipe.getShuffleBuffer() : "permutation")
        .isEqualTo(order);
    assertThat(recipe.getDropRemainder() ? "dropped" : "kept").isEqualTo(remainder);
    assertThat(recipe.getHeadInitialization().name()).isEqualTo("HEAD_INITIALIZATION_" + head);
  }

  private static String checkpoints(NamedRecipe named) {
    var policy = named.getCheckpoints();
    if (policy.getEverySteps() > 0) {
      return "every " + policy.getEverySteps();
    }
    var steps = new StringJoiner(" ").setEmptyValue("-");
    policy.getAtStepsList().forEach(step -> steps.add(String.valueOf(step)));
    return steps.toString();
  }

  @Test
  void published_all_areTheDocumentedOnesByName() {
    assertThat(RecipeCatalogue.PUBLISHED.all())
        .extracting(NamedRecipe::getName)
        .containsExactly(
            "lp-ft", "mlm", "paper-cola", "paper-mnli", "paper-qqp", "report-mnli", "report-qqp");
  }

  @Test
  void published_all_keepTheRulesOfTheContract() throws Exception {
    var validator = ValidatorFactory.newBuilder().build();
    for (var named : RecipeCatalogue.PUBLISHED.all()) {
      assertThat(validator.validate(named).isSuccess()).as(named.getName()).isTrue();
      assertThat(named.getDescription()).doesNotContain("\n").isNotBlank();
      assertThat(named.getSource()).isNotBlank();
    }
  }
}
