package dev.watershed.jobs;

/** Where a job is. */
public enum JobState {
  QUEUED(0),
  RUNNING(1),
  SUCCEEDED(2),
  FAILED(2),
  CANCELLED(2);

  private final int rank;

  JobState(int rank) {
    this.rank = rank;
  }

  /** Whether nothing more will happen to it, unless it is asked for again. */
  public boolean ended() {
    return rank == SUCCEEDED.rank;
  }

  /** Later states have more. */
  int rank() {
    return rank;
  }
}
