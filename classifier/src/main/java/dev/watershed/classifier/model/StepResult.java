package dev.watershed.classifier.model;

/**
 * What one optimiser step measured, before it changed the weights.
 *
 * @param lossNats mean over the batch (over predicted tokens for masked language modelling)
 * @param gradientNorm global L2 norm before clipping
 */
public record StepResult(double lossNats, double gradientNorm) {
  /** Whether the weights were changed: not where the loss or its gradient is NaN or infinite. */
  public boolean taken() {
    return Double.isFinite(lossNats) && Double.isFinite(gradientNorm);
  }
}
