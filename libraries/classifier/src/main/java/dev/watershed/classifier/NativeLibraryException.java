package dev.watershed.classifier;

import org.jspecify.annotations.Nullable;

/** A native library that everything needs cannot be unpacked or loaded; the message says why. */
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message a sentence, with what to do
   */
  public NativeLibraryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
