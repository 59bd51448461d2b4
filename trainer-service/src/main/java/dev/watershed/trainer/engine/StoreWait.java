package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work that needs the store of checkpoints, which may be away for a while. */
final class StoreWait {
  private static final Logger log = LoggerFactory.getLogger(StoreWait.class);

  /** How long after a failure it is tried again. */
  static final Duration RETRY = Duration.ofSeconds(5);

  /** Can be done again from the start where it failed half way. */
  @FunctionalInterface
  interface Work {
    /** Returns whether it was done. */
    boolean run() throws IOException;
  }

  private StoreWait() {}

  /**
   * Does work once the store can be used, waiting as long as it takes.
   *
   * @param what waits, for the log
   * @param stopped ends the wait
   * @return what the work returned; false where the wait was ended
   */
  static boolean run(String what, Duration retry, BooleanSupplier stopped, Work work)
      throws IOException {
    boolean waited = false;
    while (true) {
      try {
        boolean done = work.run();
        if (waited) {
          log.info("{}: the store of checkpoints can be used again; it goes on", what);
        }
        return done;
      } catch (IOException | RuntimeException e) {
        if (!StoreUnavailableException.isIn(e)) {
          throw e;
        }
        if (!waited) {
          log.warn("{} waits: {}", what, e.getMessage());
          waited = true;
        }
      }
      if (stopped.getAsBoolean() || !pause(retry)) {
        return false;
      }
    }
  }

  /** Returns whether nobody interrupted it. */
  private static boolean pause(Duration retry) {
    try {
      Thread.sleep(retry);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
