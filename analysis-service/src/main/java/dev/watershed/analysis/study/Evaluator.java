package dev.watershed.analysis.study;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceBlockingStub;
import dev.watershed.server.RefusedException;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls of the evaluator: so many at a time, and repeated while there is hope. */
@Singleton
final class Evaluator {
  private static final Logger log = LoggerFactory.getLogger(Evaluator.class);

  /**
   * What a repeated call can get over; a call that we did not cancel ourselves, a proxy did.
   * RESOURCE_EXHAUSTED is so only with a RetryInfo: without one, it is a limit that the same call
   * will meet again, such as the size of a message.
   */
  private static final Set<Status.Code> PASSING =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED, Status.Code.CANCELLED);

  /**
   * One call, made again from the start when it fails in passing; asks only for what is missing.
   */
  @FunctionalInterface
  interface Call {
    /** Makes the call; runs {@code progressed} whenever it has brought something. */
    void make(EvaluationServiceBlockingStub evaluator, Runnable progressed);
  }

  private final EvaluationServiceBlockingStub stub;
  private final EvaluatorConfiguration configuration;
  private final Semaphore inFlight;

  Evaluator(@Named("evaluator") Channel channel, EvaluatorConfiguration configuration) {
    this.stub = EvaluationServiceGrpc.newBlockingStub(channel);
    this.configuration = configuration;
    this.inFlight = new Semaphore(configuration.concurrency(), true);
  }

  /** How many calls it takes at a time. */
  int concurrency() {
    return configuration.concurrency();
  }

  /**
   * Makes a call until it succeeds, within the current {@link Context}.
   *
   * @param subject what it asks about
   * @throws StatusRuntimeException the evaluator's, with the subject, when it will not pass or
   *     patience ends
   * @throws CancellationException when the context is cancelled
   */
  void call(String subject, Call call) throws InterruptedException {
    var patience = new Patience();
    while (true) {
      try {
        attempt(call, patience);
        return;
      } catch (StatusRuntimeException e) {
        throwIfCancelled();
        var asked = retryDelay(e);
        boolean passing =
            PASSING.contains(e.getStatus().getCode())
                || (e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED && asked.isPresent());
        if (!passing || patience.isAtEnd()) {
          throw about(subject, e);
        }
        var wait = patience.nextWait(asked.orElse(Duration.ZERO));
        log.info("The evaluator answered {}; asking again in {}", e.getStatus(), wait);
        waitOrCancelled(wait);
      }
    }
  }

  /** Refuses an answer that ended without all that was asked for. */
  static void requireNoneMissing(String subject, long missing) {
    if (missing > 0) {
      throw RefusedException.refused(
          Code.INTERNAL,
          "EVALUATOR_INCOMPLETE",
          String.format(
              Locale.ROOT,
              "The evaluator ended its answer about %s without %d of the points asked for.",
              subject,
              missing),
          Map.of());
    }
  }

  private static StatusRuntimeException about(String subject, StatusRuntimeException failure) {
    var said = StatusProto.fromStatusAndTrailers(failure.getStatus(), failure.getTrailers());
    var status = said.toBuilder();
    var message = said.getMessage().isEmpty() ? failure.getStatus().getCode() : said.getMessage();
    status.setMessage("The evaluator, asked about %s: %s".formatted(subject, message));
    if (said.getDetailsCount() == 0) {
      status.addDetails(
          Any.pack(
              ErrorInfo.newBuilder()
                  .setDomain(RefusedException.DOMAIN)
                  .setReason("EVALUATOR_FAILED")
                  .build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  private void attempt(Call call, Patience patience) throws InterruptedException {
    inFlight.acquire();
    try {
      throwIfCancelled();
      var deadline = configuration.deadline().toMillis();
      call.make(stub.withDeadlineAfter(deadline, TimeUnit.MILLISECONDS), patience::renew);
    } finally {
      inFlight.release();
    }
  }

  private static void throwIfCancelled() {
    if (Context.current().isCancelled()) {
      throw new CancellationException("study stopped");
    }
  }

  private static void waitOrCancelled(Duration wait) throws InterruptedException {
    var cancelled = new CountDownLatch(1);
    Context.CancellationListener listener = context -> cancelled.countDown();
    Context.current().addListener(listener, Runnable::run);
    try {
      if (cancelled.await(wait.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new CancellationException("study stopped");
      }
    } finally {
      Context.current().removeListener(listener);
    }
  }

  /** How long to go on asking, and how long to wait in between; renewed by progress. */
  private final class Patience {
    private OptionalLong failingSince = OptionalLong.empty();
    private Duration backoff = configuration.firstBackoff();

    void renew() {
      failingSince = OptionalLong.empty();
      backoff = configuration.firstBackoff();
    }

    boolean isAtEnd() {
      long now = System.nanoTime();
      if (failingSince.isEmpty()) {
        failingSince = OptionalLong.of(now);
      }
      return now - failingSince.getAsLong() > configuration.patience().toNanos();
    }

    /** Between half of the back-off and all of it, or what the evaluator asks for if longer. */
    Duration nextWait(Duration wanted) {
      long nanos = backoff.toNanos();
      var wait = Duration.ofNanos(ThreadLocalRandom.current().nextLong(nanos / 2, nanos + 1));
      backoff = min(backoff.multipliedBy(2), configuration.longestBackoff());
      var asked = min(wanted, configuration.patience());
      return asked.compareTo(wait) > 0 ? asked : wait;
    }

    private static Duration min(Duration a, Duration b) {
      return a.compareTo(b) < 0 ? a : b;
    }
  }

  private static Optional<Duration> retryDelay(StatusRuntimeException failure) {
    var status = StatusProto.fromThrowable(failure);
    if (status != null) {
      for (var detail : status.getDetailsList()) {
        if (detail.is(RetryInfo.class)) {
          try {
            var delay = detail.unpack(RetryInfo.class).getRetryDelay();
            return Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
          } catch (InvalidProtocolBufferException e) {
            log.warn("The evaluator's RetryInfo cannot be read", e);
          }
        }
      }
    }
    return Optional.empty();
  }
}
