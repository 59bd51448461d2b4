package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.watershed.classifier.checkpoint.ParameterLayout;

/**
 * Room for a copy of one vector in bfloat16, to be closed. Made and written by {@link
 * ClassifierProgram}, whose passes read it.
 */
public final class Bf16Vector implements AutoCloseable {
  private static final int BYTES = 2;

  private final ParameterLayout layout;
  private final NDManager manager;
  private final NDArray array;

  Bf16Vector(ParameterLayout layout, NDManager manager, NDArray array) {
    this.layout = layout;
    this.manager = manager;
    this.array = array;
  }

  /** Bytes of native memory that a copy of such a vector takes. */
  public static long nativeBytes(ParameterLayout layout) {
    return BYTES * layout.size();
  }

  ParameterLayout layout() {
    return layout;
  }

  NDArray array() {
    return array;
  }

  @Override
  public void close() {
    manager.close();
  }
}
