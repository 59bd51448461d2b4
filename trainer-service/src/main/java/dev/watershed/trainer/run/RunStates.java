package dev.watershed.trainer.run;

import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;

/** The order of a run's states. */
final class RunStates {
  private RunStates() {}

  /** Whether a run has ended. */
  static boolean isEnded(TrainingRun run) {
    return rank(run.getState()) == 2;
  }

  /**
   * Whether {@code next} tells something that comes after {@code known}: a run read from the
   * database and one heard of meanwhile arrive in either order.
   */
  static boolean isNews(TrainingRun known, TrainingRun next) {
    int order = Integer.compare(rank(next.getState()), rank(known.getState()));
    if (order == 0) {
      order = Integer.compare(next.getAttemptCount(), known.getAttemptCount());
    }
    if (order == 0) {
      order = Long.compare(next.getProgress().getStep(), known.getProgress().getStep());
    }
    if (order == 0) {
      order = Integer.compare(next.getCheckpointsCount(), known.getCheckpointsCount());
    }
    return order > 0;
  }

  private static int rank(TrainingRunState state) {
    return switch (state) {
      case TRAINING_RUN_STATE_QUEUED -> 0;
      case TRAINING_RUN_STATE_RUNNING -> 1;
      case TRAINING_RUN_STATE_SUCCEEDED, TRAINING_RUN_STATE_FAILED, TRAINING_RUN_STATE_CANCELLED ->
          2;
      default -> throw new IllegalArgumentException("no state of a run: " + state);
    };
  }
}
