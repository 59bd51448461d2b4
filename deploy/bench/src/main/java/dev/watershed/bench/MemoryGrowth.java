package dev.watershed.bench;

/**
 * How one kind of memory changed once everything had settled.
 *
 * @param what the field of {@link MemoryPoint}
 * @param firstHalf median
 * @param secondHalf median
 * @param slopePerThousandEvaluations by least squares over both
 * @param allowance by which the second half may exceed the first
 * @param flat whether it does not
 */
public record MemoryGrowth(
    String what,
    double firstHalf,
    double secondHalf,
    double slopePerThousandEvaluations,
    double allowance,
    boolean flat) {}
