package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The forward pass of one classifier architecture over a flat vector; inference only. Methods may
 * be called from any thread.
 */
public final class ClassifierProgram implements AutoCloseable {
  private ClassifierProgram() {}

  /**
   * @param architecture with a classification head
   */
  public static ClassifierProgram compile(Architecture architecture) {
    throw new UnsupportedOperationException();
  }

  public Architecture architecture() {
    throw new UnsupportedOperationException();
  }

  /**
   * Sorts examples by length into batches of at most {@code paddedTokenBudget} tokens (at least one
   * example each) and copies them to native memory.
   */
  public PreparedSample prepare(List<EncodedExample> examples, int paddedTokenBudget) {
    throw new UnsupportedOperationException();
  }

  /**
   * Logits {@code (example, label)}, row-major in the order the sample was given.
   *
   * @param cancelled polled between batches
   * @throws java.util.concurrent.CancellationException when {@code cancelled} says so
   */
  public float[] logits(ParameterVector weights, PreparedSample sample, BooleanSupplier cancelled) {
    throw new UnsupportedOperationException();
  }

  /**
   * {@code out = alpha a + (1 - alpha) b}; alpha 1 gives exactly a, alpha 0 exactly b. {@code out}
   * may not be a or b.
   */
  public void interpolate(ParameterVector a, ParameterVector b, double alpha, ParameterVector out) {
    throw new UnsupportedOperationException();
  }

  /** {@code out = sum of coefficients[i] vectors[i]}, in the order given. */
  public void combine(List<ParameterVector> vectors, double[] coefficients, ParameterVector out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
