package dev.watershed.jobs;

import java.io.IOException;

/** How jobs of a kind are worked on. */
public interface JobLoop<C> {
  /** Returns a job's content as a worker takes it. */
  default C begun(C content) {
    return content;
  }

  /**
   * Works on a job until it is done, or {@link Attempt#isToStop}.
   *
   * @return whether it is done; false where it stopped before, with all kept that it needs to go on
   */
  boolean work(Attempt<C> attempt) throws IOException, InterruptedException;

  /** A job has ended, and will not be worked on any more unless it is asked for again. */
  default void ended(Job<C> job) {}
}
