package dev.watershed.classifier.model;

/**
 * What one optimiser step measured, before it changed the weights.
 *
 * @param lossNats mean over the batch (over masked tokens for masked language modelling); NaN means
 *     the step was not taken
 * @param gradientNorm global L2 norm before clipping
 */
public record StepResult(double lossNats, double gradientNorm) {}
