package dev.watershed.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.micronaut.context.annotation.Bean;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes calls whose handler threw, or that were given a bare exception, with a full status.
 *
 * <p>A handler throws inside {@code onHalfClose}; an exception given to {@code onError} arrives at
 * {@code close} as the cause of an UNKNOWN status. Every status that leaves is short enough to
 * arrive. A call that brings no request is refused here: gRPC would say INTERNAL.
 */
@Singleton
@Bean(typed = ErrorInterceptor.class)
public final class ErrorInterceptor implements ServerInterceptor {
  private static final Logger log = LoggerFactory.getLogger(ErrorInterceptor.class);

  private final Errors errors;
  private final LogLimit unreadable = new LogLimit(Duration.ofSeconds(10));

  public ErrorInterceptor(Errors errors) {
    this.errors = errors;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var translating = new TranslatingCall<>(call);
    boolean single = call.getMethodDescriptor().getType().clientSendsOneMessage();
    return new SimpleForwardingServerCallListener<>(next.startCall(translating, headers)) {
      private boolean received;

      @Override
      public void onMessage(Q message) {
        received = true;
        guard(
            () -> {
              try {
                super.onMessage(message);
              } catch (StatusRuntimeException e) {
                throw isUnreadable(e) ? refusedUnreadable(call) : e;
              }
            });
      }

      @Override
      public void onHalfClose() {
        guard(
            () -> {
              if (single && !received) {
                throw refusedEmpty(call);
              }
              super.onHalfClose();
            });
      }

      @Override
      public void onReady() {
        guard(super::onReady);
      }

      private void guard(Runnable callback) {
        // What was refused must not be worked on when the rest of its call arrives.
        if (translating.isClosed()) {
          return;
        }
        try {
          callback.run();
        } catch (RuntimeException thrown) {
          translating.close(Status.UNKNOWN.withCause(thrown), new Metadata());
        }
      }
    };
  }

  private static RefusedException refusedEmpty(ServerCall<?, ?> call) {
    return RefusedException.invalidArgument(
        "REQUEST_UNREADABLE",
        "",
        call.getMethodDescriptor().getFullMethodName()
            + " takes one request message, and the call ended without one.");
  }

  /** How gRPC says that bytes are no message of the type that the method takes. */
  private static boolean isUnreadable(StatusRuntimeException e) {
    return e.getStatus().getCode() == Status.Code.INTERNAL
        && e.getStatus().getCause() instanceof IOException;
  }

  private RefusedException refusedUnreadable(ServerCall<?, ?> call) {
    var method = call.getMethodDescriptor().getFullMethodName();
    unreadable
        .admit()
        .ifPresent(
            unsaid ->
                log.warn(
                    "A request of {} was no protobuf message; {} more since this was last said",
                    method,
                    unsaid));
    return RefusedException.invalidArgument(
        "REQUEST_UNREADABLE",
        "",
        "The bytes sent are not the protobuf message that "
            + method
            + " takes; check that the client was generated from the same contracts.");
  }

  private final class TranslatingCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private boolean closed;

    TranslatingCall(ServerCall<Q, A> delegate) {
      super(delegate);
    }

    synchronized boolean isClosed() {
      return closed;
    }

    @Override
    public void close(Status status, Metadata trailers) {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      var cause = status.getCause();
      if (status.getCode() != Status.Code.UNKNOWN || cause == null) {
        closeBounded(status, trailers);
        return;
      }
      var translated = errors.toStatusRuntimeException(cause);
      var translatedTrailers = translated.getTrailers();
      closeBounded(
          translated.getStatus(), translatedTrailers == null ? trailers : translatedTrailers);
    }

    private void closeBounded(Status status, Metadata trailers) {
      if (status.isOk()) {
        super.close(status, trailers);
        return;
      }
      var bounded =
          StatusProto.toStatusRuntimeException(
              BoundedStatus.of(StatusProto.fromStatusAndTrailers(status, trailers)));
      super.close(bounded.getStatus(), withDetails(trailers, bounded.getTrailers()));
    }

    /** The trailers, with the details of the status that is sent. */
    private static Metadata withDetails(Metadata trailers, @Nullable Metadata details) {
      if (details != null) {
        for (var key : details.keys()) {
          trailers.discardAll(Metadata.Key.of(key, Metadata.BINARY_BYTE_MARSHALLER));
        }
        trailers.merge(details);
      }
      return trailers;
    }
  }
}
