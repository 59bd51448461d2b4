package dev.watershed.jobs;

/**
 * The job belongs to another worker now, or has ended, or is there no more. Nothing was written.
 */
public final class HoldLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public HoldLostException() {
    super("the job has ended or another worker has it");
  }
}
