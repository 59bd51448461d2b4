package dev.watershed.standalone;

import dev.watershed.cli.CommandContext;
import dev.watershed.cli.WatershedCommand;
import dev.watershed.server.ProcessLogs;

/** The command line of Watershed. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    ProcessLogs.gather();
    System.exit(WatershedCommand.run(CommandContext.ofProcess(), arguments));
  }
}
