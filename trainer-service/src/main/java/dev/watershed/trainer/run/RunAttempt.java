package dev.watershed.trainer.run;

import dev.watershed.jobs.JobAttempt;
import dev.watershed.jobs.StoreException;
import dev.watershed.trainer.engine.RunObserver;
import dev.watershed.trainer.store.RunContent;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import java.time.Duration;
import java.util.List;

/** Keeps the record of a run while it is trained. */
final class RunAttempt implements RunObserver {
  private static final long WRITE_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  private final JobAttempt<RunContent> attempt;
  private final TrainingCurve curve;
  private final Runnable step;
  private long writtenNanos = System.nanoTime();

  /**
   * @param written the curve so far
   * @param step called after each step
   */
  RunAttempt(JobAttempt<RunContent> attempt, List<TrainingPoint> written, Runnable step) {
    this.attempt = attempt;
    this.curve = new TrainingCurve(written);
    this.step = step;
    attempt.alsoWrite(RunStore::writeCurve);
  }

  TrainingRun run() {
    return RunKind.message(attempt.job());
  }

  @Override
  public void progressed(TrainingProgress progress) {
    step.run();
    curve.add(progress);
    tell(stored().setProgress(progress));
    if (System.nanoTime() - writtenNanos >= WRITE_INTERVAL_NANOS) {
      try {
        attempt.write();
      } catch (StoreException e) {
        // Progress alone may be lost. What is kept later waits for the database.
      }
      writtenNanos = System.nanoTime();
    }
  }

  @Override
  public void checkpointed(RunCheckpoint checkpoint, TrainingProgress progress) {
    var changed = stored().setProgress(progress);
    var known = changed.getCheckpointsList().stream().map(RunCheckpoint::getCheckpoint).toList();
    int again = known.indexOf(checkpoint.getCheckpoint());
    if (again < 0) {
      changed.addCheckpoints(checkpoint);
    } else {
      changed.setCheckpoints(again, checkpoint);
    }
    tell(changed);
    attempt.keep();
  }

  @Override
  public void saving() {
    attempt.keep();
  }

  @Override
  public void saved() {
    attempt.keepSaved();
  }

  @Override
  public Signal signal() {
    return attempt.isToStop() ? Signal.SAVE_AND_STOP : Signal.GO_ON;
  }

  private TrainingRun.Builder stored() {
    return attempt.job().content().run().toBuilder();
  }

  private void tell(TrainingRun.Builder changed) {
    attempt.tell(attempt.job().content().with(changed.build(), curve.points()));
  }
}
