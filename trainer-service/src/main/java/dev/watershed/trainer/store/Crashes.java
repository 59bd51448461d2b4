package dev.watershed.trainer.store;

/**
 * How often a run's process ended without a word while it had the run. Whoever takes a run writes
 * its name first and removes it when it leaves; a name that is found there is of a process that was
 * killed, perhaps by the run.
 *
 * @param count crashes in a row; one after which something had been saved, or that came further
 *     than all before it, is the first of a new row
 * @param step the furthest step at which one happened
 * @param heldBy the process that has the run; empty where none has
 */
public record Crashes(int count, long step, String heldBy) {
  /** Nobody has the run and nothing happened to it. */
  public static final Crashes NONE = new Crashes(0, 0, "");

  /**
   * A process takes the run.
   *
   * @param reached the step that the last one is known to have reached
   */
  public Crashes takenBy(String process, long reached) {
    if (heldBy.isEmpty() || heldBy.equals(process)) {
      return new Crashes(count, step, process);
    }
    return new Crashes(reached > step ? 1 : count + 1, Math.max(step, reached), process);
  }

  /** What was reached so far is kept, whatever happens to the process. */
  public Crashes saved() {
    return new Crashes(0, 0, heldBy);
  }

  /** The process leaves the run in good order. */
  public Crashes left() {
    return new Crashes(count, step, "");
  }

  /** A process that was believed dead, so that another took its run, is not. */
  public Crashes withdrawn(String process) {
    return heldBy.equals(process) ? this : new Crashes(Math.max(0, count - 1), step, heldBy);
  }
}
