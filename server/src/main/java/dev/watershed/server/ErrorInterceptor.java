package dev.watershed.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micronaut.core.order.Ordered;
import jakarta.inject.Singleton;

/**
 * Closes calls whose handler threw, or that were given a bare exception, with a full status.
 *
 * <p>A handler throws inside {@code onHalfClose}; an exception given to {@code onError} arrives at
 * {@code close} as the cause of an UNKNOWN status.
 */
@Singleton
public final class ErrorInterceptor implements ServerInterceptor, Ordered {
  private final Errors errors;

  public ErrorInterceptor(Errors errors) {
    this.errors = errors;
  }

  /** Outermost, so that what other interceptors throw is told too. */
  @Override
  public int getOrder() {
    return -100;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var translating = new TranslatingCall<>(call);
    return new SimpleForwardingServerCallListener<>(next.startCall(translating, headers)) {
      @Override
      public void onMessage(Q message) {
        guard(() -> super.onMessage(message));
      }

      @Override
      public void onHalfClose() {
        guard(super::onHalfClose);
      }

      @Override
      public void onReady() {
        guard(super::onReady);
      }

      private void guard(Runnable callback) {
        try {
          callback.run();
        } catch (RuntimeException thrown) {
          translating.close(Status.UNKNOWN.withCause(thrown), new Metadata());
        }
      }
    };
  }

  private final class TranslatingCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private boolean closed;

    TranslatingCall(ServerCall<Q, A> delegate) {
      super(delegate);
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
        super.close(status, trailers);
        return;
      }
      var translated = errors.toStatusRuntimeException(cause);
      var translatedTrailers = translated.getTrailers();
      super.close(
          translated.getStatus(), translatedTrailers == null ? trailers : translatedTrailers);
    }
  }
}
