package dev.watershed.standalone.process;

import dev.watershed.client.LocalServer;
import dev.watershed.server.RefusedException;
import dev.watershed.server.RefusingInterceptor;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.protobuf.StatusProto;
import io.micronaut.context.annotation.Property;
import jakarta.inject.Singleton;
import java.time.Duration;

/**
 * Refuses calls that are meant for the server of another data directory, which has listened on this
 * port before.
 */
@Singleton
public final class OtherDirectoryRefusal implements RefusingInterceptor {
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final String own;

  OtherDirectoryRefusal(@Property(name = "standalone.identity") String own) {
    this.own = own;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String meant = headers.get(LocalServer.DIRECTORY);
    if (meant == null || meant.equals(own)) {
      return next.startCall(call, headers);
    }
    var refusal =
        RefusedException.unavailable(
            "OTHER_DATA_DIRECTORY",
            "The server that listens here keeps another data directory; the one that was named has"
                + " no server now. Start it with 'serve --data'.",
            RETRY);
    var told = StatusProto.toStatusRuntimeException(refusal.toStatus());
    var trailers = told.getTrailers();
    call.close(told.getStatus(), trailers == null ? new Metadata() : trailers);
    return new ServerCall.Listener<>() {};
  }
}
