package dev.watershed.jobs;

import com.google.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job while one worker has it: tells followers of progress, writes what must not be lost, and
 * hears that it is to stop.
 *
 * <p>The attempt's number is its fence: once another worker has taken the job over, nothing that
 * this one still writes is kept. But for {@link #stop} and {@link #isToStop}, it is the worker's
 * thread that calls.
 */
public final class JobAttempt<C> {
  private static final Logger log = LoggerFactory.getLogger(JobAttempt.class);
  private static final Duration DATABASE_RETRY = Duration.ofSeconds(1);

  private final JobStore<C> store;
  private final JobFeed<C> feed;
  private final CountDownLatch closing;
  private final Hold hold;
  private volatile Job<C> job;
  private volatile boolean cancelled;
  private volatile Runnable onStop = () -> {};
  private BiConsumer<JobTransaction<C>, Job<C>> also = (transaction, written) -> {};
  private @Nullable C unwritten;

  /**
   * @param job as a worker took it
   * @param closing has come to zero when the process is going down
   */
  public JobAttempt(JobStore<C> store, JobFeed<C> feed, Job<C> job, CountDownLatch closing) {
    this.store = store;
    this.feed = feed;
    this.closing = closing;
    this.hold = job.hold();
    this.job = job;
    feed.publish(job);
  }

  /** The job as it was last told or written. */
  public Job<C> job() {
    return job;
  }

  /** What other tables of the kind are fenced by. */
  public Hold hold() {
    return hold;
  }

  /** Whether somebody wants no more of it. */
  public boolean isCancelled() {
    return cancelled;
  }

  /** Whether it is to stop, because it was cancelled or the process is going down. */
  public boolean isToStop() {
    return cancelled || isClosing();
  }

  private boolean isClosing() {
    return closing.getCount() == 0;
  }

  /** Asks it to stop, as a cancelled job or one that another worker has; from any thread. */
  public void stop() {
    cancelled = true;
    onStop.run();
  }

  /** The process is going down. */
  void close() {
    onStop.run();
  }

  /** Has something done, at once or later and in any thread, when it is to stop. */
  public void whenToStop(Runnable action) {
    onStop = action;
    if (isToStop()) {
      action.run();
    }
  }

  /**
   * Has more written in the transactions that write the job.
   *
   * @param more gets the job as it is written
   */
  public void alsoWrite(BiConsumer<JobTransaction<C>, Job<C>> more) {
    also = more;
  }

  /** Tells followers how far it is; written with whatever is written next. */
  public void tell(C content) {
    unwritten = content;
    show(content);
  }

  /** Tells followers how far it is, as the kind's own statements have written. */
  public void show(C content) {
    job = job.with(content);
    feed.publish(job);
  }

  /**
   * Writes what was told, if the database lets it.
   *
   * @throws StoreException where it does not
   * @throws HoldLostException where the job is another's
   */
  public void write() {
    take(change(UnaryOperator.identity()));
  }

  /**
   * Writes what was told and must not be lost, waiting for the database as long as it is away.
   *
   * @throws HoldLostException where the job is another's
   */
  public void keep() {
    keep(UnaryOperator.identity());
  }

  /** Writes besides that all that was reached is safe, whatever happens to the process. */
  public void keepSaved() {
    keep(before -> before.with(before.crashes().saved()));
  }

  /** Leaves the job to be taken over. */
  void leave() {
    keep(before -> before.with(before.crashes().left()));
  }

  /**
   * Ends the job as cancelled, unless it was asked for again meanwhile.
   *
   * @return whether it has ended
   */
  public boolean endCancelled() {
    keep(
        before ->
            before.cancelRequested()
                ? before.ended(JobState.CANCELLED, null, store.now())
                : before);
    feed.publish(job);
    return job.state().ended();
  }

  /** Ends the job as done. */
  public void succeed() {
    end(JobState.SUCCEEDED, null);
  }

  /** Ends the job with an error. */
  public void fail(Status error) {
    end(JobState.FAILED, error);
  }

  private void end(JobState state, @Nullable Status error) {
    keep(before -> before.ended(state, error, store.now()));
    feed.publish(job);
  }

  private Job<C> change(UnaryOperator<Job<C>> how) {
    var content = unwritten;
    return store.change(
        hold, before -> how.apply(content == null ? before : before.with(content)), also);
  }

  private void keep(UnaryOperator<Job<C>> how) {
    boolean away = false;
    while (true) {
      try {
        take(change(how));
        if (away) {
          log.info("{} {}: the database is back; it goes on", noun(), job.id());
        }
        return;
      } catch (StoreException e) {
        if (!away) {
          log.warn("{} {} waits for the database: {}", noun(), job.id(), e.getMessage());
          away = true;
        }
        if (isClosing() || !pause()) {
          throw e;
        }
      }
    }
  }

  private String noun() {
    return store.kind().noun();
  }

  private void take(Job<C> written) {
    job = written;
    unwritten = null;
    if (written.cancelRequested() && !cancelled) {
      stop();
    }
  }

  private boolean pause() {
    try {
      boolean unused = closing.await(DATABASE_RETRY.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
