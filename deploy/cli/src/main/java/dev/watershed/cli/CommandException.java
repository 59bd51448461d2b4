package dev.watershed.cli;

/** Ends a command with a message and an exit code. */
public final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * @param exitCode one of {@link ExitCode}
   * @param message what is wrong and what to do
   */
  public CommandException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  public static CommandException badInput(String message) {
    return new CommandException(ExitCode.BAD_INPUT, message);
  }

  public int exitCode() {
    return exitCode;
  }
}
