package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Field;
import java.util.Map;

/** Counts what DJL holds: arrays are never collected, so whatever is left is lost. */
final class NativeMemory {
  private NativeMemory() {}

  static void assertNothingKept(Runnable work) {
    work.run(); // first use may build caches
    int before = held();
    for (int i = 0; i < 20; i++) {
      work.run();
    }
    assertThat(held()).isEqualTo(before);
  }

  /** Managers and arrays, wherever they hang below the system's own manager. */
  private static int held() {
    try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager()) {
      return count(manager.getParentManager());
    }
  }

  private static int count(NDManager manager) {
    int count = 0;
    for (AutoCloseable resource : resources(manager).values()) {
      count += resource instanceof NDManager child ? 1 + count(child) : 1;
    }
    return count;
  }

  @SuppressWarnings("unchecked") // DJL keeps what a manager holds to itself.
  private static Map<String, AutoCloseable> resources(NDManager manager) {
    try {
      Field field = BaseNDManager.class.getDeclaredField("resources");
      field.setAccessible(true);
      return (Map<String, AutoCloseable>) field.get(manager);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("DJL no longer keeps its resources in a field of that name", e);
    }
  }
}
