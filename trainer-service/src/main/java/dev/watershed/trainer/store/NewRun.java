package dev.watershed.trainer.store;

import dev.watershed.trainer.v1.TrainingRun;

/**
 * A run to be queued.
 *
 * @param identity names its result: runs of the same identity differ in name alone
 */
public record NewRun(TrainingRun run, String identity) {}
