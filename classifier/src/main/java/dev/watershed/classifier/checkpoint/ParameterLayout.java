package dev.watershed.classifier.checkpoint;

import java.util.List;

/** Where each parameter of an architecture lies in the flat vector. */
public final class ParameterLayout {
  /**
   * One tensor.
   *
   * @param name Hugging Face's name
   * @param shape {@code (rows, columns)} or {@code (size)}
   * @param offset first element in the vector
   * @param size number of elements
   */
  public record Parameter(String name, List<Integer> shape, long offset, long size) {}

  private ParameterLayout() {}

  public static ParameterLayout of(Architecture architecture) {
    throw new UnsupportedOperationException();
  }

  public Architecture architecture() {
    throw new UnsupportedOperationException();
  }

  /** In order of offset, without gaps. */
  public List<Parameter> parameters() {
    throw new UnsupportedOperationException();
  }

  /** Number of elements of the vector. */
  public long size() {
    throw new UnsupportedOperationException();
  }
}
