package dev.watershed.trainer.run;

import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobAttempt;
import dev.watershed.jobs.JobLoop;
import dev.watershed.jobs.JobState;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.RunContent;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.TrainingRun;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains the runs that a worker takes. */
public final class RunLoop implements JobLoop<RunContent> {
  private static final Logger log = LoggerFactory.getLogger(RunLoop.class);

  private final RunStore store;
  private final TrainingEngine engine;
  private final Duration keepStates;
  private final Clock clock;
  private final LongAdder steps = new LongAdder();

  /**
   * @param keepStates how long the state of a cancelled run is kept for when it is asked for again
   */
  public RunLoop(RunStore store, TrainingEngine engine, Duration keepStates, Clock clock) {
    this.store = store;
    this.engine = engine;
    this.keepStates = keepStates;
    this.clock = clock;
  }

  /** Optimizer steps that were done here, over all runs. */
  long stepCount() {
    return steps.sum();
  }

  /** Deletes the saved states that no run will go on from. */
  public void forgetEnded() {
    for (var id : engine.saved()) {
      var run = store.jobs().find(id);
      // Of a run that is not there: whoever deleted it was killed before its state went.
      if (run.isPresent() ? isForgotten(run.get()) : TrainingRuns.isId(id)) {
        forgetUnlessActive(id);
      }
    }
  }

  /** A run that was cancelled may be asked for again at this moment. */
  private void forgetUnlessActive(String id) {
    boolean forgotten =
        store.withActive(
            active -> {
              boolean ended = active.stream().noneMatch(run -> RunKind.id(run).equals(id));
              if (ended) {
                engine.forget(id);
              }
              return ended;
            });
    if (forgotten) {
      log.info("The saved state of run {} was deleted", id);
    }
  }

  private boolean isForgotten(Job<RunContent> run) {
    var end = run.endTime();
    return run.state().ended()
        && (run.state() != JobState.CANCELLED
            || end == null
            || end.plus(keepStates).isBefore(clock.instant()));
  }

  @Override
  public UnaryOperator<RunContent> beginning() {
    var provenance = engine.provenance();
    return content -> {
      var run = content.run();
      var precision = TrainingEngine.precision(run.getSpec());
      return content.with(
          run.toBuilder().setProvenance(provenance.toBuilder().setPrecision(precision)).build());
    };
  }

  @Override
  public boolean work(JobAttempt<RunContent> attempt) throws IOException {
    var id = attempt.job().id();
    var run = attempt.job().content().run();
    var progress = run.getProgress();
    if (attempt.job().attempt() == 1) {
      log.info("Run {} started: {} steps", id, progress.getTotalSteps());
    } else {
      log.info(
          "Run {} resumed, attempt {}; it had reached step {}",
          id,
          attempt.job().attempt(),
          progress.getStep());
    }
    refuseOutdated(run);
    refuseChangedRows(run);
    var observer = new RunAttempt(attempt, store.curve(id), steps::increment);
    boolean done = engine.train(id, run.getSpec(), run.getSeeds(), observer);
    log.info("Run {} is at step {}", id, observer.run().getProgress().getStep());
    return done;
  }

  /** The state of a cancelled run is kept: asked for again, it goes on from there. */
  @Override
  public void ended(Job<RunContent> run) {
    if (run.state() != JobState.CANCELLED) {
      engine.forget(run.id());
    }
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
}
