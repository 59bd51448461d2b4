package dev.watershed.server;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sending end of a server stream whose body runs on a virtual thread of its own: sending blocks
 * while the transport has enough, and ends with the call.
 *
 * @param <T> the message sent
 */
public final class ServerStream<T> {
  /** What fills the stream. */
  @FunctionalInterface
  public interface Body<T> {
    /** Sends messages and returns; what it throws closes the call. */
    void run(ServerStream<T> stream) throws Exception;
  }

  private final ServerCallStreamObserver<T> call;
  private final Duration unread = CallLimits.unreadStream();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  private ServerStream(ServerCallStreamObserver<T> call) {
    this.call = call;
  }

  /**
   * Answers a call with what {@code body} sends. To be called by the handler itself, before it
   * returns; the body runs in the call's {@link Context}, and {@link ErrorInterceptor} tells what
   * it throws.
   */
  public static <T> void pump(StreamObserver<T> observer, Body<T> body) {
    var call = (ServerCallStreamObserver<T>) observer;
    var stream = new ServerStream<>(call);
    call.setOnReadyHandler(stream::wake);
    call.setOnCancelHandler(stream::wake);
    // A deadline that we set ourselves cancels the context and not the call.
    stream.onCancel(stream::wake);
    Thread.ofVirtual().name("stream").start(Context.current().wrap(() -> stream.run(body)));
  }

  private void run(Body<T> body) {
    try {
      body.run(this);
      throwIfCancelled();
      call.onCompleted();
    } catch (Exception e) {
      call.onError(e);
    } catch (Error e) {
      call.onError(e);
      throw e;
    }
  }

  /**
   * Sends one message, waiting while the reader is slow.
   *
   * @throws RefusedException RESOURCE_EXHAUSTED when the reader has taken nothing for as long as it
   *     may, so that what the stream holds is free for others
   * @throws CancellationException when the call was cancelled or its deadline has passed
   */
  public void send(T message) throws InterruptedException {
    lock.lock();
    try {
      long left = unread.toNanos();
      while (!call.isReady() && !isCancelled()) {
        if (left <= 0) {
          throw notRead();
        }
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    throwIfCancelled();
    call.onNext(message);
  }

  private RefusedException notRead() {
    return RefusedException.refused(
        RefusedException.Kind.RESOURCE_EXHAUSTED,
        "STREAM_NOT_READ",
        "Nothing was read from this stream for "
            + unread.toMillis() / 1000.0
            + " s (watershed.server.unread-stream), so it was ended; ask again, and read what"
            + " comes.",
        Map.of());
  }

  /** Whether nobody waits for the answer any more. */
  public boolean isCancelled() {
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

  /** Runs {@code listener} when the call is cancelled or its deadline passes; at once if it has. */
  public void onCancel(Runnable listener) {
    Context.current().addListener(context -> listener.run(), Runnable::run);
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
