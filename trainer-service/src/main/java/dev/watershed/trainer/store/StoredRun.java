package dev.watershed.trainer.store;

import dev.watershed.trainer.v1.TrainingRun;

/**
 * A run as the database holds it.
 *
 * @param cancelRequested whether somebody asked it to stop; its worker reads this
 * @param attemptsSinceSave how many times a worker took it since one last saved anything of it
 */
public record StoredRun(TrainingRun run, boolean cancelRequested, int attemptsSinceSave) {

  /** Returns this with another run. */
  public StoredRun with(TrainingRun changed) {
    return new StoredRun(changed, cancelRequested, attemptsSinceSave);
  }
}
