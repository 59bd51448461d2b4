package dev.watershed.standalone.process;

/** A server cannot start; the message is for the person who asked for it. */
public final class StartException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what is wrong and what to do
   */
  public StartException(String message) {
    super(message);
  }

  StartException(String message, Throwable cause) {
    super(message, cause);
  }
}
