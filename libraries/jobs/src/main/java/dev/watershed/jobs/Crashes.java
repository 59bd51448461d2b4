package dev.watershed.jobs;

/**
 * How often a process ended without a word while it had a job. Whoever takes a job writes its name
 * first and removes it when it leaves; a name that is found there is of a process that was killed,
 * perhaps by the job.
 *
 * @param count crashes in a row; one after which something had been saved, or that came further
 *     than all before it, is the first of a new row
 * @param mark the furthest that one had come, in the kind's own measure
 * @param heldBy the process that has the job; empty where none has
 */
public record Crashes(int count, long mark, String heldBy) {
  /** Nobody has the job and nothing happened to it. */
  public static final Crashes NONE = new Crashes(0, 0, "");

  /**
   * A process takes the job.
   *
   * @param reached how far the last one is known to have come
   */
  public Crashes takenBy(String process, long reached) {
    if (heldBy.isEmpty() || heldBy.equals(process)) {
      return new Crashes(count, mark, process);
    }
    return new Crashes(reached > mark ? 1 : count + 1, Math.max(mark, reached), process);
  }

  /** What was reached so far is kept, whatever happens to the process. */
  public Crashes saved() {
    return new Crashes(0, 0, heldBy);
  }

  /** The process leaves the job in good order. */
  public Crashes left() {
    return new Crashes(count, mark, "");
  }

  /** A process that was believed dead, so that another took its job, is not. */
  public Crashes withdrawn(String process) {
    return heldBy.equals(process) ? this : new Crashes(Math.max(0, count - 1), mark, heldBy);
  }
}
