package dev.watershed.analysis;

import static java.util.Objects.requireNonNull;

/**
 * Numbers that a computation cannot use. The message names the value, the limit and what to do;
 * programs go by {@link #reason()}.
 */
public final class UnusableNumbersException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final String parameter;

  /**
   * @param reason a constant in UPPER_SNAKE_CASE such as {@code ALPHAS_NOT_ASCENDING}
   * @param parameter what is wrong, in snake_case such as {@code losses_nats[3]}
   */
  public UnusableNumbersException(String reason, String parameter, String message) {
    super(message);
    this.reason = requireNonNull(reason);
    this.parameter = requireNonNull(parameter);
  }

  public String reason() {
    return reason;
  }

  public String parameter() {
    return parameter;
  }
}
