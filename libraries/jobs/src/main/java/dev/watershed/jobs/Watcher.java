package dev.watershed.jobs;

import dev.watershed.server.ServerStream;
import java.util.function.Function;

/** Who watches a job. */
public interface Watcher<C> {
  /**
   * Takes the job at a moment; blocks while the reader is slow.
   *
   * @throws java.util.concurrent.CancellationException where nobody reads any more
   */
  void see(Job<C> job) throws InterruptedException;

  /** Whether nobody watches any more. */
  boolean isGone();

  /** Calls {@code wake} once nobody watches any more. */
  void whenGone(Runnable wake);

  /**
   * Returns the reader of a stream.
   *
   * @param view what is sent of a job
   */
  static <C, M> Watcher<C> of(ServerStream<M> stream, Function<Job<C>, M> view) {
    return new Watcher<>() {
      @Override
      public void see(Job<C> job) throws InterruptedException {
        stream.send(view.apply(job));
      }

      @Override
      public boolean isGone() {
        return stream.isCancelled();
      }

      @Override
      public void whenGone(Runnable wake) {
        stream.onCancel(wake);
      }
    };
  }
}
