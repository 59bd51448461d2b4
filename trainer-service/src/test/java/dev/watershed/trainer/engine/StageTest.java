package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.model.TrainedPart;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.TrainingStage;
import org.junit.jupiter.api.Test;

final class StageTest {
  private static Recipe.Builder recipe() {
    return Recipe.newBuilder()
        .setAdamw(AdamW.newBuilder().setBeta1(.9).setBeta2(.999).setEpsilon(1e-8))
        .setLearningRate(2e-5)
        .setEndLearningRate(1e-5)
        .setPolynomialPower(2)
        .setSchedule(Schedule.SCHEDULE_POLYNOMIAL)
        .setWarmupSteps(100)
        .setSteps(1000)
        .setClipNorm(1);
  }

  @Test
  void of_withoutProbe_isOneStage() {
    var stages = Stage.of(recipe().build());

    assertThat(stages).hasSize(1);
    assertThat(stages.get(0).kind()).isEqualTo(TrainingStage.TRAINING_STAGE_ALL_PARAMETERS);
    assertThat(stages.get(0).end()).isEqualTo(1000);
    assertThat(stages.get(0).settings().trained()).isEqualTo(TrainedPart.ALL);
    assertThat(stages.get(0).settings().parts()).as("0 means 1").isEqualTo(1);
  }

  @Test
  void of_withProbe_beginsWithTheHead() {
    var recipe = recipe().setAccumulationSteps(4);
    recipe.setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-3).setSteps(50));
    var stages = Stage.of(recipe.build());

    assertThat(stages).hasSize(2);
    var probe = stages.get(0);
    var main = stages.get(1);
    assertThat(probe.kind()).isEqualTo(TrainingStage.TRAINING_STAGE_LINEAR_PROBE);
    assertThat(probe.settings().trained()).isEqualTo(TrainedPart.HEAD);
    assertThat(probe.settings().begin()).isZero();
    assertThat(probe.end()).isEqualTo(50);
    assertThat(main.settings().begin()).isEqualTo(50);
    assertThat(main.end()).isEqualTo(1050);
    assertThat(stages).allMatch(stage -> stage.settings().parts() == 4);
    assertThat(Stage.after(0, stages)).isEqualTo(probe);
    assertThat(Stage.after(49, stages)).isEqualTo(probe);
    assertThat(Stage.after(50, stages)).isEqualTo(main);
    assertThat(Stage.after(1050, stages)).isEqualTo(main);
  }

  /** The probe is a twentieth as long: its rate is the recipe's at the same share of the way. */
  @Test
  void rate_ofTheProbe_hasTheRecipesShape() {
    var recipe = recipe();
    recipe.setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-3).setSteps(50));
    var stages = Stage.of(recipe.build());

    for (int done = 0; done < 50; done++) {
      double main = stages.get(1).rate(50 + 20L * done);
      assertThat(stages.get(0).rate(done)).isCloseTo(main / 2e-5 * 1e-3, within(1e-15));
    }
    assertThat(stages.get(0).rate(5)).as("warm-up of a tenth").isEqualTo(1e-3);
    assertThat(stages.get(1).rate(50)).isZero();
  }
}
