package dev.watershed.analysis.store;

/** The database could not do what was asked of it. Nothing was changed; it may be tried again. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StoreException(Throwable cause) {
    super("The database of studies cannot be used: " + cause.getMessage(), cause);
  }
}
