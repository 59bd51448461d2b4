package dev.watershed.trainer.run;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.ExecutionOperations;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.google.protobuf.util.Timestamps;
import com.google.rpc.Code;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.store.StoreException;
import dev.watershed.trainer.store.StoredRun;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
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
            .onDeadExecutionRevive()
            .onFailure(
                // The record could not be kept: the database was away. Look again soon.
                (complete, operations) ->
                    operations.reschedule(complete, Instant.now().plus(configuration.heartbeat())))
            .execute((place, context) -> take(place.getId()));
    this.scheduler =
        Scheduler.create(dataSource, task)
            .tableName(RunStore.QUEUE_TABLE)
            .threads(1)
            .pollingInterval(configuration.poll())
            .heartbeatInterval(configuration.heartbeat())
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(configuration.drain())
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
    scheduler.start();
  }

  /** Deletes the saved states that no run will go on from. */
  private void forgetEnded() {
    long now = clock.millis();
    for (var id : engine.saved()) {
      var run = store.find(id).map(StoredRun::run);
      if (run.isPresent() && RunStates.isEnded(run.get())) {
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
      return (complete, operations) -> {};
    } finally {
      current = null;
    }
  }

  private CompletionHandler<Void> train(RunAttempt attempt, String id) {
    boolean finished;
    try {
      var run = attempt.run();
      refuseChangedRows(run);
      finished =
          engine.train(id, run.getSpec(), run.getProgress().getValidationScoresList(), attempt);
    } catch (StoreException | RunAttempt.TakenOverException e) {
      throw e;
    } catch (RuntimeException | IOException e) {
      attempt.end(TrainingRunState.TRAINING_RUN_STATE_FAILED, errors.toStatus(e));
      engine.forget(id);
      return new CompletionHandler.OnCompleteRemove<>();
    }
    if (!finished && !attempt.isCancelled()) {
      log.info("Run {} stopped at step {} to be taken over", id, step(attempt));
      return RunWorker::leaveInQueue;
    }
    if (!finished) {
      // Its state is kept: asked for again, it goes on from there.
      return attempt.endCancelled()
          ? new CompletionHandler.OnCompleteRemove<>()
          : RunWorker::leaveInQueue;
    }
    attempt.end(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED, null);
    engine.forget(id);
    return new CompletionHandler.OnCompleteRemove<>();
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
            "The rows of %s (%s) are not those that the run was queued with: %d rows then, %d now. Queue it anew, with these rows or, once they are back, with those."
                .formatted(
                    then.getName(), then.getFile(), then.getRowCount(), now.get(i).getRowCount()));
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
              if (before.attemptsSinceSave() >= configuration.maxAttempts()) {
                return before.with(givenUp(run, before.attemptsSinceSave()));
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
              return new StoredRun(taken.build(), false, before.attemptsSinceSave() + 1);
            });
    if (claimed.isEmpty()) {
      return null;
    }
    var run = claimed.get().run();
    if (RunStates.isEnded(run)) {
      feed.publish(run);
      if (run.getState() != TrainingRunState.TRAINING_RUN_STATE_CANCELLED) {
        engine.forget(id);
      }
      return null;
    }
    return run;
  }

  private TrainingRun ended(TrainingRun run, TrainingRunState state) {
    return run.toBuilder()
        .setState(state)
        .setEndTime(Timestamps.fromMillis(clock.millis()))
        .build();
  }

  private TrainingRun givenUp(TrainingRun run, int attempts) {
    var refusal =
        RefusedException.refused(
            Code.INTERNAL,
            "WORKERS_DIED",
            "%d workers took this run and died before they saved anything of it; it may need more memory than they have"
                .formatted(attempts),
            Map.of("attempts", Integer.toString(attempts)));
    return ended(run, TrainingRunState.TRAINING_RUN_STATE_FAILED).toBuilder()
        .setError(refusal.toStatus())
        .build();
  }

  private static void leaveInQueue(
      ExecutionComplete complete, ExecutionOperations<Void> operations) {
    operations.reschedule(complete, complete.getExecution().getExecutionTime());
  }
}
