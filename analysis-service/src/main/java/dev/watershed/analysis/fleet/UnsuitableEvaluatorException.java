package dev.watershed.analysis.fleet;

/**
 * An evaluator answers, but not as this work needs it: it gets no more of it, and others do. The
 * message is for people and names the evaluator.
 */
public final class UnsuitableEvaluatorException extends RuntimeException {
  private final String said;

  public UnsuitableEvaluatorException(String said) {
    super(said);
    this.said = said;
  }

  @Override
  public String getMessage() {
    return said;
  }
}
