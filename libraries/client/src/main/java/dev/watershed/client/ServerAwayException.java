package dev.watershed.client;

/** No server answers, and it was waited for long enough. */
public final class ServerAwayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ServerAwayException(String message) {
    super(message);
  }
}
