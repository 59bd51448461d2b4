package dev.watershed.analysis.curve;

/**
 * A curve's barrier height (Entezari et al., 2021): the largest rise above the chord between its
 * ends.
 *
 * @param nats the height, zero or more
 * @param alpha where it is highest; the lowest such alpha, 0 where there is no rise
 */
public record Barrier(double nats, double alpha) {}
