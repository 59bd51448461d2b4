package dev.watershed.trainer.store;

import dev.watershed.trainer.v1.TrainingRun;

/**
 * A run as the database holds it.
 *
 * @param cancelRequested whether somebody asked it to stop; its worker reads this
 * @param crashes the processes that ended while they had it
 */
public record StoredRun(TrainingRun run, boolean cancelRequested, Crashes crashes) {

  /** Returns this with another run. */
  public StoredRun with(TrainingRun changed) {
    return new StoredRun(changed, cancelRequested, crashes);
  }

  /** Returns this with other crashes. */
  public StoredRun with(Crashes changed) {
    return new StoredRun(run, cancelRequested, changed);
  }
}
