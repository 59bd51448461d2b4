package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterVector;

/**
 * Forward, backward and AdamW over one flat vector. One live instance per process at a time: the
 * random generator of dropout is process-wide.
 */
public final class TrainingProgram implements AutoCloseable {
  private TrainingProgram() {}

  /**
   * @param architecture with a head to train
   * @throws IllegalStateException where another instance is live
   */
  public static TrainingProgram compile(
      Architecture architecture,
      double hiddenDropout,
      double attentionDropout,
      double classifierDropout) {
    throw new UnsupportedOperationException();
  }

  /**
   * Takes one step. Where the loss is not finite the state is left as it was.
   *
   * @param clipNorm largest global L2 norm of the gradient; 0 for none
   * @param dropoutSeed all randomness of the step
   */
  public StepResult step(
      TrainingState state,
      TrainingBatch batch,
      AdamWSettings adamw,
      double learningRate,
      double clipNorm,
      long dropoutSeed) {
    throw new UnsupportedOperationException();
  }

  /** Mean loss in nats without dropout and without gradient. */
  public double loss(ParameterVector weights, TrainingBatch batch) {
    throw new UnsupportedOperationException();
  }

  /** Gradient of {@link #loss} in the layout of the weights. */
  public float[] gradient(ParameterVector weights, TrainingBatch batch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
