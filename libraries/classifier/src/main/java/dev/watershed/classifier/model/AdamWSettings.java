package dev.watershed.classifier.model;

/**
 * AdamW (Loshchilov and Hutter 2019).
 *
 * @param weightDecay decoupled; applied to matrices and embeddings
 * @param biasCorrection off for the BERT release's own optimiser
 * @param decayAll decay LayerNorm and biases too
 */
public record AdamWSettings(
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    boolean biasCorrection,
    boolean decayAll) {
  public AdamWSettings {
    if (!(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1)) {
      throw new IllegalArgumentException(
          "betas must be at least 0 and below 1, got %s and %s".formatted(beta1, beta2));
    }
    if (!(epsilon > 0) || !(weightDecay >= 0)) {
      throw new IllegalArgumentException(
          "epsilon must be positive and weight decay not negative, got %s and %s"
              .formatted(epsilon, weightDecay));
    }
  }
}
