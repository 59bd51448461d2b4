package dev.watershed.server;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The receiving end of a client stream whose body runs on a virtual thread of its own: a message is
 * asked for when the one before it was dealt with, so a sender is as fast as what is done with what
 * it sends, and the body ends with the call.
 *
 * @param <Q> the message received
 */
public final class ClientStream<Q> {
  /** What takes the stream. */
  @FunctionalInterface
  public interface Body<Q, A> {
    /** Takes messages and returns the answer; what it throws closes the call. */
    A run(ClientStream<Q> stream) throws Exception;
  }

  private final ServerCallStreamObserver<?> call;
  private final Duration silent = CallLimits.unreadStream();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Q> arrived = new ArrayDeque<>();
  private boolean ended;

  private ClientStream(ServerCallStreamObserver<?> call) {
    this.call = call;
  }

  /**
   * Answers a call with what {@code body} makes of what comes. To be called by the handler itself;
   * the body runs in the call's {@link Context}, and {@link ErrorInterceptor} tells what it throws.
   *
   * @return what the handler returns
   */
  public static <Q, A> StreamObserver<Q> read(StreamObserver<A> observer, Body<Q, A> body) {
    var call = (ServerCallStreamObserver<A>) observer;
    call.disableAutoRequest();
    var stream = new ClientStream<Q>(call);
    call.setOnCancelHandler(stream::wake);
    // A deadline that we set ourselves, and a refusal on the way here, end the context alone.
    Context.current().addListener(context -> stream.wake(), Runnable::run);
    Thread.ofVirtual().name("stream").start(Context.current().wrap(() -> stream.run(call, body)));
    return stream.new Arrival();
  }

  private <A> void run(ServerCallStreamObserver<A> observer, Body<Q, A> body) {
    try {
      A answer = body.run(this);
      throwIfCancelled();
      observer.onNext(answer);
      observer.onCompleted();
    } catch (Exception e) {
      observer.onError(e);
    } catch (Error e) {
      observer.onError(e);
      throw e;
    }
  }

  /**
   * Waits for the next message; empty once the sender has said that there are no more.
   *
   * @throws RefusedException RESOURCE_EXHAUSTED when nothing came for as long as a stream may lie
   *     still, so that what it holds is free for others
   * @throws CancellationException when the call was cancelled or its deadline has passed
   */
  public Optional<Q> next() throws InterruptedException {
    lock.lock();
    try {
      if (arrived.isEmpty() && !ended) {
        call.request(1);
      }
      long left = silent.toNanos();
      while (arrived.isEmpty() && !ended && !isCancelled()) {
        if (left <= 0) {
          throw notSent();
        }
        left = changed.awaitNanos(left);
      }
      throwIfCancelled();
      return Optional.ofNullable(arrived.poll());
    } finally {
      lock.unlock();
    }
  }

  private RefusedException notSent() {
    return RefusedException.refused(
        RefusedException.Kind.RESOURCE_EXHAUSTED,
        "STREAM_NOT_SENT",
        "Nothing came on this stream for "
            + silent.toMillis() / 1000.0
            + " s (watershed.server.unread-stream), so it was ended and nothing of it kept; send"
            + " it again.",
        Map.of());
  }

  private boolean isCancelled() {
    return call.isCancelled() || Context.current().isCancelled();
  }

  /**
   * @throws CancellationException when the call was cancelled or its deadline has passed
   */
  public void throwIfCancelled() {
    if (isCancelled()) {
      throw new CancellationException("call cancelled");
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What the transport tells. */
  private final class Arrival implements StreamObserver<Q> {
    @Override
    public void onNext(Q message) {
      lock.lock();
      try {
        arrived.add(message);
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void onError(Throwable thrown) {
      wake(); // the call is cancelled
    }

    @Override
    public void onCompleted() {
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
