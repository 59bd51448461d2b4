package dev.watershed.classifier.model;

import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Field;
import java.util.Map;

/** What DJL holds in native memory, which nothing collects: what is left over is lost. */
public final class NativeArrays {
  private NativeArrays() {}

  /** Counts arrays, programs and the managers that own them, in the whole process. */
  public static int count() {
    try (NDManager asking = Torch.newHostManager()) {
      return count(asking.getParentManager()) - 1;
    }
  }

  private static int count(NDManager manager) {
    int count = 0;
    for (AutoCloseable resource : resources(manager).values()) {
      count += resource instanceof NDManager child ? 1 + count(child) : 1;
    }
    return count;
  }

  @SuppressWarnings("unchecked") // DJL tells what a manager itself holds, not what its children do.
  private static Map<String, AutoCloseable> resources(NDManager manager) {
    try {
      Field field = BaseNDManager.class.getDeclaredField("resources");
      field.setAccessible(true);
      return (Map<String, AutoCloseable>) field.get(manager);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("DJL no longer keeps its resources in that field", e);
    }
  }
}
