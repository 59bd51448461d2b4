package dev.watershed.trainer.run;

import dev.watershed.jobs.WorkerSettings;
import dev.watershed.server.ConfigurationException;
import dev.watershed.trainer.engine.TrainingLimits;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How this process trains.
 *
 * @param takeRuns which runs of the queue this process trains: {@code all}, one after the other;
 *     {@code one}, after which it ends; or {@code none}, where it only answers calls
 * @param idle how long a process that trains one run waits for one before it ends
 * @param work where the states of unfinished runs are kept; shared by workers that shall take over
 *     each other's runs where they stood
 * @param heartbeat how often a worker shows that it is alive; one that misses four of them is dead
 * @param poll how often an idle worker looks for runs that another process queued
 * @param maxQueuedRuns more are refused
 * @param soleWorker whether no other process ever works on this database, so that what is claimed
 *     at start was claimed by a dead worker; always so with an embedded database
 * @param maxCrashes a run is held, as failed, once this many processes in a row ended while they
 *     had it and nothing of it was saved in between
 * @param drain how long a stop waits for the step in progress
 * @param maxParameters see {@link TrainingLimits#maxParameters}
 * @param maxBatchTokens see {@link TrainingLimits#maxBatchTokens}
 * @param maxCheckpoints see {@link TrainingLimits#maxCheckpoints}
 * @param keepStates how long the state of a cancelled run is kept for when it is asked for again
 * @param adopt whether the database of runs and the store of checkpoints shall belong together from
 *     now on, though one of them belonged to another; said once, after a move
 */
@ConfigurationProperties("watershed.trainer")
public record TrainerConfiguration(
    @Bindable(defaultValue = "all") TakeRuns takeRuns,
    @Bindable(defaultValue = "30s") Duration idle,
    @Bindable(defaultValue = "data/training") Path work,
    @Bindable(defaultValue = "5s") Duration heartbeat,
    @Bindable(defaultValue = "2s") Duration poll,
    @Bindable(defaultValue = "1000") int maxQueuedRuns,
    @Bindable(defaultValue = "false") boolean soleWorker,
    @Bindable(defaultValue = "2") int maxCrashes,
    @Bindable(defaultValue = "5m") Duration drain,
    @Bindable(defaultValue = "500000000") long maxParameters,
    @Bindable(defaultValue = "131072") long maxBatchTokens,
    @Bindable(defaultValue = "1000") int maxCheckpoints,
    @Bindable(defaultValue = "7d") Duration keepStates,
    @Bindable(defaultValue = "false") boolean adopt) {
  private static final String PREFIX = "watershed.trainer.";

  /** Which runs of the queue a process trains. */
  public enum TakeRuns {
    /** All, one after the other. */
    ALL,
    /** One; then the process ends. */
    ONE,
    /** None: it only answers calls. */
    NONE
  }

  public TrainerConfiguration {
    ConfigurationException.requirePositive(PREFIX + "idle", idle);
    ConfigurationException.requirePositive(PREFIX + "heartbeat", heartbeat);
    ConfigurationException.requirePositive(PREFIX + "poll", poll);
    ConfigurationException.requireBetween(PREFIX + "max-queued-runs", maxQueuedRuns, 1, 1_000_000);
    ConfigurationException.requireBetween(PREFIX + "max-crashes", maxCrashes, 1, 1000);
    ConfigurationException.requirePositive(PREFIX + "drain", drain);
    ConfigurationException.requireAtLeast(PREFIX + "max-parameters", maxParameters, 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-batch-tokens", maxBatchTokens, 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-checkpoints", maxCheckpoints, 1);
    ConfigurationException.requirePositive(PREFIX + "keep-states", keepStates);
  }

  /** How runs are worked on: one at a time. */
  public WorkerSettings worker() {
    return new WorkerSettings(
        takeRuns == TakeRuns.NONE ? 0 : 1,
        poll,
        heartbeat,
        soleWorker,
        takeRuns == TakeRuns.ONE,
        maxCrashes,
        drain);
  }

  TrainingLimits limits() {
    return new TrainingLimits(maxParameters, maxBatchTokens, maxCheckpoints);
  }
}
