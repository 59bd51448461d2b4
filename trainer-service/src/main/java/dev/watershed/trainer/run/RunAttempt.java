package dev.watershed.trainer.run;

import com.google.protobuf.util.Timestamps;
import com.google.rpc.Status;
import dev.watershed.trainer.engine.RunObserver;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.store.StoreException;
import dev.watershed.trainer.store.StoredRun;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.time.Clock;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the record of a run while one worker has it: tells followers of every step, writes what
 * must not be lost, and hears of cancellation.
 *
 * <p>The attempt's number is its fence: once another worker has taken the run over, nothing that
 * this one still writes is kept.
 */
final class RunAttempt implements RunObserver {
  private static final Logger log = LoggerFactory.getLogger(RunAttempt.class);
  private static final Duration DATABASE_RETRY = Duration.ofSeconds(1);
  private static final long WRITE_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  /** The run belongs to another worker now. */
  static final class TakenOverException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final RunStore store;
  private final RunFeed feed;
  private final Clock clock;
  private final BooleanSupplier stopping;
  private final String id;
  private final String name;
  private final LossCurve curve;
  private TrainingRun run;
  private volatile boolean cancelled;
  private long writtenNanos = System.nanoTime();

  /**
   * @param run as this worker took it
   * @param stopping whether the process is going down
   */
  RunAttempt(RunStore store, RunFeed feed, Clock clock, BooleanSupplier stopping, TrainingRun run) {
    this.store = store;
    this.feed = feed;
    this.clock = clock;
    this.stopping = stopping;
    this.id = RunStore.id(run);
    this.name = run.getName();
    this.curve = new LossCurve(store.curve(id));
    this.run = run;
    feed.publish(run);
  }

  /** The run's resource name; may be asked from any thread. */
  String name() {
    return name;
  }

  TrainingRun run() {
    return run;
  }

  /** Asks it to stop after the step in progress, as a cancelled run. */
  void cancel() {
    cancelled = true;
  }

  @Override
  public void progressed(TrainingProgress progress) {
    run = run.toBuilder().setProgress(progress).build();
    curve.add(progress);
    long now = System.nanoTime();
    if (now - writtenNanos >= WRITE_INTERVAL_NANOS) {
      try {
        write(UnaryOperator.identity());
      } catch (StoreException e) {
        // Progress alone may be lost. What is kept later waits for the database.
        writtenNanos = now;
      }
    }
    feed.publish(run);
  }

  @Override
  public void checkpointed(String checkpoint, TrainingProgress progress) {
    var changed = run.toBuilder().setProgress(progress);
    if (!run.getCheckpointsList().contains(checkpoint)) {
      changed.addCheckpoints(checkpoint);
    }
    run = changed.build();
    keep(UnaryOperator.identity());
    feed.publish(run);
  }

  @Override
  public void saving() {
    keep(UnaryOperator.identity());
  }

  @Override
  public void saved() {
    keep(stored -> stored.with(stored.crashes().saved()));
  }

  @Override
  public Signal signal() {
    return cancelled || stopping.getAsBoolean() ? Signal.SAVE_AND_STOP : Signal.GO_ON;
  }

  /** Leaves the run to be taken over. */
  void leave() {
    keep(stored -> stored.with(stored.crashes().left()));
  }

  /** Whether the run was stopped because somebody cancelled it. */
  boolean isCancelled() {
    return cancelled;
  }

  /**
   * Ends the run as cancelled, unless it was asked for again meanwhile.
   *
   * @return whether it has ended
   */
  boolean endCancelled() {
    var going = run;
    var ended = ended(TrainingRunState.TRAINING_RUN_STATE_CANCELLED, null);
    run = keep(stored -> stored.cancelRequested() ? stored.with(ended) : stored.with(going)).run();
    feed.publish(run);
    return RunStates.isEnded(run);
  }

  /** Ends the run. */
  void end(TrainingRunState state, @Nullable Status error) {
    run = ended(state, error);
    keep(UnaryOperator.identity());
    feed.publish(run);
  }

  private TrainingRun ended(TrainingRunState state, @Nullable Status error) {
    var ended = run.toBuilder().setState(state).setEndTime(Timestamps.fromMillis(clock.millis()));
    ended.getProgressBuilder().setRemainingSeconds(0);
    if (error != null) {
      ended.setError(error);
    }
    return ended.build();
  }

  /** Writes what must not be lost, waiting for the database as long as it is away. */
  private StoredRun keep(UnaryOperator<StoredRun> also) {
    boolean away = false;
    while (true) {
      try {
        var written = write(also);
        if (away) {
          log.info("Run {}: the database is back; it goes on", id);
        }
        return written;
      } catch (StoreException e) {
        if (!away) {
          log.warn("Run {} waits for the database: {}", id, e.getMessage());
          away = true;
        }
        if (stopping.getAsBoolean() || !pause()) {
          throw e;
        }
      }
    }
  }

  private static boolean pause() {
    try {
      Thread.sleep(DATABASE_RETRY);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private StoredRun write(UnaryOperator<StoredRun> also) {
    var written =
        store
            .update(
                id,
                before -> {
                  if (before.run().getAttemptCount() != run.getAttemptCount()
                      || RunStates.isEnded(before.run())) {
                    throw new TakenOverException();
                  }
                  return also.apply(before.with(run));
                },
                curve.points())
            .orElseThrow(TakenOverException::new);
    cancelled |= written.cancelRequested();
    writtenNanos = System.nanoTime();
    return written;
  }
}
