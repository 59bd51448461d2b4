package dev.watershed.trainer.grpc;

import io.grpc.Context;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Room for a few calls at a time that read much: more would take the disk from training. */
final class Places {
  private static final long POLL_MILLIS = 100;

  /** Work that reads much. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  private final Semaphore places;

  Places(int count) {
    places = new Semaphore(count, true);
  }

  /**
   * Waits for a place and works in it.
   *
   * @throws CancellationException where the call ends meanwhile
   */
  <T> T in(Work<T> work) throws IOException {
    try {
      while (!places.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        throwIfUnwanted();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException();
    }
    try {
      throwIfUnwanted();
      return work.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException();
    } finally {
      places.release();
    }
  }

  /**
   * @throws CancellationException where nobody waits for the call's answer any more
   */
  static void throwIfUnwanted() {
    if (Context.current().isCancelled()) {
      throw new CancellationException("nobody waits for this any more");
    }
  }
}
