package dev.watershed.eval.engine;

import static java.util.Objects.requireNonNull;

import dev.watershed.eval.plan.PointKey;
import dev.watershed.server.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When which unit of work runs. One lock keeps, at any moment:
 *
 * <ul>
 *   <li>no more units run than there are threads;
 *   <li>what they lease at the same time fits into the memory together, so that none of them waits
 *       for memory that another holds while it waits too;
 *   <li>no two compute the same point;
 *   <li>units start in the order they came, but for one whose points are just being computed, which
 *       lets others pass.
 * </ul>
 *
 * <p>Who asks waits, so a call has at most one unit here: calls take turns, and a call whose reader
 * is slow is not here at all. Nobody polls: waiting threads are woken by what they wait for, the
 * end of a unit, memory given back, a new unit, {@link #wake} and {@link #close}.
 */
final class Schedule implements AutoCloseable {
  private static final long STOP_SECONDS = 60;

  private final long memoryBytes;
  private final List<Thread> threads = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private final Set<Task<?>> waiting = new LinkedHashSet<>();
  private final Set<PointKey> computing = new HashSet<>();
  private long freeBytes;
  private volatile boolean stopping;

  /**
   * What a unit takes.
   *
   * @param bytes of memory that it leases at the same time
   * @param points that it computes
   */
  record Needs(long bytes, Set<PointKey> points) {
    static final Needs NOTHING = new Needs(0, Set.of());

    Needs(long bytes, Collection<PointKey> points) {
      this(bytes, Set.copyOf(points));
    }
  }

  /** A unit's time on a thread. */
  interface Turn {
    /** To be polled by the unit; whether its result is not wanted any more. */
    boolean isUnwanted();

    /** Gives back what of its memory is more than this. */
    void reduceTo(long bytes);
  }

  /** A part of a call's work. */
  @FunctionalInterface
  interface Unit<T> {
    T run(Turn turn) throws Exception;
  }

  /**
   * @param memoryBytes that units share
   */
  Schedule(String name, int threadCount, long memoryBytes) {
    this.memoryBytes = memoryBytes;
    this.freeBytes = memoryBytes;
    for (int i = 0; i < threadCount; i++) {
      // A platform thread: native code would hold a virtual thread's carrier for seconds.
      threads.add(Thread.ofPlatform().name(name + "-" + i).daemon().start(this::work));
    }
  }

  /** A unit from the call that brings it until it has ended. */
  private final class Task<T> implements Turn {
    private final Set<PointKey> points;
    private final Unit<T> unit;
    private final BooleanSupplier cancelled;

    // Guarded by lock.
    private long bytes;
    private boolean done;
    private @Nullable T result;
    private @Nullable Throwable failure;

    private Task(Needs needs, Unit<T> unit, BooleanSupplier cancelled) {
      this.points = needs.points();
      this.bytes = Math.min(needs.bytes(), memoryBytes);
      this.unit = unit;
      this.cancelled = cancelled;
    }

    @Override
    public boolean isUnwanted() {
      return stopping || cancelled.getAsBoolean();
    }

    @Override
    public void reduceTo(long most) {
      lock.lock();
      try {
        long kept = Math.min(bytes, most);
        freeBytes += bytes - kept;
        bytes = kept;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private void run() {
      T value = null;
      Throwable thrown = null;
      try {
        if (isUnwanted()) {
          throw new CancellationException("cancelled while waiting for its turn");
        }
        value = unit.run(this);
      } catch (Throwable e) {
        thrown = e;
      }
      lock.lock();
      try {
        result = value;
        failure = thrown;
        done = true;
        computing.removeAll(points);
        reduceTo(0);
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Runs {@code unit} when its turn comes and returns its result.
   *
   * @param cancelled asked whenever {@link #wake} is called, and by the unit
   * @throws CancellationException as soon as {@code cancelled} says so: before the unit starts, or
   *     while it comes to its own next poll
   */
  <T> T run(Needs needs, BooleanSupplier cancelled, Unit<T> unit) throws InterruptedException {
    var task = new Task<T>(needs, unit, cancelled);
    lock.lock();
    try {
      requireRunning();
      waiting.add(task);
      changed.signalAll();
      while (!task.done) {
        if (task.isUnwanted()) {
          throw new CancellationException("cancelled");
        }
        changed.await();
      }
      if (task.failure != null) {
        throw unchecked(task.failure);
      }
      return requireNonNull(task.result);
    } catch (CancellationException e) {
      throw stopping ? stopped() : e;
    } finally {
      if (waiting.remove(task)) {
        changed.signalAll();
      }
      lock.unlock();
    }
  }

  private void work() {
    for (var task = next(); task != null; task = next()) {
      task.run();
    }
  }

  /** Waits for a unit that may start, and starts it; null at the end. */
  private @Nullable Task<?> next() {
    lock.lock();
    try {
      while (!stopping) {
        for (var task : waiting) {
          if (!Collections.disjoint(task.points, computing)) {
            continue;
          }
          if (task.bytes > freeBytes) {
            // Whatever is smaller waits behind it, else it might wait for ever.
            break;
          }
          waiting.remove(task);
          freeBytes -= task.bytes;
          computing.addAll(task.points);
          return task;
        }
        changed.awaitUninterruptibly();
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** To be called when a call that may wait here was cancelled. */
  void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
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
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof RuntimeException unchecked) {
      return unchecked;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(thrown);
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
    wake();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
    try {
      for (var thread : threads) {
        if (!thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
          throw new IllegalStateException("work did not stop within " + STOP_SECONDS + " s");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted before work had stopped", e);
    }
  }
}
