package dev.watershed.bench;

import dev.watershed.classifier.model.MatrixProductRate;

/**
 * The best rate of matrix products found on this machine.
 *
 * @param gigaflops 10^9 floating-point operations a second
 * @param kernel that reached it
 * @param shape rows, inner size and columns of the product
 */
public record ProductRate(double gigaflops, String kernel, String shape) {
  static ProductRate of(MatrixProductRate rate) {
    return new ProductRate(
        rate.operationsPerSecond() / 1e9,
        rate.kernel(),
        rate.rows() + " x " + rate.inner() + " x " + rate.columns());
  }

  /** The better of two. */
  ProductRate or(ProductRate other) {
    return other.gigaflops > gigaflops ? other : this;
  }
}
