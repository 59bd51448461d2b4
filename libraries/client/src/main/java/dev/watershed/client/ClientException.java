package dev.watershed.client;

/** What a client was told cannot be used; the message says what is wrong and what to do. */
public final class ClientException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ClientException(String message) {
    super(message);
  }
}
