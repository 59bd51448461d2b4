package dev.watershed.server;

import com.google.common.base.Throwables;
import io.grpc.Context;
import io.micronaut.context.annotation.Bean;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Computes answers of pure functions on a few threads of their own. Calls themselves run on virtual
 * threads, which share as many carriers as there are processors: arithmetic there would hold up
 * every other call.
 */
@Singleton
@Bean(preDestroy = "close")
public final class Computations implements AutoCloseable {
  private static final Duration COME_BACK = Duration.ofSeconds(2);

  /** Work that asks now and then whether anybody still waits for it. */
  @FunctionalInterface
  public interface Computation<T> {
    /**
     * @param throwIfUnwanted throws {@link CancellationException} once the call was cancelled or
     *     its deadline has passed
     */
    T compute(Runnable throwIfUnwanted);
  }

  private final ThreadPoolExecutor pool;
  private final int waiting;

  public Computations(ServerConfiguration configuration) {
    waiting = configuration.maxQueuedComputations();
    BlockingQueue<Runnable> queue =
        waiting == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(waiting);
    pool =
        new ThreadPoolExecutor(
            configuration.computeThreads(),
            configuration.computeThreads(),
            0,
            TimeUnit.SECONDS,
            queue,
            Thread.ofPlatform().daemon().name("computation-", 0).factory());
  }

  /**
   * Computes in the current call's {@link Context} and returns the result.
   *
   * @throws RefusedException RESOURCE_EXHAUSTED where as many wait as may
   * @throws CancellationException when nobody waits for the answer any more
   */
  public <T> T run(Computation<T> work) {
    var context = Context.current();
    Runnable throwIfUnwanted =
        () -> {
          if (context.isCancelled() || Thread.currentThread().isInterrupted()) {
            throw new CancellationException("nobody waits for this any more");
          }
        };
    var task =
        new FutureTask<T>(
            context.wrap(
                () -> {
                  throwIfUnwanted.run();
                  return work.compute(throwIfUnwanted);
                }));
    Context.CancellationListener giveUp =
        cancelled -> {
          // What runs ends at its next look; what waits gives its place to others.
          pool.remove(task);
          task.cancel(false);
        };
    try {
      pool.execute(task);
    } catch (RejectedExecutionException e) {
      throw full();
    }
    context.addListener(giveUp, Runnable::run);
    try {
      return task.get();
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    } catch (ExecutionException e) {
      var cause = Objects.requireNonNull(e.getCause());
      Throwables.throwIfUnchecked(cause);
      throw new IllegalStateException(cause);
    } finally {
      context.removeListener(giveUp);
    }
  }

  private RefusedException full() {
    return pool.isShutdown()
        ? RefusedException.unavailable("SHUTTING_DOWN", "The server is going down.", COME_BACK)
        : RefusedException.resourceExhausted(
            "COMPUTATIONS_FULL",
            waiting
                + " calls wait already to be computed (watershed.server.max-queued-computations);"
                + " come back later.",
            COME_BACK);
  }

  /** Takes no more; what runs ends at its next look. */
  @Override
  public void close() {
    pool.shutdownNow();
  }
}
