package dev.watershed.cli;

import dev.watershed.cli.terminal.Terminal;

/** What is said and done when Ctrl-C ends a command while it waits. */
public final class Interrupt implements AutoCloseable {
  private final Thread hook;

  /**
   * @param terminal where the message goes
   * @param message says whether the work goes on or was stopped
   * @param action what stops it; must return soon
   */
  public Interrupt(Terminal terminal, String message, Runnable action) {
    hook =
        new Thread(
            () -> {
              terminal.err().println();
              terminal.err().println(message);
              action.run();
              terminal.err().flush();
            },
            "interrupt");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the process is ending, so that errors that follow from it need no mention. */
  public static boolean ending() {
    Thread probe = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(probe);
      Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook is running and stays.
    }
  }
}
