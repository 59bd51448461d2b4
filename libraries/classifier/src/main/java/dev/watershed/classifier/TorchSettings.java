package dev.watershed.classifier;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where and how libtorch computes in this process.
 *
 * @param device {@code cpu}, or {@code cuda:k} for the GPU of number k; {@code cuda} is the first
 * @param threads within an operation on the CPU; results are the same bits only for the same number
 * @param tf32 whether a GPU may round the factors of fp32 matrix products to 10 bits of mantissa
 */
public record TorchSettings(String device, int threads, boolean tf32) {
  private static final Pattern CUDA = Pattern.compile("cuda(?::([0-9]{1,2}))?");
  private static final String CPU = "cpu";

  public TorchSettings {
    if (threads < 1) {
      throw new IllegalArgumentException("need at least one thread, got " + threads);
    }
    if (!device.equals(CPU)) {
      Matcher cuda = CUDA.matcher(device);
      if (!cuda.matches()) {
        throw new IllegalArgumentException(
            "device is '%s'; say cpu, or cuda:0 for the first GPU".formatted(device));
      }
      device = "cuda:" + (cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
    } else if (tf32) {
      throw new IllegalArgumentException("TF32 is a format of GPUs; leave it out for device cpu");
    }
  }

  /** The CPU with so many threads. */
  public static TorchSettings cpu(int threads) {
    return new TorchSettings(CPU, threads, false);
  }

  /** Whether the device is the CPU. */
  public boolean isCpu() {
    return device.equals(CPU);
  }

  /** The number of the GPU; there is none on the CPU. */
  public int gpu() {
    return Integer.parseInt(device.substring(device.indexOf(':') + 1));
  }
}
