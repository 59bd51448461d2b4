package dev.watershed.classifier.checkpoint;

import ai.djl.ndarray.NDArray;

/** One model's weights: contiguous fp32 native memory, to be closed. */
public final class ParameterVector implements AutoCloseable {
  private ParameterVector() {}

  /** Zeros. */
  public static ParameterVector allocate(ParameterLayout layout) {
    throw new UnsupportedOperationException();
  }

  /** Matrices and embeddings normal(0, std), biases zero, LayerNorm one and zero. */
  public static ParameterVector random(ParameterLayout layout, double std, long seed) {
    throw new UnsupportedOperationException();
  }

  /**
   * Keeps what both layouts share by name and draws the rest: matrices normal(0, .02), biases zero.
   */
  public static ParameterVector withHead(
      ParameterVector encoder, ParameterLayout target, long headSeed) {
    throw new UnsupportedOperationException();
  }

  public ParameterLayout layout() {
    throw new UnsupportedOperationException();
  }

  /** The tensor {@code (size)} itself, not a copy. */
  public NDArray array() {
    throw new UnsupportedOperationException();
  }

  /** Bytes of native memory held. */
  public long nativeBytes() {
    throw new UnsupportedOperationException();
  }

  /** A copy of one parameter, row-major. */
  public float[] copyOf(String parameter) {
    throw new UnsupportedOperationException();
  }

  /** L2 norm of the difference, summed in double. */
  public double euclideanDistance(ParameterVector other) {
    throw new UnsupportedOperationException();
  }

  /** Content digest: architecture, then name, shape and little-endian fp32 bytes of each tensor. */
  public Digest digest() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
