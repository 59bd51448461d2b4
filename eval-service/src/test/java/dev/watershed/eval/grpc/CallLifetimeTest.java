package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.watershed.eval.engine.Evaluator;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.type.v1.EvaluationSample;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls that end early, come too many, or read slowly. */
@Timeout(120)
final class CallLifetimeTest {
  private static final int MANY = 10_001;

  private static final int MAX_QUEUED_CALLS = 2;

  private EvaluationServer server;
  private EvaluateInterpolationRequest quick;
  private EvaluateInterpolationRequest endless;

  @BeforeEach
  void serve(@TempDir Path root) throws Exception {
    server = new EvaluationServer(root, EvaluationServer.withMaxQueuedCalls(MAX_QUEUED_CALLS));
    String a = server.put("a", 1);
    String b = server.put("b", 2);
    String c = server.put("c", 3);
    EvaluationSample sample = server.sample("sample", 400, 7);
    quick = EvaluationServiceTest.line(a, c, List.of(0.0, 0.5, 1.0), sample);
    // Far more than is computed within the time limit of this test.
    endless =
        EvaluationServiceTest.line(
            a, b, IntStream.range(0, MANY).mapToObj(i -> i / (double) (MANY - 1)).toList(), sample);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void evaluateInterpolation_cancelled_freesItsPlaceAndTheDevice() throws Exception {
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      Context previous = context.attach();
      try {
        Iterator<EvaluateInterpolationResponse> answers =
            server.stub().evaluateInterpolation(endless);
        answers.next();
        assertThat(answers.next().hasPoint()).isTrue();
      } finally {
        context.detach(previous);
      }
    }
    answersWithin(Duration.ofSeconds(5));
    assertDeviceIsIdle();
    assertAllPlacesAreFree();
  }

  @Test
  void evaluateInterpolation_deadlinePassed_freesItsPlaceAndTheDevice() throws Exception {
    StatusRuntimeException thrown =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                server
                    .stub()
                    .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
                    .evaluateInterpolation(endless)
                    .forEachRemaining(answer -> {}));
    assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    answersWithin(Duration.ofSeconds(5));
    assertDeviceIsIdle();
    assertAllPlacesAreFree();
  }

  @Test
  void evaluateInterpolation_asManyCallsAsThereMayBe_refusesTheNextWithWhenToRetry()
      throws Exception {
    Reader slow = new Reader(server, endless);
    Reader other = new Reader(server, endless);
    slow.awaitAnswers(1);
    other.awaitAnswers(1);

    StatusRuntimeException thrown =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> server.stub().evaluateInterpolation(quick).hasNext());
    assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    com.google.rpc.Status status = StatusProto.fromThrowable(thrown);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason()).isEqualTo("QUEUE_FULL");
    assertThat(status.getDetails(1).unpack(RetryInfo.class).getRetryDelay().getSeconds())
        .isEqualTo(2);
    slow.cancel();
    answersWithin(Duration.ofSeconds(5));
  }

  @Test
  void evaluateInterpolation_slowReader_holdsUpNobodyAndIsNotComputedAhead() throws Exception {
    Reader slow = new Reader(server, endless);
    slow.awaitAnswers(1);
    answersWithin(Duration.ofSeconds(5));

    // What the transport holds is bounded, so the slow call comes to rest; then nothing is
    // computed.
    assertDeviceIsIdle();
    assertThat(server.counters.pointsComputed()).isLessThan(MANY / 2);
    assertThat(slow.answers).hasValue(1);
    slow.cancel();
  }

  @Test
  void evaluateInterpolation_longCallRunning_shortOneTakesTurnsWithIt() throws Exception {
    Reader whale = new Reader(server, endless);
    whale.readEverything();
    whale.awaitAnswers(2);
    answersWithin(Duration.ofSeconds(5));

    assertThat(whale.answers.get()).isLessThan(MANY);
    whale.cancel();
  }

  @Test
  void close_callInProgress_endsItAsUnavailable() throws Exception {
    Reader whale = new Reader(server, endless);
    whale.readEverything();
    whale.awaitAnswers(2);
    server.evaluator.close();

    assertThat(whale.closed.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(Status.fromThrowable(whale.failure.get()).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
  }

  private void answersWithin(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      try {
        assertThat(EvaluationServiceTest.interpolate(server, quick)).hasSize(3);
        assertThat(System.nanoTime()).isLessThan(end);
        return;
      } catch (StatusRuntimeException e) {
        // Its place is free a moment after the client has heard of the end of the call.
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(System.nanoTime()).as("still refused: %s", e.getStatus()).isLessThan(end);
        Thread.onSpinWait();
      }
    }
  }

  private void assertAllPlacesAreFree() {
    List<Evaluator.Place> places = new ArrayList<>();
    for (int i = 0; i < MAX_QUEUED_CALLS; i++) {
      places.add(server.evaluator.admit());
    }
    places.forEach(Evaluator.Place::close);
  }

  /** Waits until nothing was computed for far longer than a point takes. */
  private void assertDeviceIsIdle() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    long seen = server.counters.pointsComputed();
    long since = System.nanoTime();
    while (System.nanoTime() - since < TimeUnit.MILLISECONDS.toNanos(300)) {
      if (server.counters.pointsComputed() != seen) {
        seen = server.counters.pointsComputed();
        since = System.nanoTime();
      }
      assertThat(System.nanoTime()).as("the device never rests").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  /** A client that reads one message and then only what it is told to. */
  private static final class Reader
      implements ClientResponseObserver<
          EvaluateInterpolationRequest, EvaluateInterpolationResponse> {
    final AtomicInteger answers = new AtomicInteger();
    final CountDownLatch closed = new CountDownLatch(1);
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicReference<@Nullable ClientCallStreamObserver<EvaluateInterpolationRequest>>
        call = new AtomicReference<>();
    private volatile boolean everything;

    Reader(EvaluationServer server, EvaluateInterpolationRequest request) {
      server.asynchronousStub().evaluateInterpolation(request, this);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<EvaluateInterpolationRequest> stream) {
      stream.disableAutoRequestWithInitial(1);
      call.set(stream);
    }

    @Override
    public void onNext(EvaluateInterpolationResponse answer) {
      answers.incrementAndGet();
      if (everything) {
        stream().request(1);
      }
    }

    @Override
    public void onError(Throwable e) {
      failure.set(e);
      closed.countDown();
    }

    @Override
    public void onCompleted() {
      closed.countDown();
    }

    void readEverything() {
      everything = true;
      stream().request(2);
    }

    void cancel() {
      stream().cancel("enough", null);
    }

    void awaitAnswers(int count) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (answers.get() < count) {
        assertThat(failure.get()).isNull();
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.onSpinWait();
      }
    }

    private ClientCallStreamObserver<EvaluateInterpolationRequest> stream() {
      var stream = call.get();
      assertThat(stream).isNotNull();
      return stream;
    }
  }
}
