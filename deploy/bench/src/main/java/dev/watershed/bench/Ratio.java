package dev.watershed.bench;

import org.jspecify.annotations.Nullable;

/**
 * How often our time goes into another one; the median of several runs.
 *
 * @param byWallTime what a user waits; fair where both had the same share of the processors
 * @param byProcessorTime what the processors worked; fair where other processes were in the way.
 *     Null where that was too short to be told
 */
public record Ratio(double byWallTime, @Nullable Double byProcessorTime) {}
