package dev.watershed.eval.engine;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Lets units of work start only while what they lease at the same time fits together, so that none
 * of them waits for memory that another one holds while it waits too.
 */
final class MemoryShares {
  private static final long POLL_MILLIS = 10;

  private final Semaphore free;
  private final int kibibytes;

  MemoryShares(long bytes) {
    kibibytes = kibibytes(bytes);
    free = new Semaphore(kibibytes, true);
  }

  /**
   * Waits for a share, first come first served.
   *
   * @param bytes at most what there is
   * @throws CancellationException when {@code cancelled} says so
   */
  Share take(long bytes, BooleanSupplier cancelled) throws InterruptedException {
    // Rounding up may not ask for more than all.
    int wanted = Math.min(kibibytes, kibibytes(bytes));
    while (!free.tryAcquire(wanted, POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("cancelled while waiting for memory");
      }
    }
    return new Share(wanted);
  }

  private static int kibibytes(long bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (bytes + 1023) / 1024);
  }

  /** A unit's share, until closed. For one thread. */
  final class Share implements AutoCloseable {
    private int held;

    private Share(int held) {
      this.held = held;
    }

    /** Gives back what is more than {@code bytes}. */
    void reduceTo(long bytes) {
      int less = Math.min(held, kibibytes(bytes));
      free.release(held - less);
      held = less;
    }

    @Override
    public void close() {
      reduceTo(0);
    }
  }
}
