package dev.watershed.server;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.micronaut.context.annotation.Bean;
import jakarta.inject.Singleton;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Gives every call an end and an origin: a deadline where its sender set none, how long its answer
 * may lie unread, and the connection it came over, by which places can be shared out.
 */
@Singleton
@Bean(typed = CallLimits.class)
public final class CallLimits implements ServerInterceptor {
  private static final Context.Key<SocketAddress> CONNECTION = Context.key("connection");
  private static final Context.Key<Duration> UNREAD =
      Context.keyWithDefault("unread", ServerConfiguration.DEFAULT_UNREAD_STREAM);
  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("default-deadline").factory());

  private final ServerConfiguration configuration;

  public CallLimits(ServerConfiguration configuration) {
    this.configuration = configuration;
  }

  /** The other end of the connection that the current call came over; none within a process. */
  public static Optional<SocketAddress> connection() {
    return Optional.ofNullable(CONNECTION.get());
  }

  /** How long a message of the current call may wait for its reader. */
  static Duration unreadStream() {
    return UNREAD.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var context = Context.current().withValue(UNREAD, configuration.unreadStream());
    if (call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)
        instanceof InetSocketAddress peer) {
      context = context.withValue(CONNECTION, peer);
    }
    if (context.getDeadline() != null) {
      return Contexts.interceptCall(context, call, headers, next);
    }
    var limited =
        context.withDeadlineAfter(
            configuration.defaultDeadline().toNanos(), TimeUnit.NANOSECONDS, TIMER);
    return new SimpleForwardingServerCallListener<>(
        Contexts.interceptCall(limited, call, headers, next)) {
      @Override
      public void onComplete() {
        super.onComplete();
        limited.cancel(null);
      }

      @Override
      public void onCancel() {
        super.onCancel();
        limited.cancel(null);
      }
    };
  }
}
