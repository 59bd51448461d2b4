package dev.watershed.server.dataset;

import dev.watershed.input.InvalidInputException;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the classifier's complaints about its input mean to a caller. */
@Singleton
@Requires(classes = InvalidInputException.class)
public final class InvalidInputs implements Errors.Translation {
  /** By then a call that held the memory may have ended. */
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  @Override
  public @Nullable RefusedException translate(Throwable thrown) {
    if (!(thrown instanceof InvalidInputException input)) {
      return null;
    }
    String reason = input.reason();
    String subject = input.parameter();
    String message = String.valueOf(input.getMessage());
    return switch (input.kind()) {
      case INVALID -> RefusedException.invalidArgument(reason, subject, message);
      case NOT_FOUND -> RefusedException.notFound(reason, subject, message);
      case FORBIDDEN -> RefusedException.permissionDenied(reason, subject, message);
      case MISMATCH -> RefusedException.failedPrecondition(reason, subject, message);
      case CORRUPT -> RefusedException.dataLoss(reason, subject, message);
      case EXHAUSTED -> RefusedException.resourceExhausted(reason, message, RETRY_AFTER);
    };
  }
}
