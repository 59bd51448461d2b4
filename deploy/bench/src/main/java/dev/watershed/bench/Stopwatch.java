package dev.watershed.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Tells what was spent since it was last asked. Processor time comes in steps of some 10 ms. */
final class Stopwatch {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private long lastNanos = System.nanoTime();
  private long lastProcessorNanos = SYSTEM.getProcessCpuTime();

  Spent lap() {
    long nanos = System.nanoTime();
    long processorNanos = SYSTEM.getProcessCpuTime();
    Spent spent = new Spent((nanos - lastNanos) / 1e9, (processorNanos - lastProcessorNanos) / 1e9);
    lastNanos = nanos;
    lastProcessorNanos = processorNanos;
    return spent;
  }
}
