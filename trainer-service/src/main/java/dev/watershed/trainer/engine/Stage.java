package dev.watershed.trainer.engine;

import dev.watershed.classifier.model.AdamWSettings;
import dev.watershed.classifier.model.StageSettings;
import dev.watershed.classifier.model.TrainedPart;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.TrainingStage;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a run: what its steps train, and at which rates. Which stage a step belongs to, and how
 * far it is in it, follows from the step's number, so a resumed run needs to know nothing else.
 *
 * @param end steps of the run when the stage is done
 */
record Stage(TrainingStage kind, long end, StageSettings settings, LearningRateSchedule schedule) {

  /**
   * Returns the stages of a recipe whose defaults are filled in, in order; the last may be alone.
   */
  static List<Stage> of(Recipe recipe) {
    var stages = new ArrayList<Stage>();
    long begin = 0;
    if (recipe.getLinearProbe().getSteps() > 0) {
      begin = recipe.getLinearProbe().getSteps();
      stages.add(
          new Stage(
              TrainingStage.TRAINING_STAGE_LINEAR_PROBE,
              begin,
              settings(recipe, 0, TrainedPart.HEAD),
              LearningRateSchedule.ofLinearProbe(recipe)));
    }
    stages.add(
        new Stage(
            TrainingStage.TRAINING_STAGE_ALL_PARAMETERS,
            begin + recipe.getSteps(),
            settings(recipe, begin, TrainedPart.ALL),
            LearningRateSchedule.of(recipe)));
    return stages;
  }

  /** Returns the stage of the step that follows {@code done} steps. */
  static Stage after(long done, List<Stage> stages) {
    return stages.stream().filter(stage -> done < stage.end).findFirst().orElse(stages.getLast());
  }

  /** Returns the rate of the update that follows {@code done} steps of the run. */
  double rate(long done) {
    return schedule.rate(done - settings.begin());
  }

  private static StageSettings settings(Recipe recipe, long begin, TrainedPart trained) {
    var adamw = recipe.getAdamw();
    return new StageSettings(
        begin,
        trained,
        new AdamWSettings(
            adamw.getBeta1(),
            adamw.getBeta2(),
            adamw.getEpsilon(),
            adamw.getWeightDecay(),
            adamw.getBiasCorrection(),
            adamw.getDecayAllParameters()),
        recipe.getClipNorm(),
        Math.max(1, recipe.getAccumulationSteps()));
  }
}
