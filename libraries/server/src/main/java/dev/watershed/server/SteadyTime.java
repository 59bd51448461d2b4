package dev.watershed.server;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The time of day as queues need it: it follows the wall clock, and goes on by itself where that is
 * set back, so that nothing waits until the wall clock has caught up.
 */
public final class SteadyTime {
  private final InstantSource wall;
  private final LongSupplier nanos;
  private Instant last;
  private long lastNanos;

  /** Follows a clock. */
  public SteadyTime(InstantSource wall) {
    this(wall, System::nanoTime);
  }

  /**
   * @param nanos what has passed since some moment; never goes back
   */
  SteadyTime(InstantSource wall, LongSupplier nanos) {
    this.wall = wall;
    this.nanos = nanos;
    this.last = wall.instant();
    this.lastNanos = nanos.getAsLong();
  }

  /** Returns the time; never earlier than what was returned before. */
  public synchronized Instant now() {
    long now = nanos.getAsLong();
    Instant steady = last.plusNanos(now - lastNanos);
    Instant told = wall.instant();
    last = told.isAfter(steady) ? told : steady;
    lastNanos = now;
    return last;
  }
}
