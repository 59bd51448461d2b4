package dev.watershed.classifier.model;

/**
 * What one optimiser step measured.
 *
 * @param lossNats mean over the batch (over predicted tokens for masked language modelling), before
 *     the weights were changed
 * @param gradientNorm global L2 norm before clipping, of the gradient of what is trained
 * @param overflowed whether the step made a weight or a moment infinite or NaN; they are lost
 */
public record StepResult(double lossNats, double gradientNorm, boolean overflowed) {
  /** Whether the weights were changed: not where the loss or its gradient is NaN or infinite. */
  public boolean taken() {
    return Double.isFinite(lossNats) && Double.isFinite(gradientNorm);
  }
}
