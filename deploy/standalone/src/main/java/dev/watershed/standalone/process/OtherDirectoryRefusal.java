package dev.watershed.standalone.process;

import dev.watershed.server.RefusedException;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micronaut.context.annotation.Property;
import io.micronaut.core.order.Ordered;
import jakarta.inject.Singleton;
import java.time.Duration;

/**
 * Refuses calls that are meant for the server of another data directory, which has listened on this
 * port before.
 */
@Singleton
public final class OtherDirectoryRefusal implements ServerInterceptor, Ordered {
  /** What a client that was told a data directory, and no address, says to be sure. */
  public static final Metadata.Key<String> DIRECTORY =
      Metadata.Key.of("watershed-data-directory", Metadata.ASCII_STRING_MARSHALLER);

  private static final Duration RETRY = Duration.ofSeconds(5);

  private final String own;

  OtherDirectoryRefusal(@Property(name = "standalone.identity") String own) {
    this.own = own;
  }

  /** Inside the interceptor that tells what this throws. */
  @Override
  public int getOrder() {
    return -90;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String meant = headers.get(DIRECTORY);
    if (meant == null || meant.equals(own)) {
      return next.startCall(call, headers);
    }
    call.close(
        Status.UNKNOWN.withCause(
            RefusedException.unavailable(
                "OTHER_DATA_DIRECTORY",
                "The server that listens here keeps another data directory; the one that was named"
                    + " has no server now. Start it with 'serve --data'.",
                RETRY)),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
