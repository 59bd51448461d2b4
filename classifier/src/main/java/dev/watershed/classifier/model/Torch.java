package dev.watershed.classifier.model;

/** libtorch in this process. */
public final class Torch {
  private Torch() {}

  /**
   * Starts libtorch with this many threads within an operation; results are the same bits only for
   * the same number. Later calls must name the same number.
   */
  public static void initialize(int threads) {
    throw new UnsupportedOperationException();
  }

  /** Engine and version, such as {@code PyTorch 2.7.1}. */
  public static String engineVersion() {
    throw new UnsupportedOperationException();
  }

  public static int threads() {
    throw new UnsupportedOperationException();
  }

  /** Which kernels inference uses for linear layers. */
  public static String kernels() {
    throw new UnsupportedOperationException();
  }
}
