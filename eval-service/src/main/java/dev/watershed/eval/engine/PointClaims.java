package dev.watershed.eval.engine;

import dev.watershed.eval.plan.PointKey;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** Points that are being computed, so that two threads do not compute the same. */
final class PointClaims {
  private static final long POLL_MILLIS = 10;

  private final Set<PointKey> claimed = new HashSet<>();

  /** Whoever computes points, until closed. */
  interface Claim extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Waits until nobody computes any of these points, and claims all of them.
   *
   * @throws CancellationException when {@code cancelled} says so
   */
  synchronized Claim take(Collection<PointKey> keys, BooleanSupplier cancelled)
      throws InterruptedException {
    while (!Collections.disjoint(claimed, keys)) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("cancelled while another call computed the same");
      }
      wait(POLL_MILLIS);
    }
    claimed.addAll(keys);
    return () -> release(keys);
  }

  private synchronized void release(Collection<PointKey> keys) {
    claimed.removeAll(keys);
    notifyAll();
  }
}
