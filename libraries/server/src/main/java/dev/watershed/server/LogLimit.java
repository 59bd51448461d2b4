package dev.watershed.server;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets one log line through in a while and counts the others, so that no caller can fill a disk.
 */
final class LogLimit {
  private final long pauseNanos;
  private final AtomicLong next = new AtomicLong(System.nanoTime());
  private final AtomicLong unsaid = new AtomicLong();

  LogLimit(Duration pause) {
    pauseNanos = pause.toNanos();
  }

  /** Returns how many lines were left out since the last one, or nothing where this one is too. */
  OptionalLong admit() {
    long now = System.nanoTime();
    long due = next.get();
    if (now - due >= 0 && next.compareAndSet(due, now + pauseNanos)) {
      return OptionalLong.of(unsaid.getAndSet(0));
    }
    unsaid.incrementAndGet();
    return OptionalLong.empty();
  }
}
