package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The best rate at which libtorch multiplies matrices here, of all its kernels: what an encoder
 * could reach that did nothing else.
 *
 * @param operationsPerSecond a multiplication and an addition are two
 * @param kernel which one: {@code torch.linear}, {@code torch.matmul} or {@code oneDNN linear}
 * @param rows of the left factor
 * @param inner columns of the left factor
 * @param columns of the result
 */
public record MatrixProductRate(
    double operationsPerSecond, String kernel, int rows, int inner, int columns) {
  /** Seconds that a measurement takes at least; short enough to fall between disturbances. */
  private static final double MEASURED_SECONDS = .02;

  private static final String CLASS = "Products";

  /** Each method repeats one product; the last result is returned, so that none is left out. */
  private static final String METHOD =
      """
      def %1$s(self: __torch__.Products, x: Tensor, w: Tensor, b: Tensor, times: int) -> Tensor:
        x1 = torch.to(x, %2$d)
        w1 = torch.to(w, %2$d)
        b1 = torch.to(b, %2$d)
        y = x1
        for _0 in range(times):
          y = %3$s
        return torch.slice(torch.reshape(y, [-1]), 0, 0, 1, 1)
      """;

  private record Kernel(String name, String method, String expression) {}

  private static final List<Kernel> PLAIN =
      List.of(
          new Kernel("torch.linear", "plain", "torch.linear(x1, w1, b1)"),
          new Kernel("torch.matmul", "product", "torch.matmul(x1, torch.t(w1))"));
  private static final Kernel ONEDNN =
      new Kernel(
          "oneDNN linear",
          "onednn",
          "ops.mkldnn._linear_pointwise(x1, w1, b1, \"none\","
              + " annotate(List[Optional[number]], []), \"none\")");

  /**
   * Measures the products of an encoder's layers over so many tokens: query, key and value, the
   * attention's output, and the two of the feed-forward network.
   *
   * @param repetitions of each product with each kernel, of which the fastest counts
   */
  public static MatrixProductRate best(
      EncoderConfig config, int tokens, ComputePrecision precision, int repetitions) {
    if (tokens < 1 || repetitions < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "need at least 1 token and 1 repetition, got %d and %d",
              tokens,
              repetitions));
    }
    int h = config.hiddenSize();
    int i = config.intermediateSize();
    int[][] shapes = {{h, 3 * h}, {h, h}, {h, i}, {i, h}};
    var kernels = new ArrayList<>(PLAIN);
    if (Torch.hasOneDnnLinear()) {
      kernels.add(ONEDNN);
    }
    MatrixProductRate best = new MatrixProductRate(0, "", 0, 0, 0);
    try (TorchScript script = TorchScript.compile(CLASS, source(kernels, precision))) {
      for (int[] shape : shapes) {
        for (Kernel kernel : kernels) {
          double rate = measure(script, kernel, tokens, shape[0], shape[1], repetitions);
          if (rate > best.operationsPerSecond) {
            best = new MatrixProductRate(rate, kernel.name, tokens, shape[0], shape[1]);
          }
        }
      }
    }
    return best;
  }

  private static String source(List<Kernel> kernels, ComputePrecision precision) {
    int type = precision == ComputePrecision.BF16 ? 15 : 6;
    var source = new StringBuilder("class " + CLASS + "(Module):\n");
    source.append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
    for (Kernel kernel : kernels) {
      source.append(
          String.format(Locale.ROOT, METHOD, kernel.method, type, kernel.expression).indent(2));
    }
    return source.toString();
  }

  private static double measure(
      TorchScript script, Kernel kernel, int rows, int inner, int columns, int repetitions) {
    double operations = 2.0 * rows * inner * columns;
    try (NDManager scope = Torch.newManager()) {
      NDArray x = scope.create(uniform((long) rows * inner), new Shape(rows, inner));
      NDArray w = scope.create(uniform((long) columns * inner), new Shape(columns, inner));
      NDArray b = scope.create(uniform(columns), new Shape(columns));
      seconds(script, kernel, x, w, b, 1); // Kernels are compiled, and memory mapped, at first use.
      double once = seconds(script, kernel, x, w, b, 1);
      int times = (int) Math.clamp(MEASURED_SECONDS / once, 1, 1_000_000);
      double fastest = Double.POSITIVE_INFINITY;
      for (int i = 0; i < repetitions; i++) {
        fastest = Math.min(fastest, seconds(script, kernel, x, w, b, times) / times);
      }
      return operations / fastest;
    }
  }

  private static double seconds(
      TorchScript script, Kernel kernel, NDArray x, NDArray w, NDArray b, int times) {
    try (NDManager scope = Torch.newManager()) {
      long start = System.nanoTime();
      script
          .run(
              scope,
              kernel.method,
              TorchScript.tensor(x),
              TorchScript.tensor(w),
              TorchScript.tensor(b),
              IValue.from((long) times))
          .toByteBuffer(true); // which waits for a GPU
      return (System.nanoTime() - start) / 1e9;
    }
  }

  /** Not zeros, with which some processors are faster, nor numbers whose sums overflow. */
  private static float[] uniform(long count) {
    var values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 7 % 13 - 6) / 13f;
    }
    return values;
  }
}
