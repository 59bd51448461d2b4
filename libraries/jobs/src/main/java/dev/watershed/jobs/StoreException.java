package dev.watershed.jobs;

/** The database did not do what it was asked; nothing was changed, and asking again may work. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StoreException(Throwable cause) {
    super("The database cannot be used: " + reason(cause), cause);
  }

  /** Without the statement and its arguments, which may be large and belong to callers. */
  private static String reason(Throwable failure) {
    var cause = failure.getCause();
    return String.valueOf(cause == null ? failure.getMessage() : cause.getMessage());
  }
}
