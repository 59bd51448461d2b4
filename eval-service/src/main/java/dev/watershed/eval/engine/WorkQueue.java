package dev.watershed.eval.engine;

import dev.watershed.server.RefusedException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * Threads that do one unit of work at a time each, first come first served. Who asks waits, so a
 * call has at most one unit in the queue: calls take turns, and a call whose reader is slow is not
 * in the queue at all.
 */
final class WorkQueue implements AutoCloseable {
  /** How soon a caller that waits notices that nobody wants its answer any more. */
  private static final long POLL_MILLIS = 10;

  private static final long STOP_SECONDS = 60;

  /** A part of a call's work. */
  @FunctionalInterface
  interface Unit<T> {
    /**
     * Does the work.
     *
     * @param cancelled to be polled; says true when the result is not wanted any more
     */
    T run(BooleanSupplier cancelled) throws Exception;
  }

  private final ThreadPoolExecutor threads;
  private volatile boolean stopping;

  WorkQueue(String name, int threadCount) {
    // A platform thread: native code would hold a virtual thread's carrier for seconds.
    threads =
        new ThreadPoolExecutor(
            threadCount,
            threadCount,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name(name + "-", 0).daemon().factory());
  }

  /**
   * Runs {@code unit} when its turn comes and returns its result.
   *
   * @throws CancellationException as soon as {@code cancelled} says so: before the unit starts, or
   *     while it comes to its own next poll
   */
  <T> T run(BooleanSupplier cancelled, Unit<T> unit) throws InterruptedException {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              BooleanSupplier unwanted = () -> stopping || cancelled.getAsBoolean();
              if (unwanted.getAsBoolean()) {
                throw new CancellationException("cancelled while waiting for its turn");
              }
              return unit.run(unwanted);
            });
    try {
      threads.execute(task);
      return await(task, cancelled);
    } catch (RejectedExecutionException e) {
      throw stopped();
    } catch (CancellationException e) {
      throw stopping ? stopped() : e;
    }
  }

  /** Refuses, as UNAVAILABLE, where no more units are run. */
  void requireRunning() {
    if (stopping) {
      throw stopped();
    }
  }

  /** Returns the number of units that wait for their turn. */
  int waiting() {
    return threads.getQueue().size();
  }

  private <T> T await(FutureTask<T> task, BooleanSupplier cancelled) throws InterruptedException {
    try {
      while (true) {
        try {
          return task.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (cancelled.getAsBoolean()) {
            throw new CancellationException("cancelled");
          }
        }
      }
    } catch (ExecutionException e) {
      throw unwrap(e);
    } finally {
      task.cancel(false);
      threads.remove(task);
    }
  }

  private static RuntimeException unwrap(ExecutionException e) {
    Throwable cause = e.getCause();
    if (cause instanceof RuntimeException unchecked) {
      return unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(cause);
  }

  private static RefusedException stopped() {
    return RefusedException.unavailable(
        "SHUTTING_DOWN", "This evaluator is stopping; ask another one.", Duration.ofSeconds(1));
  }

  /**
   * Stops: the unit in progress ends at its next poll, those waiting are refused.
   *
   * @throws IllegalStateException if work goes on all the same, so that what it uses may not be
   *     freed
   */
  @Override
  public void close() {
    stopping = true;
    threads.shutdown();
    try {
      if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("work did not stop within " + STOP_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted before work had stopped", e);
    }
  }
}
