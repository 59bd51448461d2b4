package dev.watershed.trainer;

import dev.watershed.server.ServiceProcess;

/** The trainer as a process of its own. */
public final class Main {
  private Main() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) {
    System.exit(ServiceProcess.run("trainer", arguments));
  }
}
