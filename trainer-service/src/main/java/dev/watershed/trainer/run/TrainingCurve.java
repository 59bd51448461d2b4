package dev.watershed.trainer.run;

import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import java.util.ArrayList;
import java.util.List;

/**
 * The training loss over the steps of a run: that of every {@link #stride}th step and of the last.
 * Which steps are kept depends on how many there are in all and on nothing else, so a run that is
 * resumed at an earlier step ends with the same points.
 */
final class TrainingCurve {
  static final int MAX_POINTS = 2000;

  private final List<TrainingPoint> points;

  /**
   * @param earlier what is known of the run, by step
   */
  TrainingCurve(List<TrainingPoint> earlier) {
    this.points = new ArrayList<>(earlier);
  }

  /**
   * Returns after how many steps a point is kept: the fewest that make no more than the maximum.
   */
  static long stride(long totalSteps) {
    return Math.max(1, (totalSteps + MAX_POINTS - 1) / MAX_POINTS);
  }

  /**
   * Takes in a step that was done. What was known of it and of later ones is forgotten: the run was
   * resumed before them.
   */
  void add(TrainingProgress progress) {
    long step = progress.getStep();
    while (!points.isEmpty() && points.getLast().getStep() >= step) {
      points.removeLast();
    }
    long total = progress.getTotalSteps();
    if (step % stride(total) == 0 || step == total) {
      points.add(
          TrainingPoint.newBuilder()
              .setStep(step)
              .setTrainingLossNats(progress.getTrainingLossNats())
              .setLearningRate(progress.getLearningRate())
              .build());
    }
  }

  List<TrainingPoint> points() {
    return List.copyOf(points);
  }
}
