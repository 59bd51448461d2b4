package dev.watershed.trainer.run;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.CheckpointStore.Removed;
import dev.watershed.input.CheckpointName;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.TrainingRun;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes runs and checkpoints that nothing needs. A checkpoint is taken out of the store while no
 * run is created, so that none begins with it; its bytes go after that.
 */
@Singleton
public final class Deletions {
  private static final Logger log = LoggerFactory.getLogger(Deletions.class);

  private final RunStore store;
  private final TrainingRuns runs;
  private final TrainingEngine engine;
  private final CheckpointStore checkpoints;

  public Deletions(
      RunStore store, TrainingRuns runs, TrainingEngine engine, CheckpointStore checkpoints) {
    this.store = store;
    this.runs = runs;
    this.engine = engine;
    this.checkpoints = checkpoints;
  }

  /**
   * Deletes a run that has ended, with its curve and its saved state.
   *
   * @param force whether it is cancelled and waited for, and its checkpoints go with it
   * @return the names of the checkpoints that went; empty where there is no such run
   * @throws RefusedException FAILED_PRECONDITION as {@code DeleteTrainingRun} documents
   */
  public Optional<List<String>> deleteRun(String id, boolean force)
      throws IOException, InterruptedException {
    var found = store.jobs().find(id);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    if (force && !found.get().state().ended()) {
      runs.cancel(id);
      runs.follow(id, run -> {});
    } else {
      refuseActive(RunKind.message(found.get()));
    }
    // A run that has ended makes no more of them.
    var own =
        checkpoints.list().stream()
            .filter(checkpoint -> checkpoint.trainingRun().equals(store.jobs().kind().name(id)))
            .map(CheckpointManifest::id)
            .toList();
    var names = own.stream().map(checkpoint -> new CheckpointName(checkpoint).toString()).toList();
    boolean deleted =
        takeOut(
            own,
            removal ->
                store.delete(
                    id,
                    (run, active) -> {
                      refuseActive(run);
                      if (!force) {
                        refuseWithCheckpoints(run, names);
                      }
                      refuseInUse(names, active);
                      removal.run();
                    }));
    if (!deleted) {
      return Optional.empty();
    }
    engine.forget(id);
    log.info("Run {} was deleted, with {} checkpoint(s)", id, own.size());
    return Optional.of(names);
  }

  /**
   * Deletes a checkpoint.
   *
   * @return whether there was one
   * @throws RefusedException FAILED_PRECONDITION where a run that has not ended begins with it
   */
  public boolean deleteCheckpoint(String id) {
    var names = List.of(new CheckpointName(id).toString());
    return takeOut(
        List.of(id),
        removal ->
            store.withActive(
                active -> {
                  refuseInUse(names, active);
                  return removal.run() > 0;
                }));
  }

  /** Work in whose course checkpoints are taken out. */
  @FunctionalInterface
  private interface Transaction {
    boolean with(Removal removal);
  }

  /** Takes checkpoints out of the store; returns how many were there. */
  @FunctionalInterface
  private interface Removal {
    int run();
  }

  /** Their files go once the transaction has ended, for that takes a while. */
  private boolean takeOut(List<String> ids, Transaction transaction) {
    var removed = new ArrayList<Removed>();
    try {
      return transaction.with(
          () -> {
            for (var id : ids) {
              try {
                checkpoints.remove(id).ifPresent(removed::add);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }
            return removed.size();
          });
    } finally {
      for (var files : removed) {
        try {
          files.close();
        } catch (IOException e) {
          log.warn("Files of a deleted checkpoint stay until the next start", e);
        }
      }
    }
  }

  private static void refuseActive(TrainingRun run) {
    if (!run.hasEndTime()) {
      throw RefusedException.failedPrecondition(
          "TRAINING_RUN_ACTIVE",
          run.getName(),
          run.getName()
              + " waits or is trained; cancel it first, or delete it with force, which does.");
    }
  }

  private static void refuseWithCheckpoints(TrainingRun run, List<String> checkpoints) {
    if (!checkpoints.isEmpty()) {
      throw InUse.refused(
          "TRAINING_RUN_HAS_CHECKPOINTS",
          "checkpoints",
          checkpoints,
          "was made by " + run.getName(),
          String.format(
              Locale.ROOT,
              "%s has %d checkpoint(s): %s. Delete them first, or the run with force, which does.",
              run.getName(),
              checkpoints.size(),
              InUse.named(checkpoints)));
    }
  }

  private static void refuseInUse(List<String> checkpoints, List<TrainingRun> active) {
    for (var checkpoint : checkpoints) {
      var users =
          active.stream()
              .filter(run -> run.getSpec().getInitialCheckpoint().equals(checkpoint))
              .map(TrainingRun::getName)
              .toList();
      if (!users.isEmpty()) {
        throw InUse.refused(
            "CHECKPOINT_IN_USE",
            "used_by",
            users,
            "begins with " + checkpoint,
            String.format(
                Locale.ROOT,
                "%d run(s) that wait or are trained begin with %s: %s. Cancel them first.",
                users.size(),
                checkpoint,
                InUse.named(users)));
      }
    }
  }
}
