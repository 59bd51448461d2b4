package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.StringValue;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ClientStreamTest {
  private static final MethodDescriptor<StringValue, StringValue> JOIN =
      MethodDescriptor.<StringValue, StringValue>newBuilder()
          .setType(MethodDescriptor.MethodType.CLIENT_STREAMING)
          .setFullMethodName("test.Words/Join")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  /** What the body returned or threw. */
  private final CompletableFuture<Object> ended = new CompletableFuture<>();

  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void serve() throws Exception {
    serve(Duration.ofMinutes(1), Duration.ofMinutes(1));
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  @Test
  void stream_halfClosed_isAnsweredWithAllThatCame() throws Exception {
    var call = call();
    for (String word : List.of("a", "b", "c")) {
      call.write(StringValue.of(word));
    }
    call.halfClose();

    assertThat(call.read()).isEqualTo(StringValue.of("abc"));
  }

  @Test
  void stream_cancelledByItsClient_endsTheBody() throws Exception {
    var call = call();
    call.write(StringValue.of("a"));
    call.cancel("changed my mind", null);

    assertThat(end()).isInstanceOf(CancellationException.class);
  }

  @Test
  void stream_onWhichNothingComes_isEnded() throws Exception {
    stop();
    serve(Duration.ofMinutes(1), Duration.ofMillis(100));
    var call = call();
    call.write(StringValue.of("a"));

    var status = refusal(call);

    assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason())
        .isEqualTo("STREAM_NOT_SENT");
    assertThat(end()).isInstanceOf(RefusedException.class);
  }

  @Test
  void stream_withoutADeadline_endsAtTheServers() throws Exception {
    stop();
    serve(Duration.ofMillis(100), Duration.ofMinutes(1));

    var status = refusal(call());

    assertThat(status.getCode()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    assertThat(end()).isInstanceOf(CancellationException.class);
  }

  private Object end() throws Exception {
    return ended.get(10, TimeUnit.SECONDS);
  }

  private static com.google.rpc.Status refusal(BlockingClientCall<?, ?> call) {
    var thrown = catchThrowableOfType(StatusException.class, call::read);
    return StatusProto.fromThrowable(thrown);
  }

  private BlockingClientCall<StringValue, StringValue> call() {
    return ClientCalls.blockingClientStreamingCall(channel, JOIN, CallOptions.DEFAULT);
  }

  private void serve(Duration deadline, Duration silent) throws Exception {
    BindableService words =
        () ->
            ServerServiceDefinition.builder("test.Words")
                .addMethod(
                    JOIN,
                    ServerCalls.<StringValue, StringValue>asyncClientStreamingCall(
                        observer -> ClientStream.read(observer, this::join)))
                .build();
    String name = InProcessServerBuilder.generateName();
    var builder = InProcessServerBuilder.forName(name);
    var limits =
        new ServerConfiguration(
            new ByteSize(1 << 20),
            false,
            10,
            deadline,
            silent,
            Duration.ofSeconds(20),
            Duration.ofSeconds(10),
            Duration.ofSeconds(8),
            1,
            1);
    new ServedCalls(
            new ErrorInterceptor(new Errors(List.of())),
            new ValidationInterceptor(),
            new CallLimits(limits))
        .serve(builder, List.of(words));
    server = builder.build().start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  private StringValue join(ClientStream<StringValue> stream) throws InterruptedException {
    var joined = new StringBuilder();
    try {
      for (var next = stream.next(); next.isPresent(); next = stream.next()) {
        joined.append(next.get().getValue());
      }
      ended.complete(joined.toString());
      return StringValue.of(joined.toString());
    } catch (RuntimeException e) {
      ended.complete(e);
      throw e;
    }
  }
}
