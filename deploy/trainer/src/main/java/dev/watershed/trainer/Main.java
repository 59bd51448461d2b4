package dev.watershed.trainer;

import dev.watershed.server.ServiceProcess;
import java.util.Map;

/** The trainer as a process of its own. */
public final class Main {
  private Main() {}

  /**
   * Serves until the process is told to stop; with {@code --once}, until one run of the queue has
   * ended.
   */
  public static void main(String[] arguments) {
    System.exit(
        ServiceProcess.run(
            "trainer", Map.of("--once", "watershed.trainer.take-runs=one"), arguments));
  }
}
