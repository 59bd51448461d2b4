package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client that asks a real server for streams over one connection and reads none of them. */
@Timeout(180)
final class UnreadStreamsIT {
  private static final int PLACES_OF_A_CONNECTION = 16;
  private static final int MANY = 10_000;

  /** A header, three points, and the losses of each. */
  private static final int ANSWERS = 7;

  private static final int UNREAD_SECONDS = 6;
  private static final int RETRY_SECONDS = 2;

  /** The least that HTTP/2 allows, so that what is not read piles up soon. */
  private static final int WINDOW = 65_535;

  @Test
  void connection_streamsThatNobodyReads_takeItsPlacesOnlyAndLoseThem(@TempDir Path directory)
      throws Exception {
    try (ServerProcess server =
        ServerProcess.serve(
            directory.resolve("data"),
            directory,
            List.of(),
            Map.of("WATERSHED_SERVER_UNREAD_STREAM", UNREAD_SECONDS + "s"))) {
      var work = new PicoWork(server.channel());
      String first = PicoWork.checkpoint(work.trained(work.train(PicoExperiment.training(1, 1))));
      String second = PicoWork.checkpoint(work.trained(work.train(PicoExperiment.training(1, 2))));
      ManagedChannel greedy =
          NettyChannelBuilder.forTarget("dns:///" + server.address())
              .usePlaintext()
              .initialFlowControlWindow(WINDOW)
              .flowControlWindow(WINDOW)
              .build();
      try {
        List<Unread> streams = new ArrayList<>();
        for (int i = 0; i < PLACES_OF_A_CONNECTION; i++) {
          streams.add(new Unread(greedy, line(first, second, MANY)));
        }
        for (var stream : streams) {
          assertThat(stream.header.get(30, TimeUnit.SECONDS).hasHeader()).isTrue();
        }

        var few = line(first, second, 2);
        var refused =
            catchThrowableOfType(StatusRuntimeException.class, () -> answers(greedy, few));
        assertConnectionFull(refused);
        assertThat(answers(server.channel(), few)).as("another connection").hasSize(ANSWERS);

        assertThat(answersOnceThereIsPlace(server, greedy, few)).hasSize(ANSWERS);
        // One has lost its place; the others do as long after they have come to rest.
        assertThat(server.livesOn(2 * UNREAD_SECONDS)).isTrue();
        for (var stream : streams) {
          stream.readOn();
        }
        for (var stream : streams) {
          Status ended = stream.ended.get(30, TimeUnit.SECONDS);
          assertThat(ended.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
          assertThat(ended.getDescription())
              .contains("Nothing was read from this stream for " + UNREAD_SECONDS + ".0 s");
        }
      } finally {
        greedy.shutdownNow();
      }
    }
  }

  private static void assertConnectionFull(StatusRuntimeException refused) throws Exception {
    assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(refused)
        .hasMessageContaining("has 16 calls")
        .hasMessageContaining("watershed.eval.max-calls-per-connection");
    var status = StatusProto.fromThrowable(refused);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason())
        .isEqualTo("CONNECTION_FULL");
    assertThat(status.getDetails(1).unpack(RetryInfo.class).getRetryDelay().getSeconds())
        .isEqualTo(RETRY_SECONDS);
  }

  private static List<EvaluateInterpolationResponse> answersOnceThereIsPlace(
      ServerProcess server, Channel channel, EvaluateInterpolationRequest request)
      throws Exception {
    long start = System.nanoTime();
    while (true) {
      try {
        return answers(channel, request);
      } catch (StatusRuntimeException e) {
        assertConnectionFull(e);
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(60));
        assertThat(server.livesOn(RETRY_SECONDS)).isTrue();
      }
    }
  }

  /** The header, all points and their losses. */
  private static List<EvaluateInterpolationResponse> answers(
      Channel channel, EvaluateInterpolationRequest request) {
    List<EvaluateInterpolationResponse> answers = new ArrayList<>();
    EvaluationServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .evaluateInterpolation(request)
        .forEachRemaining(answers::add);
    return answers;
  }

  /** A line in so many intervals, with the loss of every example. */
  private static EvaluateInterpolationRequest line(String first, String second, int intervals) {
    return EvaluateInterpolationRequest.newBuilder()
        .setModelA(first)
        .setModelB(second)
        .addAllAlphas(
            IntStream.rangeClosed(0, intervals).mapToObj(i -> i / (double) intervals).toList())
        .addSamples(
            EvaluationSample.newBuilder()
                .setName("validation")
                .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation"))
                .setSize(512)
                .setSeed(1))
        .setIncludeExampleLosses(true)
        .build();
  }

  /** A stream of which the first message is taken, and no other until it is told to. */
  private static final class Unread
      implements ClientResponseObserver<
          EvaluateInterpolationRequest, EvaluateInterpolationResponse> {
    final CompletableFuture<EvaluateInterpolationResponse> header = new CompletableFuture<>();
    final CompletableFuture<Status> ended = new CompletableFuture<>();
    private final CompletableFuture<ClientCallStreamObserver<EvaluateInterpolationRequest>> call =
        new CompletableFuture<>();

    Unread(Channel channel, EvaluateInterpolationRequest request) {
      EvaluationServiceGrpc.newStub(channel)
          .withDeadlineAfter(170, TimeUnit.SECONDS)
          .evaluateInterpolation(request, this);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<EvaluateInterpolationRequest> stream) {
      stream.disableAutoRequestWithInitial(1);
      call.complete(stream);
    }

    @Override
    public void onNext(EvaluateInterpolationResponse answer) {
      header.complete(answer);
    }

    @Override
    public void onError(Throwable thrown) {
      header.completeExceptionally(thrown);
      ended.complete(Status.fromThrowable(thrown));
    }

    @Override
    public void onCompleted() {
      ended.complete(Status.OK);
    }

    void readOn() {
      call.join().request(Integer.MAX_VALUE);
    }
  }
}
