package dev.watershed.standalone;

import dev.watershed.cli.CommandContext;
import dev.watershed.cli.WatershedCommand;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** The command line of Watershed. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    // gRPC logs through java.util.logging: one format, one place.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    System.exit(WatershedCommand.run(CommandContext.ofProcess(), arguments));
  }
}
