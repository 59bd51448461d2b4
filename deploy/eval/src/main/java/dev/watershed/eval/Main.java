package dev.watershed.eval;

import dev.watershed.server.ServiceProcess;

/** The evaluator as a process of its own. */
public final class Main {
  private Main() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) {
    System.exit(ServiceProcess.run("evaluator", arguments));
  }
}
