package dev.watershed.classifier.model;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** libtorch in this process. */
public final class Torch {
  private static final Logger LOG = LoggerFactory.getLogger(Torch.class);

  /**
   * Measured on one thread of an AVX-512 core: oneDNN is 5 to 20 % faster from here on; below, the
   * two are level and the plain one is the same function that training uses.
   */
  private static final int ONEDNN_MIN_WIDTH = 128;

  private static int threads;

  private Torch() {}

  /**
   * Starts libtorch with this many threads within an operation; results are the same bits only for
   * the same number. Later calls must name the same number; where none is made, the first program
   * starts it with one thread.
   */
  public static synchronized void initialize(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("need at least one thread, got " + threads);
    }
    if (Torch.threads == threads) {
      return;
    }
    if (Torch.threads != 0) {
      throw new IllegalStateException(
          "libtorch runs with %d threads and cannot change to %d; set one number per process"
              .formatted(Torch.threads, threads));
    }
    Engine.getEngine("PyTorch"); // loads the native libraries
    JniUtils.setNumThreads(threads);
    JniUtils.setNumInteropThreads(1);
    Torch.threads = threads;
    LOG.info("{}, {} threads, {}", engineVersion(), threads, kernels());
  }

  /** Engine and version, such as {@code PyTorch 2.7.1}. */
  public static String engineVersion() {
    Engine engine = Engine.getEngine("PyTorch");
    return engine.getEngineName() + " " + engine.getVersion();
  }

  /** Threads within an operation. */
  public static synchronized int threads() {
    if (threads == 0) {
      initialize(1);
    }
    return threads;
  }

  /** Which kernels inference uses for linear layers. */
  public static String kernels() {
    return OneDnn.AVAILABLE
        ? "oneDNN linear from width " + ONEDNN_MIN_WIDTH + ", else torch.linear"
        : "torch.linear";
  }

  /** How inference of this encoder multiplies. */
  static ProgramSource.Linear inferenceLinear(EncoderConfig config) {
    return OneDnn.AVAILABLE && config.hiddenSize() >= ONEDNN_MIN_WIDTH
        ? ProgramSource.Linear.ONEDNN
        : ProgramSource.Linear.PLAIN;
  }

  /** Whether this libtorch has oneDNN's fused linear and it computes what torch.linear does. */
  private static final class OneDnn {
    static final boolean AVAILABLE = probe();

    private static boolean probe() {
      String source =
          """
          class Probe(Module):
            __parameters__ = []
            __buffers__ = []
            training : bool
            def deviation(self: __torch__.Probe, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
              y = ops.mkldnn._linear_pointwise(x, w, b, "gelu", annotate(List[Optional[number]], []), "none")
              z = torch.gelu(torch.linear(x, w, b))
              return torch.max(torch.abs(torch.sub(y, z)))
          """;
      try (TorchScript script = TorchScript.compile("Probe", source);
          NDManager scope = Engine.getEngine("PyTorch").newBaseManager()) {
        NDArray x = scope.arange(0f, 6f, .1f).reshape(4, 15).div(6);
        NDArray w = scope.arange(0f, 9f, .1f).reshape(6, 15).div(9).sub(.5f);
        NDArray b = scope.zeros(new Shape(6), DataType.FLOAT32);
        NDArray deviation =
            script.run(
                scope,
                "deviation",
                TorchScript.tensor(x),
                TorchScript.tensor(w),
                TorchScript.tensor(b));
        return deviation.toFloatArray()[0] < 1e-5f;
      } catch (RuntimeException e) {
        LOG.info("oneDNN's linear is not available: {}", e.toString());
        return false;
      }
    }
  }
}
