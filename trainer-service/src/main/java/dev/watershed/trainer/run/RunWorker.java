package dev.watershed.trainer.run;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.ExecutionOperations;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.shaded.jdbc.SQLRuntimeException;
import com.google.protobuf.util.Timestamps;
import com.google.rpc.Code;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import dev.watershed.server.SteadyTime;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.Crashes;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.store.StoreException;
import dev.watershed.trainer.store.StoredRun;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes one run after the other from the queue and has it trained. A run keeps its place in the
 * queue, marked as taken, until it has ended; when its worker's heartbeat stops, another worker
 * takes it over.
 */
public final class RunWorker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunWorker.class);
  private static final int MISSED_HEARTBEATS = 4;

  /** How long the state of a cancelled run is kept for when it is asked for again. */
  private static final Duration KEEP_CANCELLED = Duration.ofDays(7);

  private final RunStore store;
  private final RunFeed feed;
  private final TrainingEngine engine;
  private final TrainerConfiguration configuration;
  private final Errors errors;
  private final Clock clock;
  private final Scheduler scheduler;

  /** What this process goes by in what it holds. */
  private final String process = UUID.randomUUID().toString();

  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean stopping;
  private volatile @Nullable RunAttempt current;

  public RunWorker(
      DataSource dataSource,
      RunStore store,
      RunFeed feed,
      TrainingEngine engine,
      TrainerConfiguration configuration,
      Errors errors,
      Clock clock) {
    this.store = store;
    this.feed = feed;
    this.engine = engine;
    this.configuration = configuration;
    this.errors = errors;
    this.clock = clock;
    var task =
        Tasks.custom(RunStore.QUEUE_TASK, Void.class)
            .onDeadExecution(RunWorker::leaveInQueue)
            .onFailure(this::leaveInQueueSoon)
            .execute((place, context) -> take(place.getId()));
    this.scheduler =
        Scheduler.create(dataSource, task)
            .tableName(RunStore.QUEUE_TABLE)
            .threads(1)
            .pollingInterval(configuration.poll())
            .heartbeatInterval(configuration.heartbeat())
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(configuration.drain())
            .clock(new SteadyTime(clock)::now)
            .build();
  }

  /** Begins to take runs. */
  public void start() {
    if (configuration.soleWorker()) {
      int released = store.releaseClaims();
      if (released > 0) {
        log.info("Released {} run(s) that a dead worker had taken", released);
      }
    }
    forgetEnded();
    store.orderQueue();
    scheduler.start();
  }

  /** Deletes the saved states that no run will go on from. */
  private void forgetEnded() {
    long now = clock.millis();
    for (var id : engine.saved()) {
      var run = store.find(id).map(StoredRun::run);
      if (run.isEmpty() && TrainingRuns.isId(id)) {
        // Whoever deleted it was killed before its state went.
        engine.forget(id);
      } else if (run.isPresent() && RunStates.isEnded(run.get())) {
        boolean cancelled = run.get().getState() == TrainingRunState.TRAINING_RUN_STATE_CANCELLED;
        long age = now - Timestamps.toMillis(run.get().getEndTime());
        if (!cancelled || age > KEEP_CANCELLED.toMillis()) {
          engine.forget(id);
        }
      }
    }
  }

  /** Looks into the queue now rather than at the next poll. */
  void wake() {
    scheduler.triggerCheckForDueExecutions();
  }

  /** Asks for the run to be stopped after its step if this worker has it. */
  void cancel(String name) {
    var attempt = current;
    if (attempt != null && attempt.name().equals(name)) {
      attempt.cancel();
    }
  }

  /**
   * Finishes the step in progress, saves the run's state, leaves the run to be taken over, and
   * returns. Returns at once the second time.
   */
  @Override
  public void close() {
    stopping = true;
    stopped.countDown();
    scheduler.stop();
  }

  private CompletionHandler<Void> take(String id) {
    if (stopping) {
      return RunWorker::leaveInQueue;
    }
    var claimed = claim(id);
    if (claimed == null) {
      return new CompletionHandler.OnCompleteRemove<>();
    }
    var attempt = new RunAttempt(store, feed, clock, () -> stopping, claimed);
    current = attempt;
    try {
      return train(attempt, id);
    } catch (RunAttempt.TakenOverException e) {
      log.warn("Run {} was taken over by another worker while this one was silent", id);
      store.update(id, stored -> stored.with(stored.crashes().withdrawn(process)));
      return (complete, operations) -> {};
    } finally {
      current = null;
    }
  }

  private CompletionHandler<Void> train(RunAttempt attempt, String id) {
    boolean finished;
    try {
      var run = attempt.run();
      refuseOutdated(run);
      refuseChangedRows(run);
      finished =
          engine.train(id, run.getSpec(), run.getProgress().getValidationScoresList(), attempt);
    } catch (StoreException | RunAttempt.TakenOverException e) {
      throw e;
    } catch (RuntimeException | IOException | Error e) {
      if (DiskSpace.isFull(e)) {
        log.warn("Run {} waits, because the disk is full: {}", id, e.getMessage());
        attempt.leave();
        return this::leaveInQueueSoon;
      }
      var status = errors.toStatus(e);
      attempt.end(TrainingRunState.TRAINING_RUN_STATE_FAILED, status);
      log.warn("Run {} failed at step {}: {}", id, step(attempt), status.getMessage());
      engine.forget(id);
      return new CompletionHandler.OnCompleteRemove<>();
    }
    if (!finished && !attempt.isCancelled()) {
      attempt.leave();
      log.info("Run {} stopped at step {}; it goes on at the next start", id, step(attempt));
      return RunWorker::leaveInQueue;
    }
    if (!finished) {
      log.info("Run {} was cancelled at step {}", id, step(attempt));
      // Its state is kept: asked for again, it goes on from there.
      return attempt.endCancelled()
          ? new CompletionHandler.OnCompleteRemove<>()
          : RunWorker::leaveInQueue;
    }
    attempt.end(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED, null);
    log.info(
        "Run {} succeeded at step {} after {} s",
        id,
        step(attempt),
        Timestamps.between(attempt.run().getStartTime(), attempt.run().getEndTime()).getSeconds());
    engine.forget(id);
    return new CompletionHandler.OnCompleteRemove<>();
  }

  /**
   * A recipe that was resolved before zero could be said has nothing where it had zero or false,
   * and would be trained as something else without a word.
   */
  private static void refuseOutdated(TrainingRun run) {
    if (!run.getSpec().getRecipe().getAdamw().hasBiasCorrection()) {
      throw RefusedException.failedPrecondition(
          "SPEC_OUTDATED",
          run.getName(),
          "The run was queued by an older version, whose recipes said less than this one needs to"
              + " train it as it was meant. Queue it anew.");
    }
  }

  /** A run's bits follow from its rows too, and whoever reuses it relies on them. */
  private void refuseChangedRows(TrainingRun run) {
    // Runs queued by an older version do not say.
    if (run.getSplitsCount() == 0) {
      return;
    }
    var now = engine.splits(run.getSpec());
    for (int i = 0; i < now.size(); i++) {
      var then = run.getSplits(i);
      if (!then.getDigest().equals(now.get(i).getDigest())) {
        throw RefusedException.failedPrecondition(
            "DATA_CHANGED",
            then.getFile(),
            String.format(
                Locale.ROOT,
                "The rows of %s (%s) are not those that the run was queued with: %d rows then, %d now. Queue it anew, with these rows or, once they are back, with those.",
                then.getName(),
                then.getFile(),
                then.getRowCount(),
                now.get(i).getRowCount()));
      }
    }
  }

  private static long step(RunAttempt attempt) {
    return attempt.run().getProgress().getStep();
  }

  /** Returns the run as it is now that this worker has it; null where there is nothing to do. */
  private @Nullable TrainingRun claim(String id) {
    var provenance = engine.provenance();
    var claimed =
        store.update(
            id,
            before -> {
              var run = before.run();
              if (RunStates.isEnded(run)) {
                return before;
              }
              if (before.cancelRequested()) {
                return before.with(ended(run, TrainingRunState.TRAINING_RUN_STATE_CANCELLED));
              }
              var crashes = before.crashes().takenBy(process, run.getProgress().getStep());
              if (crashes.count() >= configuration.maxCrashes()) {
                return before.with(heldBack(run, crashes)).with(crashes.left());
              }
              var taken =
                  run.toBuilder()
                      .setState(TrainingRunState.TRAINING_RUN_STATE_RUNNING)
                      .setAttemptCount(run.getAttemptCount() + 1)
                      .setProvenance(
                          provenance.toBuilder()
                              .setPrecision(TrainingEngine.precision(run.getSpec())));
              if (!run.hasStartTime()) {
                taken.setStartTime(Timestamps.fromMillis(clock.millis()));
              }
              return new StoredRun(taken.build(), false, crashes);
            });
    if (claimed.isEmpty()) {
      return null;
    }
    var run = claimed.get().run();
    if (RunStates.isEnded(run)) {
      feed.publish(run);
      if (run.hasError()) {
        log.warn("Run {} is not tried again: {}", id, run.getError().getMessage());
      }
      if (run.getState() != TrainingRunState.TRAINING_RUN_STATE_CANCELLED) {
        engine.forget(id);
      }
      return null;
    }
    if (run.getAttemptCount() == 1) {
      log.info("Run {} started: {} steps", id, run.getProgress().getTotalSteps());
    } else {
      log.info(
          "Run {} resumed, attempt {}; it had reached step {}",
          id,
          run.getAttemptCount(),
          run.getProgress().getStep());
    }
    return run;
  }

  private TrainingRun ended(TrainingRun run, TrainingRunState state) {
    return run.toBuilder()
        .setState(state)
        .setEndTime(Timestamps.fromMillis(clock.millis()))
        .build();
  }

  private TrainingRun heldBack(TrainingRun run, Crashes crashes) {
    var refusal =
        RefusedException.refused(
            Code.ABORTED,
            "CRASHED_REPEATEDLY",
            String.format(
                Locale.ROOT,
                "The server's process ended %d times in a row while it trained this run, the last"
                    + " time at step %d, and nothing of it was saved in between; it is not tried"
                    + " again by itself. It may need more memory than there is, or have been killed"
                    + " from outside. Ask for the same run again to try once more.",
                crashes.count(),
                run.getProgress().getStep()),
            Map.of("crashes", Integer.toString(crashes.count())));
    return ended(run, TrainingRunState.TRAINING_RUN_STATE_FAILED).toBuilder()
        .setError(refusal.toStatus())
        .build();
  }

  /** The database or the disk had no room; whatever is next in the queue would fail likewise. */
  private void leaveInQueueSoon(ExecutionComplete complete, ExecutionOperations<Void> operations) {
    complete
        .getCause()
        .ifPresent(cause -> log.warn("A run could not be worked on: {}", cause.toString()));
    while (true) {
      try {
        boolean unused = stopped.await(configuration.heartbeat().toMillis(), TimeUnit.MILLISECONDS);
        leaveInQueue(complete, operations);
        return;
      } catch (SQLRuntimeException e) {
        // The database is still away. At the next start the run is found where it is.
        if (stopping) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static void leaveInQueue(
      ExecutionComplete complete, ExecutionOperations<Void> operations) {
    operations.reschedule(complete, complete.getExecution().getExecutionTime());
  }
}
