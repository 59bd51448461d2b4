package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A store of checkpoints that cannot be used now: it does not answer, or not to us. What was asked
 * for may be asked for again. The message is a sentence that names the store and what helps.
 */
public final class StoreUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  public StoreUnavailableException(String message) {
    super(message);
  }

  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Whether something failed because of this. */
  public static boolean isIn(Throwable failure) {
    int depth = 0;
    for (Throwable cause = failure; cause != null && depth < 50; cause = cause.getCause()) {
      if (cause instanceof StoreUnavailableException) {
        return true;
      }
      depth++;
    }
    return false;
  }
}
