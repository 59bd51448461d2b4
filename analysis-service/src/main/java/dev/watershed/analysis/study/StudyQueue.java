package dev.watershed.analysis.study;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.ExecutionOperations;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.shaded.jdbc.SQLRuntimeException;
import com.google.rpc.Code;
import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.store.DeletedStudies;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.StoreException;
import dev.watershed.analysis.store.StoredStudy;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.StudyStore.Hold;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import dev.watershed.server.SteadyTime;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue of studies and this process's workers on it. The queue lives in the database: a study
 * whose process was killed is taken over once its heartbeats are missed.
 */
@Singleton
public final class StudyQueue {
  private static final Logger log = LoggerFactory.getLogger(StudyQueue.class);

  private static final String TABLE = "study_queue";
  private static final int MISSED_HEARTBEATS = 4;

  /** A study that ended its process so often without one more point is not tried again. */
  private static final int MAX_CRASHES = 2;

  /** When to look again after the database failed. */
  private static final Duration RETRY = Duration.ofSeconds(5);

  private static final Duration SHUTDOWN = Duration.ofSeconds(10);

  private final StudyStore store;
  private final DeletedStudies deleted;
  private final KnownPoints known;
  private final Lanes lanes;
  private final StudyUpdates updates;
  private final StudyConfiguration configuration;
  private final Clock clock;
  private final Errors errors;
  private final OneTimeTask<Void> task;
  private final Scheduler scheduler;
  private final Map<String, StudyRun> runs = new ConcurrentHashMap<>();
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);

  /** What this process goes by in what it holds. */
  private final String process = UUID.randomUUID().toString();

  StudyQueue(
      @Named("analysis") DataSource dataSource,
      StudyStore store,
      DeletedStudies deleted,
      KnownPoints known,
      Lanes lanes,
      StudyUpdates updates,
      StudyConfiguration configuration,
      Clock clock,
      Errors errors) {
    this.store = store;
    this.deleted = deleted;
    this.known = known;
    this.lanes = lanes;
    this.updates = updates;
    this.configuration = configuration;
    this.clock = clock;
    this.errors = errors;
    this.task =
        Tasks.oneTime("study")
            .onFailure(this::tryAgain)
            .onDeadExecution(StudyQueue::leaveInQueue)
            .execute((instance, execution) -> work(instance.getId()));
    this.scheduler =
        Scheduler.create(dataSource, task)
            .tableName(TABLE)
            .threads(Math.max(1, configuration.concurrentStudies()))
            .pollingInterval(configuration.pollInterval())
            .heartbeatInterval(configuration.heartbeatInterval())
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .enableImmediateExecution()
            .shutdownMaxWait(SHUTDOWN)
            .failureLogging(LogLevel.OFF, false)
            .clock(new SteadyTime(clock)::now)
            .build();
  }

  /** Begins to work, also on whatever an earlier process left; once. */
  void start() {
    if (configuration.concurrentStudies() == 0 || !started.compareAndSet(false, true)) {
      return;
    }
    if (configuration.soleWorker()) {
      store.releaseQueue();
    }
    store.orderQueue();
    // A process killed while it deleted a study left its rows.
    deleted.hidden().forEach(deleted::deleteRows);
    // A process killed between storing a study and queueing it left it out of the queue.
    store.unended().forEach(this::enqueue);
    scheduler.start();
  }

  /** Puts a stored study into the queue, unless it is there. */
  public void enqueue(StoredStudy study) {
    scheduler.scheduleIfNotExists(
        task.instance(study.id()), StudyStore.placeInQueue(study.number()));
    scheduler.triggerCheckForDueExecutions();
  }

  /** Cancels a study unless it has ended, and breaks off the work on it. */
  public void cancel(String id) {
    store.cancel(id, clock.instant());
    var run = runs.get(id);
    if (run != null) {
      run.stop();
    }
    updates.changed();
  }

  /** Breaks off the work on all studies, in good order; the next process goes on with them. */
  @PreDestroy
  void close() {
    if (closing.compareAndSet(false, true)) {
      closed.countDown();
      runs.values().forEach(StudyRun::stop);
      scheduler.stop();
    }
  }

  private void work(String id) {
    var begun = store.begin(id, process, clock.instant());
    if (begun.isPresent()) {
      updates.changed();
      try {
        attempt(id, begun.get());
      } finally {
        updates.changed();
      }
    }
  }

  private void attempt(String id, StoredStudy study) {
    var run = new StudyRun(store, known, lanes, updates, study);
    var hold = run.hold();
    runs.put(id, run);
    try {
      holdBackCrashing(study);
      throwIfClosing();
      log.info(
          "{} {}: {} models, {} of {} points there",
          study.study().getName(),
          study.attempt() == 1 ? "started" : "resumed, attempt " + study.attempt(),
          study.study().getSpec().getModelsCount(),
          study.study().getProgress().getCompletedPoints(),
          study.study().getProgress().getTotalPoints());
      var report = run.run();
      store.succeed(hold, report, clock.instant());
      log.info(
          "{} succeeded after {} s of computing",
          study.study().getName(),
          Math.round(report.getElapsedSeconds()));
    } catch (CancellationException | InterruptedException e) {
      // Otherwise it was cancelled, or another worker has it: nothing is left to do here.
      if (closing.get()) {
        store.pause(hold);
        log.info("{} stopped; it goes on at the next start", study.study().getName());
        throw new CancellationException("the process is going down");
      }
      store.withdrawCrash(hold, process);
    } catch (StoreException e) {
      if (store.find(id).isPresent()) {
        throw e;
      }
      // It was deleted, and its points could not be stored.
    } catch (RuntimeException e) {
      if (DiskSpace.isFull(e)) {
        throw e;
      }
      fail(study, hold, e);
    } finally {
      runs.remove(id);
    }
  }

  private void throwIfClosing() {
    if (closing.get()) {
      throw new CancellationException("the process is going down");
    }
  }

  private void fail(StoredStudy study, Hold hold, RuntimeException failure) {
    var status = errors.toStatus(failure);
    log.warn("{} failed: {}", study.study().getName(), status.getMessage());
    store.fail(hold, status, clock.instant());
  }

  private static void holdBackCrashing(StoredStudy study) {
    if (study.crashes() >= MAX_CRASHES) {
      throw RefusedException.refused(
          Code.ABORTED,
          "CRASHED_REPEATEDLY",
          String.format(
              Locale.ROOT,
              "The server's process ended %d times in a row while it worked on this study, and no"
                  + " point was stored in between; it is not tried again by itself. It may need"
                  + " more memory than there is, or have been killed from outside. Create the study"
                  + " again to try once more; points that are stored are taken over.",
              study.crashes()),
          Map.of("crashes", Integer.toString(study.crashes())));
    }
  }

  /**
   * At once after a shutdown, by whoever comes next; after a failure of the database in a while.
   */
  private void tryAgain(ExecutionComplete failed, ExecutionOperations<Void> operations) {
    if (!closing.get()) {
      failed
          .getCause()
          .ifPresent(
              cause ->
                  log.warn(
                      "A study was broken off; it goes on in {}: {}", RETRY, cause.toString()));
    }
    while (true) {
      try {
        boolean unused = closed.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
        leaveInQueue(failed, operations);
        return;
      } catch (SQLRuntimeException e) {
        // The database is still away. At the next start the study is found where it is.
        if (closing.get()) {
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
