package dev.watershed.classifier.model;

import static java.util.Objects.requireNonNull;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import dev.watershed.classifier.NativeLibraryException;
import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.TorchEngine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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

  /** What libtorch reads once, when it is loaded, to allow TF32 in matrix products. */
  private static final String TF32_VARIABLE = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE";

  private static @Nullable TorchSettings settings;

  private Torch() {}

  /**
   * Starts libtorch. Later calls must say the same; where none is made, the first program starts it
   * on the CPU with one thread.
   *
   * @throws DeviceUnavailableException where the device is not there
   * @throws NativeLibraryException where its files cannot be unpacked or loaded
   * @throws IllegalStateException where libtorch runs otherwise already
   */
  public static synchronized void initialize(TorchSettings wanted) {
    if (wanted.equals(settings)) {
      return;
    }
    if (settings != null) {
      throw new IllegalStateException(
          "libtorch runs with %s and cannot change to %s; set one per process"
              .formatted(settings, wanted));
    }
    TorchEngine.get(); // loads the native libraries
    if (!wanted.isCpu()) {
      requireGpu(wanted);
    }
    JniUtils.setNumThreads(wanted.threads());
    JniUtils.setNumInteropThreads(1);
    settings = wanted;
    LOG.info(
        "{} on {}, {} threads, {}",
        engineVersion(),
        wanted.device(),
        wanted.threads(),
        kernels(ComputePrecision.FP32));
  }

  /** Starts libtorch on the CPU with this many threads within an operation. */
  public static void initialize(int threads) {
    initialize(TorchSettings.cpu(threads));
  }

  /** What libtorch runs with. */
  public static synchronized TorchSettings settings() {
    if (settings == null) {
      initialize(1);
    }
    return requireNonNull(settings);
  }

  private static void requireGpu(TorchSettings wanted) {
    if (!JniUtils.getFeatures().contains("CUDA")) {
      throw new DeviceUnavailableException(
          "device is %s, but libtorch in %s sees no GPU: it is built for CPUs alone, or there is no driver; docs/gpu.md says how to get one for CUDA, device cpu needs none"
              .formatted(wanted.device(), LibUtils.getLibtorchPath()));
    }
    try (NDManager manager = newManager(Device.gpu(wanted.gpu()))) {
      manager.zeros(new Shape(1), DataType.FLOAT32);
    } catch (EngineException e) {
      String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new DeviceUnavailableException(
          "device is %s, which cannot be used: %s".formatted(wanted.device(), first));
    }
    if (wanted.tf32() && !"1".equals(System.getenv(TF32_VARIABLE))) {
      throw new DeviceUnavailableException(
          "TF32 is asked for, which libtorch takes from its environment alone: start with %s=1"
              .formatted(TF32_VARIABLE));
    }
  }

  /** A manager of arrays on the device; the caller closes it. */
  static NDManager newManager() {
    TorchSettings now = settings();
    return newManager(now.isCpu() ? Device.cpu() : Device.gpu(now.gpu()));
  }

  /** A manager of arrays in the host's memory, where there is a GPU too; the caller closes it. */
  static NDManager newHostManager() {
    return newManager(Device.cpu());
  }

  private static NDManager newManager(Device device) {
    return TorchEngine.get().newBaseManager(device);
  }

  /** Weights in the device's memory: the same vector on the CPU; else a copy, and it is closed. */
  public static ParameterVector place(ParameterVector weights) {
    TorchSettings now = settings();
    return now.isCpu() ? weights : weights.moveTo(Device.gpu(now.gpu()));
  }

  /** Zeros in the device's memory. */
  public static ParameterVector newVector(ParameterLayout layout) {
    return place(ParameterVector.allocate(layout));
  }

  /**
   * Bytes of the device's memory, of the host's or container's on the CPU, where they are known.
   */
  public static OptionalLong memoryBytes() {
    TorchSettings now = settings();
    if (now.isCpu()) {
      return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean host
          ? OptionalLong.of(host.getTotalMemorySize())
          : OptionalLong.empty();
    }
    try {
      return OptionalLong.of(CudaUtils.getGpuMemory(Device.gpu(now.gpu())).getMax());
    } catch (RuntimeException e) {
      LOG.info("the memory of {} is not known: {}", now.device(), e.toString());
      return OptionalLong.empty();
    }
  }

  /** Whether a failure of libtorch says that the device's memory is exhausted. */
  public static boolean isOutOfMemory(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof EngineException
          && (message.contains("out of memory") || message.contains("can't allocate memory"))) {
        return true;
      }
    }
    return false;
  }

  /** Engine and version, such as {@code PyTorch 2.7.1}. */
  public static String engineVersion() {
    return "PyTorch " + TorchEngine.version();
  }

  /** Threads within an operation. */
  public static int threads() {
    return settings().threads();
  }

  /**
   * Names the kernels that inference uses, for programs: the same name always means the same code
   * of ours. {@link #kernels} says it to people.
   */
  public static String kernelId(ComputePrecision precision) {
    TorchSettings now = settings();
    if (!now.isCpu()) {
      return now.tf32() ? "torch-linear-tf32" : "torch-linear";
    }
    return hasOneDnn(precision) ? "onednn-linear-" + ONEDNN_MIN_WIDTH : "torch-linear";
  }

  /** Which kernels inference uses for linear layers, in words. */
  public static String kernels(ComputePrecision precision) {
    TorchSettings now = settings();
    if (!now.isCpu()) {
      return now.tf32() ? "torch.linear with TF32" : "torch.linear";
    }
    return hasOneDnn(precision)
        ? "oneDNN linear from width " + ONEDNN_MIN_WIDTH + ", else torch.linear"
        : "torch.linear";
  }

  private static boolean hasOneDnn(ComputePrecision precision) {
    return precision == ComputePrecision.BF16 ? OneDnn.BF16_AVAILABLE : OneDnn.AVAILABLE;
  }

  /**
   * Whether this CPU multiplies bfloat16 in hardware (AVX512_BF16, AMX or Arm's BF16). Where it
   * does not, or where that cannot be known, libtorch computes the same, slower than in fp32. GPUs
   * count as fast.
   */
  public static boolean hasFastBf16() {
    return !settings().isCpu() || FastBf16.AVAILABLE;
  }

  private static final class FastBf16 {
    static final boolean AVAILABLE = read();

    private static boolean read() {
      try {
        return listsBf16(Files.readAllLines(Path.of("/proc/cpuinfo")));
      } catch (IOException e) {
        LOG.info("/proc/cpuinfo cannot be read, so bfloat16 counts as slow: {}", e.toString());
        return false;
      }
    }
  }

  /**
   * @param cpuInfo lines as of Linux's {@code /proc/cpuinfo}
   */
  static boolean listsBf16(List<String> cpuInfo) {
    return cpuInfo.stream()
        .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
        .flatMap(line -> Arrays.stream(line.split("[\\s:]+")))
        .anyMatch(Set.of("avx512_bf16", "amx_bf16", "bf16")::contains);
  }

  /** How inference of this encoder computes. */
  static ProgramSource.Kernels inferenceKernels(EncoderConfig config, ComputePrecision precision) {
    if (!settings().isCpu()) {
      return ProgramSource.Kernels.inferenceOnGpu(precision);
    }
    boolean fused = config.hiddenSize() >= ONEDNN_MIN_WIDTH && hasOneDnn(precision);
    return new ProgramSource.Kernels(
        fused ? ProgramSource.Linear.ONEDNN_FUSED : ProgramSource.Linear.PLAIN,
        ProgramSource.Gradients.FUSED,
        precision);
  }

  /**
   * How training of this encoder computes: by operations that have gradients, each the same bits
   * every time. In bfloat16 {@code torch.linear} is oneDNN's already.
   */
  static ProgramSource.Kernels trainingKernels(EncoderConfig config, ComputePrecision precision) {
    if (!settings().isCpu()) {
      return ProgramSource.Kernels.trainingOnGpu(precision);
    }
    boolean onednn =
        config.hiddenSize() >= ONEDNN_MIN_WIDTH
            && precision == ComputePrecision.FP32
            && OneDnn.DIFFERENTIABLE;
    return new ProgramSource.Kernels(
        onednn ? ProgramSource.Linear.ONEDNN_DIFFERENTIABLE : ProgramSource.Linear.PLAIN,
        ProgramSource.Gradients.FUSED,
        precision);
  }

  /** Whether oneDNN's fused linear can be called. */
  static boolean hasOneDnnLinear() {
    return settings().isCpu() && OneDnn.AVAILABLE;
  }

  /** Which of oneDNN's kernels this libtorch has, that compute what its own do. */
  private static final class OneDnn {
    static final boolean AVAILABLE = probeFused("6", 1e-5f);

    /** Without the instructions for it oneDNN refuses bfloat16, or is slower than libtorch. */
    static final boolean BF16_AVAILABLE = FastBf16.AVAILABLE && probeFused("15", .1f);

    /** Whether the one that has gradients is there, and they are those of torch.linear. */
    static final boolean DIFFERENTIABLE =
        probe(
            """
            x1 = torch.requires_grad_(torch.detach(x), True)
            y = torch.gelu(torch.to_dense(torch.mkldnn_linear(torch.to_mkldnn(x1), w, b)))
            z = torch.gelu(torch.linear(x1, w, b))
            g = torch.grad([torch.sum(torch.sub(y, z))], [x1], None, None, False, False)
            return torch.add(torch.max(torch.abs(torch.sub(y, z))), torch.max(torch.abs(unchecked_cast(Tensor, g[0]))))
            """,
            2e-5f);

    private static boolean probeFused(String type, float tolerance) {
      return probe(
          """
          y = ops.mkldnn._linear_pointwise(torch.to(x, TYPE), torch.to(w, TYPE), torch.to(b, TYPE), "gelu", annotate(List[Optional[number]], []), "none")
          z = torch.gelu(torch.linear(x, w, b))
          return torch.max(torch.abs(torch.sub(torch.to(y, 6), z)))
          """
              .replace("TYPE", type),
          tolerance);
    }

    /**
     * @param body returns how far the function is from libtorch's own
     */
    private static boolean probe(String body, float tolerance) {
      String source =
          """
          class Probe(Module):
            __parameters__ = []
            __buffers__ = []
            training : bool
            def deviation(self: __torch__.Probe, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
          """
              + body.indent(4);
      try (TorchScript script = TorchScript.compile("Probe", source);
          NDManager scope = newHostManager()) {
        NDArray x = scope.arange(0f, 6f, .1f).reshape(4, 15).div(6);
        NDArray w = scope.arange(0f, 9f, .1f).reshape(6, 15).div(9).sub(.5f);
        NDArray b = scope.zeros(new Shape(6), DataType.FLOAT32);
        NDArray deviation = script.runWithGradients("deviation", x, w, b).singletonOrThrow();
        return deviation.toFloatArray()[0] < tolerance;
      } catch (RuntimeException e) {
        LOG.info("a kernel of oneDNN's is not available: {}", e.toString());
        return false;
      }
    }
  }
}
