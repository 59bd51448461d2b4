package dev.watershed.analysis;

import dev.watershed.server.ServiceProcess;
import java.util.Map;

/** The analysis as a process of its own. */
public final class Main {
  private Main() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) {
    System.exit(ServiceProcess.run("analysis", Map.of(), arguments));
  }
}
