package dev.watershed.jobs;

/** Who watches a job. */
@FunctionalInterface
public interface Watcher<C> {
  /**
   * Takes the job at a moment; blocks while the reader is slow.
   *
   * @throws java.util.concurrent.CancellationException where nobody reads any more
   */
  void see(Job<C> job) throws InterruptedException;
}
