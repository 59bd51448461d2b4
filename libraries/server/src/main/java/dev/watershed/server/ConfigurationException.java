package dev.watershed.server;

import java.time.Duration;
import java.util.Optional;

/** A start that is refused for its configuration. The message is for whoever starts the process. */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigurationException(String message) {
    super(message);
  }

  /** Returns the refusal in a failure; frameworks wrap what a bean throws. */
  public static Optional<ConfigurationException> in(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConfigurationException refused) {
        return Optional.of(refused);
      }
    }
    return Optional.empty();
  }

  /** Refuses a value below a bound. */
  public static void requireAtLeast(String key, long value, long least) {
    if (value < least) {
      throw new ConfigurationException(
          key + " is " + value + "; it must be " + least + " or more.");
    }
  }

  /** Refuses a value outside its bounds, both of which are allowed. */
  public static void requireBetween(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new ConfigurationException(
          key + " is " + value + "; it must be from " + least + " to " + most + ".");
    }
  }

  /** Refuses no time at all, and times that no clock can count. */
  public static void requirePositive(String key, Duration value) {
    if (value.toDays() > 10_000 || value.isNegative() || value.isZero()) {
      throw new ConfigurationException(
          key + " is " + value + "; it must be more than 0 and at most 10000d.");
    }
  }
}
