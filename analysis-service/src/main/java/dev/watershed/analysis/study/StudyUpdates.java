package dev.watershed.analysis.study;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Wakes those who watch studies when one changes in this process. What other processes change, they
 * see when they look at the database again by themselves.
 */
@Singleton
public final class StudyUpdates {
  /** Progress is told no more often; the waits in between make the coalescing. */
  private static final long PROGRESS_NANOS = Duration.ofMillis(100).toNanos();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final AtomicLong lastProgress = new AtomicLong(System.nanoTime() - PROGRESS_NANOS);
  private long version;
  private boolean closed;

  /** Says that a study's state changed, or that a watcher should look around. */
  public void changed() {
    lock.lock();
    try {
      version++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Says that a study has another point. */
  void progressed() {
    long now = System.nanoTime();
    long last = lastProgress.get();
    if (now - last >= PROGRESS_NANOS && lastProgress.compareAndSet(last, now)) {
      changed();
    }
  }

  /** A number that grows with each change; to be read before the database is. */
  public long version() {
    lock.lock();
    try {
      return version;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there is a change after {@code seen}, but no longer than {@code atMost}. */
  public void await(long seen, Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long nanos = atMost.toNanos();
      while (version == seen && !closed && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the server is going down. */
  public boolean closed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Sends all watchers away. */
  @PreDestroy
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
