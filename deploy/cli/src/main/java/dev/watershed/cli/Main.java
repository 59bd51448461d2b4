package dev.watershed.cli;

import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** The command line as a client alone. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    // What gRPC's transport remarks on is told as the command's own error.
    LogManager.getLogManager().reset();
    Logger.getLogger("").setLevel(Level.OFF);
    System.exit(WatershedCommand.run(CommandContext.ofProcess(), arguments));
  }
}
