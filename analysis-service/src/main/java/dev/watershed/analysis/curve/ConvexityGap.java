package dev.watershed.analysis.curve;

/**
 * A curve's convexity gap (Juneja et al., 2023, equation 4): the largest barrier height of any
 * sub-segment, with its proof: the loss at {@code alpha} exceeds the chord from {@code gamma} to
 * {@code beta} by {@code nats}.
 *
 * @param nats the gap, zero or more and never below the barrier height
 * @param gamma lower end of the sub-segment
 * @param alpha the point, in [gamma, beta]
 * @param beta upper end of the sub-segment
 */
public record ConvexityGap(double nats, double gamma, double alpha, double beta) {}
