package dev.watershed.eval;

import dev.watershed.server.ServiceProcess;
import java.util.Map;

/** The evaluator as a process of its own. */
public final class Main {
  private Main() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) {
    System.exit(ServiceProcess.run("evaluator", Map.of(), arguments));
  }
}
