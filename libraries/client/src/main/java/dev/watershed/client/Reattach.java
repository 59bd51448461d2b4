package dev.watershed.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Follows a resource to its end over as many watch streams as it takes. */
public final class Reattach {
  /** How long a server may be away before we give up: long enough for a restart. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private Reattach() {}

  /** Is told when the server goes and comes back; thread-safe where several streams share it. */
  public interface Absence {
    /** A stream broke off, or its connection gave no sign of life any more. */
    void begin();

    /** A message came. */
    void end();
  }

  /**
   * Returns the first message with which the resource has ended. A first stream that cannot be
   * opened fails at once, unless the server has answered before; a stream that breaks off later is
   * opened anew, until the server has been away for too long.
   *
   * @param absence is told when the server goes and comes back
   * @param answered whether the server has answered before
   * @param watch opens a stream
   * @param ended whether a message is the last
   * @param show sees every message
   * @throws ServerAwayException where the server was away for longer than {@link #PATIENCE}
   */
  public static <T> T untilEnded(
      Absence absence,
      boolean answered,
      Supplier<Iterator<T>> watch,
      Predicate<T> ended,
      Consumer<T> show) {
    boolean attached = answered;
    // A queued run says nothing for hours, so silence is no absence; a stream that ends is.
    OptionalLong awaySince = OptionalLong.empty();
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        Iterator<T> stream = watch.get();
        while (stream.hasNext()) {
          T message = stream.next();
          attached = true;
          absence.end();
          awaySince = OptionalLong.empty();
          pause = FIRST_PAUSE;
          show.accept(message);
          if (ended.test(message)) {
            return message;
          }
        }
      } catch (StatusRuntimeException e) {
        if (!attached || e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
          throw e;
        }
      }
      absence.begin();
      long now = System.nanoTime();
      if (awaySince.isEmpty()) {
        awaySince = OptionalLong.of(now);
      }
      giveUpAfterPatience(now - awaySince.getAsLong());
      pause(pause);
      pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
    }
  }

  private static void giveUpAfterPatience(long awayNanos) {
    if (awayNanos > PATIENCE.toNanos()) {
      throw new ServerAwayException(
          "the server has been away for "
              + PATIENCE.toSeconds()
              + " s; what was started goes on when it is back, follow it again then");
    }
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Status.CANCELLED.withDescription("interrupted").withCause(e).asRuntimeException();
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
