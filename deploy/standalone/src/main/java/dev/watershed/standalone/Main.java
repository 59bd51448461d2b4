package dev.watershed.standalone;

import dev.watershed.standalone.command.Surroundings;
import dev.watershed.standalone.command.WatershedCommand;

/** The command line of Watershed. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(WatershedCommand.run(Surroundings.ofProcess(), arguments));
  }
}
