package dev.watershed.analysis;

import dev.watershed.server.ServiceProcess;

/** The analysis as a process of its own. */
public final class Main {
  private Main() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) {
    System.exit(ServiceProcess.run("analysis", arguments));
  }
}
