package dev.watershed.trainer.engine;

import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingProgress;

/** Follows a run from the thread that computes it, and says when it shall stop. */
public interface RunObserver {
  /** What a run does after a step. */
  enum Signal {
    GO_ON,
    /** Save the state, so that the run can go on later or elsewhere, and stop. */
    SAVE_AND_STOP
  }

  /** A step was done. */
  void progressed(TrainingProgress progress);

  /**
   * A checkpoint was written and, where there is a validation split, scored; after a run went on
   * from a saved state, perhaps again.
   */
  void checkpointed(RunCheckpoint checkpoint, TrainingProgress progress);

  /**
   * The state is about to be saved: what was told so far must be kept, because a run that goes on
   * from there will not tell it again.
   */
  void saving();

  /** The state was saved: a killed run goes on from here. */
  void saved();

  /** Asked after each step. */
  Signal signal();
}
