package dev.watershed.analysis.study;

import io.grpc.Context;
import java.util.Collection;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;

/** Work on many items within one gRPC context, which stops with the work. */
final class ParallelWork implements AutoCloseable {
  private final int concurrency;
  private final Context.CancellableContext context = Context.ROOT.withCancellation();

  /**
   * @param concurrency items worked on at a time
   */
  ParallelWork(int concurrency) {
    this.concurrency = concurrency;
  }

  /** Breaks the work off soon, from any thread. */
  void stop() {
    context.cancel(new CancellationException("study stopped"));
  }

  @Override
  public void close() {
    context.cancel(null);
  }

  /** What is done with each item. */
  interface Task<T> {
    void run(T item) throws InterruptedException;
  }

  /** Works on the items in order, several at a time; the first failure stops the rest. */
  <T> void forEach(Collection<T> items, Task<T> task) throws InterruptedException {
    var queue = new ConcurrentLinkedQueue<>(items);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var workers = new ExecutorCompletionService<Void>(threads);
      int count = Math.min(concurrency, items.size());
      for (int i = 0; i < count; i++) {
        workers.submit(context.wrap(() -> drain(queue, task)));
      }
      try {
        for (int i = 0; i < count; i++) {
          workers.take().get();
        }
      } catch (ExecutionException e) {
        stop();
        throw unwrapped(e);
      } catch (InterruptedException e) {
        stop();
        throw e;
      }
    }
    throwIfStopped();
  }

  /** Ends what runs outside of {@link #forEach} too, once the work was stopped. */
  void throwIfStopped() {
    if (context.isCancelled()) {
      throw new CancellationException("study stopped");
    }
  }

  private static <T> Void drain(ConcurrentLinkedQueue<T> queue, Task<T> task)
      throws InterruptedException {
    for (T item = queue.poll(); item != null; item = queue.poll()) {
      task.run(item);
    }
    return null;
  }

  private static RuntimeException unwrapped(ExecutionException e) {
    return e.getCause() instanceof RuntimeException cause
        ? cause
        : new IllegalStateException(e.getCause());
  }
}
