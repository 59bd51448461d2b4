package dev.watershed.jobs;

import dev.watershed.server.RefusedException;
import io.grpc.Context;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** What can be asked of the jobs of a kind. */
public final class Jobs<C> {
  private final JobStore<C> store;
  private final JobFeed<C> feed;
  private final JobWorker<C> worker;

  public Jobs(JobStore<C> store, JobFeed<C> feed, JobWorker<C> worker) {
    this.store = store;
    this.feed = feed;
    this.worker = worker;
  }

  /** Looks into the queue now, because jobs were created. */
  public void created() {
    worker.wake();
  }

  /**
   * Returns a job.
   *
   * @throws RefusedException NOT_FOUND
   */
  public Job<C> get(String id) {
    return store.find(id).orElseThrow(() -> store.kind().notFound(id));
  }

  /**
   * Ends a waiting job; ends one that is worked on, or asks it to stop, as its kind is. Changes
   * nothing where it has ended.
   *
   * @return the job as it is then
   * @throws RefusedException NOT_FOUND
   */
  public Job<C> cancel(String id) {
    var job = store.cancel(id).orElseThrow(() -> store.kind().notFound(id));
    if (job.state() == JobState.CANCELLED) {
      feed.publish(job);
    }
    worker.stop(id);
    return job;
  }

  /**
   * Shows a job as it is now and at each change until it has ended. Progress between two looks is
   * coalesced; a state never is.
   *
   * @throws RefusedException NOT_FOUND; UNAVAILABLE where the server is going down
   * @throws CancellationException once the call that this is part of is over
   */
  public void watch(String id, Watcher<C> watcher) throws InterruptedException {
    worker.lookOut();
    var call = Context.current();
    try (var subscription = feed.subscribe(id)) {
      Context.CancellationListener wake = over -> subscription.wake();
      call.addListener(wake, Runnable::run);
      try {
        watch(watcher, get(id), () -> subscription.next(call::isCancelled));
      } finally {
        call.removeListener(wake);
      }
    }
  }

  private interface News<C> {
    @Nullable Job<C> next() throws InterruptedException;
  }

  private void watch(Watcher<C> watcher, Job<C> first, News<C> news) throws InterruptedException {
    var seen = first;
    watcher.see(seen);
    while (!seen.state().ended()) {
      var next = news.next();
      if (next == null) {
        throw new CancellationException("nobody watches any more");
      }
      if (isNews(seen, next)) {
        if (hasRunBetween(seen, next)) {
          watcher.see(next.asRunning());
        }
        watcher.see(next);
        seen = next;
      }
    }
  }

  /** A job read from the database and one heard of meanwhile arrive in either order. */
  private boolean isNews(Job<C> seen, Job<C> next) {
    int order = Integer.compare(next.state().rank(), seen.state().rank());
    if (order == 0) {
      order = Integer.compare(next.attempt(), seen.attempt());
    }
    if (order == 0) {
      order = store.kind().progress().compare(next.content(), seen.content());
    }
    return order > 0;
  }

  /** Whether a job that was seen waiting has been worked on and ended since. */
  private boolean hasRunBetween(Job<C> seen, Job<C> next) {
    return seen.state() == JobState.QUEUED && next.state().ended() && next.startTime() != null;
  }
}
