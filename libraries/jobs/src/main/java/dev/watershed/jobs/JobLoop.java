package dev.watershed.jobs;

import java.io.IOException;
import java.util.function.UnaryOperator;

/** How jobs of a kind are worked on. */
public interface JobLoop<C> {
  /** Returns what makes of a job's content what it is once a worker has taken it. */
  default UnaryOperator<C> beginning() {
    return UnaryOperator.identity();
  }

  /**
   * Works on a job until it is done, or {@link JobAttempt#isToStop}.
   *
   * @return whether it is done; false where it stopped before, with all kept that it needs to go on
   */
  boolean work(JobAttempt<C> attempt) throws IOException, InterruptedException;

  /** A job has ended, and will not be worked on any more unless it is asked for again. */
  default void ended(Job<C> job) {}
}
