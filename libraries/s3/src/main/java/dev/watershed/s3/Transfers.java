package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.FileWork;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Requests of which a few are under way at a time. */
final class Transfers implements AutoCloseable {
  /** One connection seldom fills a network; many only take memory. */
  static final int AT_A_TIME = 8;

  /** A request, or several. */
  @FunctionalInterface
  interface Piece<T> {
    T run() throws IOException;
  }

  private final ExecutorService threads =
      Executors.newFixedThreadPool(AT_A_TIME, Thread.ofVirtual().name("s3-", 0).factory());

  /**
   * Runs pieces, none of which may wait for others, and returns their results in order. Where one
   * fails, those that have not begun do not.
   */
  <T> List<T> all(List<Piece<T>> pieces, FileWork work) throws IOException {
    var futures = new ArrayList<Future<T>>();
    try {
      for (Piece<T> piece : pieces) {
        futures.add(threads.submit(piece::run));
      }
      var results = new ArrayList<T>();
      for (Future<T> future : futures) {
        work.throwIfUnwanted();
        results.add(result(future));
      }
      return results;
    } finally {
      futures.forEach(future -> future.cancel(true));
    }
  }

  private static <T> T result(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while requests were under way");
    } catch (ExecutionException e) {
      throw failure(e);
    }
  }

  /** What another thread failed by, to be thrown on; returned where it is an IOException. */
  static IOException failure(ExecutionException failed) {
    Throwable cause = failed.getCause();
    if (cause instanceof IOException failure) {
      return failure;
    }
    if (cause instanceof RuntimeException failure) {
      throw failure;
    }
    if (cause instanceof Error failure) {
      throw failure;
    }
    throw new IllegalStateException(failed);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
