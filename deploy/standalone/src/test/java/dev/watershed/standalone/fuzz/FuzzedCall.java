package dev.watershed.standalone.fuzz;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One call as it is to go wrong.
 *
 * @param messages what is sent
 * @param halfClose whether the sender says that this was all
 * @param deadlineMillis the client gives up then
 * @param reads answers taken; the rest of a stream stays unread until the call is cancelled
 * @param cancelMicros the client cancels so long after it has sent; negative where it does not
 * @param encoding what the messages claim to be compressed by
 */
record FuzzedCall(
    List<byte[]> messages,
    boolean halfClose,
    int deadlineMillis,
    int reads,
    int cancelMicros,
    @Nullable String encoding) {
  /** Answers kept of a stream. */
  private static final int KEPT = 20;

  /** A call that does not end this much after its deadline hangs in the client. */
  private static final int GRACE_SECONDS = 60;

  /** What came of a call. */
  record Outcome(Status status, Metadata trailers, List<byte[]> answers) {}

  /** An ordinary one. */
  static FuzzedCall of(byte[] message, int deadlineMillis) {
    return new FuzzedCall(List.of(message), true, deadlineMillis, Integer.MAX_VALUE, -1, null);
  }

  /** Makes the call and waits for its end. */
  Outcome send(Channel channel, ServedMethod method) throws InterruptedException {
    var marshaller = new Bytes();
    var descriptor =
        MethodDescriptor.newBuilder(marshaller, marshaller)
            .setFullMethodName(method.name())
            .setType(type(method))
            .build();
    var options =
        CallOptions.DEFAULT
            .withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS)
            .withMaxInboundMessageSize(256 << 20);
    if (encoding != null) {
      options = options.withCompression(encoding);
    }
    ClientCall<byte[], byte[]> call = channel.newCall(descriptor, options);
    var ended = new CompletableFuture<Outcome>();
    var listener = new Answers(call, reads, ended);
    call.start(listener, new Metadata());
    if (reads > 0) {
      call.request(1);
    }
    try {
      messages.forEach(call::sendMessage);
      if (halfClose) {
        call.halfClose();
      }
    } catch (IllegalStateException e) {
      // Ended before all was sent.
      call.cancel("too late", e);
    }
    try {
      if (cancelMicros >= 0) {
        try {
          return ended.get(cancelMicros, TimeUnit.MICROSECONDS);
        } catch (TimeoutException e) {
          call.cancel("changed my mind", null);
        }
      }
      return ended.get(deadlineMillis + GRACE_SECONDS * 1000L, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(method.name() + " hangs beyond its deadline", e);
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private static MethodDescriptor.MethodType type(ServedMethod method) {
    if (method.descriptor().isServerStreaming()) {
      return MethodDescriptor.MethodType.SERVER_STREAMING;
    }
    return method.descriptor().isClientStreaming()
        ? MethodDescriptor.MethodType.CLIENT_STREAMING
        : MethodDescriptor.MethodType.UNARY;
  }

  private static final class Answers extends ClientCall.Listener<byte[]> {
    private final ClientCall<byte[], byte[]> call;
    private final int reads;
    private final CompletableFuture<Outcome> ended;
    private final List<byte[]> answers = new ArrayList<>();
    private final AtomicInteger taken = new AtomicInteger();

    Answers(ClientCall<byte[], byte[]> call, int reads, CompletableFuture<Outcome> ended) {
      this.call = call;
      this.reads = reads;
      this.ended = ended;
    }

    @Override
    public void onMessage(byte[] message) {
      if (answers.size() < KEPT) {
        answers.add(message);
      }
      if (taken.incrementAndGet() < reads) {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ended.complete(new Outcome(status, trailers, answers));
    }
  }

  /** Bytes as they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
