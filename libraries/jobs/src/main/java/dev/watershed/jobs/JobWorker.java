package dev.watershed.jobs;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.ExecutionOperations;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.shaded.jdbc.SQLRuntimeException;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.Errors;
import dev.watershed.server.SteadyTime;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes jobs from the queue and has them worked on. A job keeps its place in the queue, marked as
 * taken, until it has ended; when its worker's heartbeat stops, another worker takes it over.
 *
 * <p>Where other processes use the database too, one look at each interval tells what they did with
 * the jobs that are followed or worked on here.
 */
public final class JobWorker<C> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JobWorker.class);
  private static final int MISSED_HEARTBEATS = 4;

  /** When to look again, at the latest, after the database or the disk failed. */
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final JobStore<C> store;
  private final JobFeed<C> feed;
  private final JobLoop<C> loop;
  private final WorkerSettings settings;
  private final Errors errors;
  private final Scheduler scheduler;
  private final String noun;

  /** What this process goes by in what it holds. */
  private final String process = UUID.randomUUID().toString();

  private final Map<String, JobAttempt<C>> running = new ConcurrentHashMap<>();
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean looking = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CountDownLatch closing = new CountDownLatch(1);

  /** One for each job that may still be taken. */
  private final Semaphore turns;

  /** Open once the last of them has ended, or will not come. */
  private final CountDownLatch spent = new CountDownLatch(1);

  private final ScheduledExecutorService lookout =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("jobs-lookout").factory());
  private Map<String, Long> versions = Map.of();

  public JobWorker(
      DataSource dataSource,
      JobStore<C> store,
      JobFeed<C> feed,
      JobLoop<C> loop,
      WorkerSettings settings,
      Errors errors,
      Clock clock) {
    this.store = store;
    this.feed = feed;
    this.loop = loop;
    this.settings = settings;
    this.turns = new Semaphore(settings.once() ? 1 : Integer.MAX_VALUE);
    this.errors = errors;
    this.noun = store.kind().noun();
    var tables = store.kind().tables();
    var task =
        Tasks.custom(tables.task(), Void.class)
            .onDeadExecution(JobWorker::leaveInQueue)
            .onFailure(this::leaveInQueueSoon)
            .execute((place, context) -> take(place.getId()));
    // Heartbeats of several processes are compared, and their clocks may be apart.
    InstantSource time = settings.soleWorker() ? clock : new DatabaseTime(dataSource, clock);
    var builder =
        Scheduler.create(dataSource, task)
            .tableName(tables.queue())
            .threads(Math.max(1, settings.concurrent()))
            .pollingInterval(settings.poll())
            .heartbeatInterval(settings.heartbeat())
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(settings.drain())
            .failureLogging(LogLevel.OFF, false)
            .clock(new SteadyTime(time)::now);
    if (locksWhatItFetches(dataSource)) {
      // Claims and reads in one statement, and holds no more than it works on.
      builder.pollUsingLockAndFetch(.5, 1);
    }
    this.scheduler = builder.build();
  }

  private static boolean locksWhatItFetches(DataSource dataSource) {
    try (var connection = dataSource.getConnection()) {
      return connection.getMetaData().getDatabaseProductName().equals("PostgreSQL");
    } catch (SQLException e) {
      throw new StoreException(e);
    }
  }

  /** Begins to take jobs, also what an earlier process left; once. */
  public void start() {
    if (!started.compareAndSet(false, true)) {
      return;
    }
    lookOut();
    if (settings.concurrent() == 0) {
      return;
    }
    if (settings.soleWorker()) {
      int released = store.releaseClaims();
      if (released > 0) {
        log.info("Released {} {}(s) that a dead worker had taken", released, noun);
      }
    }
    store.orderQueue();
    scheduler.start();
  }

  /** Begins to look at what other processes do, where there are any; once. */
  void lookOut() {
    if (!settings.soleWorker() && !isClosing() && looking.compareAndSet(false, true)) {
      long interval = settings.poll().toNanos();
      var unused =
          lookout.scheduleWithFixedDelay(this::lookAgain, interval, interval, TimeUnit.NANOSECONDS);
    }
  }

  /** Looks into the queue now rather than at the next poll. */
  public void wake() {
    scheduler.triggerCheckForDueExecutions();
  }

  /** Asks for a job to be stopped if this process works on it. */
  void stop(String id) {
    var attempt = running.get(id);
    if (attempt != null) {
      attempt.stop();
    }
  }

  /**
   * Has what is under way come to rest, leaves the jobs to be taken over, and returns. Returns at
   * once the second time.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    closing.countDown();
    lookout.shutdownNow();
    running.values().forEach(JobAttempt::close);
    scheduler.stop();
  }

  private boolean isClosing() {
    return closing.getCount() == 0;
  }

  private void lookAgain() {
    try {
      look();
    } catch (StoreException e) {
      log.debug("Nothing can be seen of other processes now", e);
    }
  }

  /** Sees what other processes did with the jobs that are followed or worked on here. */
  void look() {
    var wanted = new HashSet<>(feed.followed());
    wanted.addAll(running.keySet());
    if (wanted.isEmpty()) {
      versions = Map.of();
      return;
    }
    var seen = new HashMap<String, Long>();
    for (var glance : store.glance(wanted)) {
      seen.put(glance.id(), glance.version());
      var attempt = running.get(glance.id());
      boolean ours = attempt != null && attempt.hold().attempt() == glance.attempt();
      if (attempt != null && (!ours || glance.cancelRequested() || glance.state().ended())) {
        attempt.stop();
      }
      if (!ours && !Long.valueOf(glance.version()).equals(versions.get(glance.id()))) {
        store.find(glance.id()).ifPresent(feed::publish);
      }
    }
    wanted.removeAll(seen.keySet());
    for (var id : wanted) {
      feed.publishDeleted(id);
      stop(id);
    }
    versions = seen;
  }

  /**
   * Waits until the single job of a worker that takes one has ended, however it did, or none came.
   *
   * @param patience how long to wait for one to be there
   * @return whether one has ended; false where none came, and none is taken any more
   */
  public boolean awaitSpent(Duration patience) throws InterruptedException {
    while (!spent.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
      if (turns.tryAcquire()) {
        scheduler.pause();
        return false;
      }
    }
    // What is left is for others.
    scheduler.pause();
    return true;
  }

  private CompletionHandler<Void> take(String id) {
    if (isClosing() || !turns.tryAcquire()) {
      return JobWorker::leaveInQueue;
    }
    boolean ended = false;
    try {
      var claimed = store.claim(id, process, settings.maxCrashes(), loop.beginning());
      if (claimed.isEmpty() || claimed.get().state().ended()) {
        claimed.ifPresent(this::endedUntouched);
        return new CompletionHandler.OnCompleteRemove<>();
      }
      var attempt = new JobAttempt<>(store, feed, claimed.get(), closing);
      running.put(id, attempt);
      try {
        var handler = work(attempt);
        ended = handler instanceof CompletionHandler.OnCompleteRemove;
        return handler;
      } catch (HoldLostException e) {
        ended = true;
        return lost(id);
      } catch (StoreException e) {
        if (store.find(id).isPresent()) {
          throw e;
        }
        // What belongs to a job that was deleted cannot be written.
        ended = true;
        return lost(id);
      } finally {
        running.remove(id, attempt);
      }
    } finally {
      if (ended && settings.once()) {
        spent.countDown();
      } else {
        turns.release();
      }
    }
  }

  private void endedUntouched(Job<C> job) {
    feed.publish(job);
    if (job.error() != null) {
      log.warn("The {} {} is not tried again: {}", noun, job.id(), job.error().getMessage());
    }
    loop.ended(job);
  }

  private CompletionHandler<Void> work(JobAttempt<C> attempt) {
    var id = attempt.job().id();
    boolean done;
    try {
      if (isClosing()) {
        attempt.leave();
        return JobWorker::leaveInQueue;
      }
      done = loop.work(attempt);
    } catch (StoreException | HoldLostException e) {
      throw e;
    } catch (RuntimeException | IOException | InterruptedException | Error e) {
      if (DiskSpace.isFull(e)) {
        log.warn("The {} {} waits, because the disk is full: {}", noun, id, e.getMessage());
        attempt.leave();
        return this::leaveInQueueSoon;
      }
      var status = errors.toStatus(e);
      attempt.fail(status);
      log.warn("The {} {} failed: {}", noun, id, status.getMessage());
      loop.ended(attempt.job());
      return new CompletionHandler.OnCompleteRemove<>();
    }
    if (!done && !attempt.isCancelled()) {
      attempt.leave();
      log.info("The {} {} stopped; it goes on at the next start", noun, id);
      return JobWorker::leaveInQueue;
    }
    if (!done) {
      if (!attempt.endCancelled()) {
        return JobWorker::leaveInQueue;
      }
      log.info("The {} {} was cancelled", noun, id);
    } else {
      attempt.succeed();
      log.info("The {} {} succeeded", noun, id);
    }
    loop.ended(attempt.job());
    return new CompletionHandler.OnCompleteRemove<>();
  }

  /** Another worker has the job, or it has ended without this one. */
  private CompletionHandler<Void> lost(String id) {
    Optional<Job<C>> now = store.find(id);
    if (now.isPresent() && !now.get().state().ended()) {
      log.warn("The {} {} was taken over by another worker while this one was silent", noun, id);
      store.withdraw(id, process);
      return (complete, operations) -> {};
    }
    log.info("The {} {} was ended while it was worked on", noun, id);
    now.ifPresent(loop::ended);
    return (complete, operations) -> store.giveUpPlace(id, complete.getExecution().version);
  }

  /** The database or the disk had no room; whatever is next in the queue would fail likewise. */
  private void leaveInQueueSoon(ExecutionComplete complete, ExecutionOperations<Void> operations) {
    complete
        .getCause()
        .ifPresent(
            cause -> log.warn("The {} queue could not be worked on: {}", noun, cause.toString()));
    var delay = RETRY.compareTo(settings.heartbeat()) < 0 ? RETRY : settings.heartbeat();
    while (true) {
      try {
        boolean unused = closing.await(delay.toMillis(), TimeUnit.MILLISECONDS);
        leaveInQueue(complete, operations);
        return;
      } catch (SQLRuntimeException e) {
        // The database is still away. At the next start the job is found where it is.
        if (isClosing()) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static void leaveInQueue(
      ExecutionComplete complete, ExecutionOperations<Void> operations) {
    operations.reschedule(complete, complete.getExecution().getExecutionTime());
  }
}
