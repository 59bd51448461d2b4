package dev.watershed.analysis.curve;

/**
 * A curve's improved convexity gap (Thaman, CS224N) as the nested-grid value: the largest convexity
 * gap of the sub-segments between two points of the m-grid, each sampled at m intervals of its own.
 * In the continuum it equals the convexity gap; on grids, {@code CG(m) <= ICG(m) <= CG(m^2)}.
 *
 * @param nats the gap, zero or more
 * @param intervals m, at least 2
 */
public record ImprovedConvexityGap(double nats, int intervals) {}
