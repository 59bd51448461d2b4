package dev.watershed.input;

import static java.util.Objects.requireNonNull;

/**
 * Something given from outside (a checkpoint, a data file, an option) that cannot be used. The
 * message names the value, the limit and what to do; callers decide by {@link #kind()}, never by
 * the message.
 */
public final class InvalidInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whose fault it is and so what can be done. */
  public enum Kind {
    /** The input itself is wrong: correct it. */
    INVALID,
    /** It does not exist. */
    NOT_FOUND,
    /** It lies outside what this process may read. */
    FORBIDDEN,
    /** Each input is right, but they do not fit each other. */
    MISMATCH,
    /** It was right once and is damaged now: its digest does not match. */
    CORRUPT,
    /** It is right, but there is no room for it now. */
    EXHAUSTED
  }

  private final Kind kind;
  private final String reason;
  private final String parameter;

  /**
   * @param reason a constant in UPPER_SNAKE_CASE for programs, such as {@code TENSOR_MISSING}
   * @param parameter what is wrong in the caller's terms, in snake_case such as {@code
   *     text_column}; empty where it is the input as a whole
   */
  public InvalidInputException(Kind kind, String reason, String parameter, String message) {
    super(message);
    this.kind = requireNonNull(kind);
    this.reason = requireNonNull(reason);
    this.parameter = requireNonNull(parameter);
  }

  /** Returns an error of kind {@link Kind#INVALID}. */
  public static InvalidInputException invalid(String reason, String parameter, String message) {
    return new InvalidInputException(Kind.INVALID, reason, parameter, message);
  }

  /** Returns this error told in terms of what holds the input, such as {@code samples[0].split}. */
  public InvalidInputException within(String outer) {
    String path = parameter.isEmpty() ? outer : outer + "." + parameter;
    var error = new InvalidInputException(kind, reason, path, String.valueOf(getMessage()));
    error.initCause(this);
    return error;
  }

  public Kind kind() {
    return kind;
  }

  public String reason() {
    return reason;
  }

  public String parameter() {
    return parameter;
  }
}
