package dev.watershed.bench;

/**
 * Memory at a moment at which nothing is being computed, after a collection.
 *
 * @param evaluations points computed before it
 * @param steps optimiser steps taken before it
 * @param residentBytes of the process
 * @param heapBytes of Java objects in use
 * @param nativeArrays arrays, programs and their managers that DJL holds
 * @param heldBytes weights, samples and scratch that the evaluator holds
 */
public record MemoryPoint(
    long evaluations,
    long steps,
    long residentBytes,
    long heapBytes,
    long nativeArrays,
    long heldBytes) {}
