package dev.watershed.classifier.checkpoint;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import dev.watershed.classifier.NativeLibraries;
import dev.watershed.classifier.NativeLibraryException;

/** DJL's engine over the libtorch that we ship, whatever the environment says. */
public final class TorchEngine {
  private TorchEngine() {}

  /**
   * The engine; loads libtorch the first time.
   *
   * @throws NativeLibraryException where its files cannot be unpacked or loaded
   */
  public static Engine get() {
    NativeLibraries libraries = NativeLibraries.use();
    try {
      return Engine.getEngine("PyTorch");
    } catch (EngineException | LinkageError e) {
      throw libraries.cannotBeLoaded(e);
    }
  }

  /** The version of libtorch, such as 2.7.1. */
  public static String version() {
    String ours = NativeLibraries.use().torchVersion();
    return ours.isEmpty() ? get().getVersion() : ours;
  }
}
