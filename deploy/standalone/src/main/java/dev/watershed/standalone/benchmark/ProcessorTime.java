package dev.watershed.standalone.benchmark;

import java.time.Duration;

/** Processor time of this process, all its threads together. */
final class ProcessorTime {
  private ProcessorTime() {}

  /** Seconds since the start; 0 where the system does not tell. */
  static double seconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
  }
}
