package dev.watershed.bench;

import java.util.List;

/**
 * What {@code bench soak} measured. These names are those of its JSON.
 *
 * @param evaluations points computed, each once
 * @param steps optimiser steps taken
 * @param seconds it took
 * @param threads within an operation of libtorch
 * @param seed of models, alphas and runs
 * @param flat whether no kind of memory grew by more than its allowance
 * @param growth of each kind, in the later two thirds
 * @param points in order of time
 */
public record SoakResult(
    long evaluations,
    long steps,
    double seconds,
    int threads,
    long seed,
    boolean flat,
    List<MemoryGrowth> growth,
    List<MemoryPoint> points) {}
