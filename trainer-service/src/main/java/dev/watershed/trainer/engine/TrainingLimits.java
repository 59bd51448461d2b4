package dev.watershed.trainer.engine;

/**
 * What one run may take.
 *
 * @param maxParameters of the model; training holds about 16 bytes for each
 * @param maxBatchTokens examples computed at once, of a step or of one of its accumulated parts,
 *     times their largest length
 * @param maxCheckpoints checkpoints of a run
 */
public record TrainingLimits(long maxParameters, long maxBatchTokens, int maxCheckpoints) {}
