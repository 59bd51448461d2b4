package dev.watershed.jobs;

import dev.watershed.jobs.CountKind.Count;
import dev.watershed.server.Errors;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import javax.sql.DataSource;

/** A process in small that counts, on a database that it may share with others. */
final class CountWorker implements AutoCloseable {
  static final Duration OFTEN = Duration.ofMillis(50);

  final JobStore<Count> store;
  final JobFeed<Count> feed;
  final JobWorker<Count> worker;
  final Jobs<Count> jobs;

  /** Has a permit for each that has begun to watch and seen the job once. */
  final Semaphore watching = new Semaphore(0);

  private final ExecutorService watchers = Executors.newVirtualThreadPerTaskExecutor();

  CountWorker(
      DataSource dataSource,
      boolean endsAtOnce,
      CountLoop loop,
      boolean sole,
      Duration heartbeat,
      Duration poll) {
    this(
        dataSource,
        endsAtOnce,
        loop,
        new WorkerSettings(1, poll, heartbeat, sole, false, 2, Duration.ofSeconds(20)));
  }

  CountWorker(DataSource dataSource, boolean endsAtOnce, CountLoop loop, WorkerSettings settings) {
    this(dataSource, endsAtOnce, loop, settings, Clock.systemUTC());
  }

  CountWorker(
      DataSource dataSource,
      boolean endsAtOnce,
      CountLoop loop,
      WorkerSettings settings,
      Clock clock) {
    var kind = new CountKind(endsAtOnce);
    store = new JobStore<>(new Database(dataSource), kind, clock);
    feed = new JobFeed<>(kind);
    worker = new JobWorker<>(dataSource, store, feed, loop, settings, new Errors(List.of()), clock);
    jobs = new Jobs<>(store, feed, worker);
  }

  /** Queues jobs that count to a number. */
  List<Job<Count>> create(long end, String... ids) {
    var wanted = new ArrayList<NewJob<Count>>();
    for (var id : ids) {
      wanted.add(new NewJob<>(id, Count.to(end)));
    }
    var created = store.create(new CreateCall("", ""), wanted, 1_000_000).jobs();
    jobs.created();
    return created;
  }

  /** Watches a job to its end. */
  Future<List<Job<Count>>> watch(String id) {
    return watchers.submit(
        () -> {
          var seen = new ArrayList<Job<Count>>();
          jobs.watch(
              id,
              job -> {
                if (seen.isEmpty()) {
                  watching.release();
                }
                seen.add(job);
              });
          return seen;
        });
  }

  /** Watches a job until it is as wanted. */
  Job<Count> await(String id, Predicate<Job<Count>> wanted) throws InterruptedException {
    var seen = new ArrayList<Job<Count>>();
    try {
      jobs.watch(
          id,
          job -> {
            seen.add(job);
            if (wanted.test(job)) {
              throw new CancellationException("seen");
            }
          });
    } catch (CancellationException e) {
      return seen.getLast();
    }
    throw new AssertionError("never was as wanted: " + seen);
  }

  /** Waits for a job's end. */
  Job<Count> await(String id) throws InterruptedException {
    return await(id, job -> job.state().ended());
  }

  @Override
  public void close() {
    feed.close();
    worker.close();
    watchers.shutdownNow();
  }
}
