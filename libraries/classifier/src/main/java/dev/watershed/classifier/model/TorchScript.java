package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** TorchScript text compiled by libtorch; a module without state. */
final class TorchScript implements AutoCloseable {
  private final NDManager manager;
  private final PtSymbolBlock module;

  private TorchScript(NDManager manager, PtSymbolBlock module) {
    this.manager = manager;
    this.module = module;
  }

  static TorchScript compile(String className, String source) {
    NDManager manager = Torch.newManager();
    try {
      byte[] archive = TorchScriptArchive.pack(className, source);
      PtSymbolBlock module =
          JniUtils.loadModule(
              (PtNDManager) manager, new ByteArrayInputStream(archive), true, false);
      return new TorchScript(manager, module);
    } catch (IOException e) {
      manager.close();
      throw new UncheckedIOException("packing into memory failed", e);
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Runs a method that returns a tensor, without gradients. Closes {@code inputs}.
   *
   * @param scope what the result is attached to
   */
  NDArray run(NDManager scope, String method, IValue... inputs) {
    prepareThread();
    try (IValue result = IValueUtils.runMethod(module, method, inputs)) {
      return result.toTensor((PtNDManager) scope);
    } finally {
      for (IValue input : inputs) {
        input.close();
      }
    }
  }

  /**
   * Runs a method that returns tensors, with gradients possible inside it.
   *
   * @param inputs the results are attached to the manager of the first
   */
  NDList runWithGradients(String method, NDArray... inputs) {
    prepareThread();
    try (NDArray marker = inputs[0].getManager().create(0)) {
      var list = new NDList(inputs);
      marker.setName("module_method:" + method);
      list.add(marker);
      boolean before = JniUtils.isGradMode();
      JniUtils.setGradMode(true);
      try {
        return IValueUtils.forward(module, list, true);
      } finally {
        JniUtils.setGradMode(before);
      }
    }
  }

  /**
   * Sets what libtorch keeps per thread; cheap enough for every call, and a virtual thread may have
   * moved to another carrier since the last one.
   */
  private static void prepareThread() {
    // The optimiser gains nothing here, and its specialised graphs do not survive a change between
    // inference and training.
    JniUtils.setGraphExecutorOptimize(false);
    // Asking makes a new thread take over the process's number before oneDNN sees the default.
    JniUtils.getNumThreads();
  }

  static IValue tensor(NDArray array) {
    return IValue.from((PtNDArray) array);
  }

  @Override
  public void close() {
    manager.close(); // closes the module, which it owns
  }
}
