package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.GetStudyResponse;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.input.InvalidInputException;
import dev.watershed.server.dataset.InvalidInputs;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ServedCallTest {
  private static final GetStudyRequest REQUEST =
      GetStudyRequest.newBuilder().setName("studies/a").build();

  /** Answers with whatever the test wants. */
  private static final class Studies extends StudyServiceGrpc.StudyServiceImplBase {
    volatile Supplier<Study> answer = Study::getDefaultInstance;
    volatile ServerStream.Body<WatchStudyResponse> watch = stream -> {};
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public void getStudy(GetStudyRequest request, StreamObserver<GetStudyResponse> observer) {
      calls.incrementAndGet();
      observer.onNext(GetStudyResponse.newBuilder().setStudy(answer.get()).build());
      observer.onCompleted();
    }

    @Override
    public void watchStudy(WatchStudyRequest request, StreamObserver<WatchStudyResponse> observer) {
      ServerStream.pump(observer, watch);
    }
  }

  private final Studies studies = new Studies();
  private Server server;
  private ManagedChannel channel;
  private StudyServiceGrpc.StudyServiceBlockingStub stub;

  @BeforeEach
  void serve() throws Exception {
    String name = InProcessServerBuilder.generateName();
    var builder = InProcessServerBuilder.forName(name);
    new ServedCalls(
            new ErrorInterceptor(new Errors(List.of(new InvalidInputs()))),
            new ValidationInterceptor(),
            new CallLimits(configuration()))
        .serve(builder, List.of(studies));
    server = builder.build().start();
    channel = InProcessChannelBuilder.forName(name).build();
    stub = StudyServiceGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
  }

  private static ServerConfiguration configuration() {
    return new ServerConfiguration(
        new ByteSize(1 << 20),
        false,
        10,
        Duration.ofSeconds(2),
        Duration.ofMillis(300),
        Duration.ofSeconds(20),
        Duration.ofSeconds(10),
        Duration.ofSeconds(8),
        1,
        1);
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  @Test
  void call_goodRequest_isAnswered() {
    studies.answer = () -> Study.newBuilder().setName("studies/a").build();
    assertThat(stub.getStudy(REQUEST).getStudy().getName()).isEqualTo("studies/a");
  }

  @Test
  void call_requestBreakingARule_isRefusedWithItsFieldBeforeTheHandler() throws Exception {
    var status = refusal(GetStudyRequest.newBuilder().setName("Studies/!").build());

    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(detail(status, ErrorInfo.class).getReason()).isEqualTo("REQUEST_INVALID");
    assertThat(detail(status, BadRequest.class).getFieldViolations(0).getField()).isEqualTo("name");
    assertThat(studies.calls).hasValue(0);
  }

  @Test
  void validate_aMillionAlphas_isRefusedByTheirCountAlone() {
    var alphas = DoubleStream.iterate(2, alpha -> alpha + 1).limit(1_000_000).boxed().toList();
    var request = EvaluateInterpolationRequest.newBuilder().addAllAlphas(alphas);
    request.setModelA("checkpoints/a").setModelB("checkpoints/b");

    var thrown =
        catchThrowableOfType(
            RefusedException.class, () -> new ValidationInterceptor().validate(request.build()));

    assertThat(thrown).hasMessageStartingWith("alphas: ").hasMessageContaining("10001");
    assertThat(thrown.getMessage()).doesNotContain("more violations");
  }

  @Test
  void call_handlerRefuses_carriesReasonAndRetry() throws Exception {
    studies.answer =
        () -> {
          throw RefusedException.resourceExhausted("QUEUE_FULL", "full", Duration.ofMillis(1500));
        };
    var status = refusal(REQUEST);

    assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(detail(status, ErrorInfo.class).getDomain()).isEqualTo("watershed.dev");
    assertThat(detail(status, RetryInfo.class).getRetryDelay().getNanos()).isEqualTo(500_000_000);
  }

  @Test
  void call_classifierRefusesInput_namesTheField() throws Exception {
    studies.answer =
        () -> {
          throw InvalidInputException.invalid("COLUMN_MISSING", "text_column", "no such column")
              .within("samples[0].split.file");
        };
    var status = refusal(REQUEST);

    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(detail(status, ErrorInfo.class).getReason()).isEqualTo("COLUMN_MISSING");
    assertThat(detail(status, BadRequest.class).getFieldViolations(0).getField())
        .isEqualTo("samples[0].split.file.text_column");
  }

  @Test
  void call_handlerFails_tellsAnIncidentAndNothingElse() throws Exception {
    studies.answer =
        () -> {
          throw new IllegalStateException("secret");
        };
    var status = refusal(REQUEST);

    assertThat(status.getCode()).isEqualTo(Code.INTERNAL_VALUE);
    assertThat(status.getMessage()).doesNotContain("secret");
    assertThat(detail(status, ErrorInfo.class).getMetadataMap()).containsKey("incident");
  }

  @Test
  void pump_bodyThrowsAfterAMessage_closesWithItsStatus() {
    studies.watch =
        stream -> {
          stream.send(WatchStudyResponse.getDefaultInstance());
          throw RefusedException.notFound("STUDY_NOT_FOUND", "studies/a", "gone");
        };
    var answers = stub.watchStudy(WatchStudyRequest.newBuilder().setName("studies/a").build());

    assertThat(answers.next()).isEqualTo(WatchStudyResponse.getDefaultInstance());
    var thrown = catchThrowableOfType(StatusRuntimeException.class, answers::hasNext);
    assertThat(thrown.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.NOT_FOUND);
  }

  @Test
  void pump_callCancelledWhileReaderIsSlow_endsTheBody() throws Exception {
    var ended = new CompletableFuture<Throwable>();
    studies.watch =
        stream -> {
          try {
            while (true) {
              stream.send(WatchStudyResponse.getDefaultInstance());
            }
          } catch (CancellationException e) {
            ended.complete(e);
            throw e;
          }
        };
    var call = new CompletableFuture<ClientCallStreamObserver<WatchStudyRequest>>();
    var closed = new CountDownLatch(1);
    StudyServiceGrpc.newStub(channel)
        .watchStudy(
            WatchStudyRequest.newBuilder().setName("studies/a").build(),
            new ClientResponseObserver<WatchStudyRequest, WatchStudyResponse>() {
              @Override
              public void beforeStart(ClientCallStreamObserver<WatchStudyRequest> requests) {
                requests.disableAutoRequestWithInitial(1); // reads one message and no more
                call.complete(requests);
              }

              @Override
              public void onNext(WatchStudyResponse value) {
                call.join().cancel("enough", null);
              }

              @Override
              public void onError(Throwable t) {
                closed.countDown();
              }

              @Override
              public void onCompleted() {
                closed.countDown();
              }
            });

    assertThat(ended.get(10, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
    assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void call_bytesThatAreNoProtobuf_areInvalidAndNeverReachTheHandler() throws Exception {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, () -> Bytes.call(channel));
    var status = StatusProto.fromThrowable(thrown);

    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(detail(status, ErrorInfo.class).getReason()).isEqualTo("REQUEST_UNREADABLE");
    assertThat(status.getMessage()).contains("watershed.analysis.v1.StudyService/GetStudy");
    assertThat(studies.calls).hasValue(0);
  }

  @Test
  void call_withoutARequest_isInvalidAndNeverReachesTheHandler() throws Exception {
    var closed = new CompletableFuture<com.google.rpc.Status>();
    var call = channel.newCall(StudyServiceGrpc.getGetStudyMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(io.grpc.Status status, Metadata trailers) {
            closed.complete(StatusProto.fromStatusAndTrailers(status, trailers));
          }
        },
        new Metadata());
    call.request(1);
    call.halfClose();

    var status = closed.get(10, TimeUnit.SECONDS);
    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(detail(status, ErrorInfo.class).getReason()).isEqualTo("REQUEST_UNREADABLE");
    assertThat(studies.calls).hasValue(0);
  }

  @Test
  void call_messageQuotesWhatNoTerminalShouldSee_isToldEscaped() throws Exception {
    var odd = "a\u0000\n\u001b[31m\u202e\ud800\ufffd b\uD83D\uDE00";
    var plain = "a\\u0000\\u000a\\u001b[31m\\u202e\\ud800\\ufffd b\uD83D\uDE00";
    studies.answer =
        () -> {
          throw RefusedException.invalidArgument("BAD", odd, odd);
        };
    var status = refusal(REQUEST);

    assertThat(status.getMessage()).isEqualTo(plain + ": " + plain);
    var violation = detail(status, BadRequest.class).getFieldViolations(0);
    assertThat(violation.getField()).isEqualTo(plain);
    assertThat(violation.getDescription()).isEqualTo(plain);
  }

  @Test
  void call_closedByGrpcItselfWithSuchAMessage_isToldEscaped() throws Exception {
    studies.answer =
        () -> {
          throw io.grpc.Status.NOT_FOUND
              .withDescription("unknown service \u0007")
              .asRuntimeException();
        };
    assertThat(refusal(REQUEST).getMessage()).isEqualTo("unknown service \\u0007");
  }

  @Test
  void call_handlerQuotesMuch_isToldInLittle() throws Exception {
    studies.answer =
        () -> {
          throw RefusedException.invalidArgument("BAD", "uri", "ä".repeat(10_000));
        };
    var status = refusal(REQUEST);

    assertThat(status.getSerializedSize()).isLessThanOrEqualTo(BoundedStatus.STATUS_BYTES);
    assertThat(detail(status, ErrorInfo.class).getReason()).isEqualTo("BAD");
    assertThat(detail(status, BadRequest.class).getFieldViolations(0).getField()).isEqualTo("uri");
  }

  @Test
  void pump_readerTakesNothing_losesItsPlaceWithAReason() throws Exception {
    var ended = new CompletableFuture<RefusedException>();
    studies.watch =
        stream -> {
          try {
            while (true) {
              stream.send(WatchStudyResponse.getDefaultInstance());
            }
          } catch (RefusedException e) {
            ended.complete(e);
            throw e;
          }
        };
    StudyServiceGrpc.newStub(channel)
        .watchStudy(
            WatchStudyRequest.newBuilder().setName("studies/a").build(), new OneMessageReader());

    var status = RefusalStatus.of(ended.get(10, TimeUnit.SECONDS));
    assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(detail(status, ErrorInfo.class).getReason()).isEqualTo("STREAM_NOT_READ");
  }

  @Test
  void pump_callWithoutDeadline_endsWithTheConfiguredOne() {
    studies.watch =
        stream -> {
          var expired = new CountDownLatch(1);
          stream.onCancel(expired::countDown);
          assertThat(expired.await(10, TimeUnit.SECONDS)).isTrue();
          stream.throwIfCancelled();
        };
    var answers =
        StudyServiceGrpc.newBlockingStub(channel)
            .watchStudy(WatchStudyRequest.newBuilder().setName("studies/a").build());

    var thrown = catchThrowableOfType(StatusRuntimeException.class, answers::hasNext);
    assertThat(thrown.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.DEADLINE_EXCEEDED);
  }

  /** Takes one message and asks for no more. */
  private static final class OneMessageReader
      implements ClientResponseObserver<WatchStudyRequest, WatchStudyResponse> {
    @Override
    public void beforeStart(ClientCallStreamObserver<WatchStudyRequest> requests) {
      requests.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(WatchStudyResponse value) {}

    @Override
    public void onError(Throwable t) {}

    @Override
    public void onCompleted() {}
  }

  private Status refusal(GetStudyRequest request) {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, () -> stub.getStudy(request));
    return StatusProto.fromThrowable(thrown);
  }

  private static <D extends com.google.protobuf.Message> D detail(Status status, Class<D> type)
      throws Exception {
    for (var any : status.getDetailsList()) {
      if (any.is(type)) {
        return any.unpack(type);
      }
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }
}
