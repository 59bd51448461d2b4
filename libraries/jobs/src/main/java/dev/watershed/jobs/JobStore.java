package dev.watershed.jobs;

import static dev.watershed.jobs.Database.time;

import com.google.protobuf.Message;
import dev.watershed.server.Pages;
import dev.watershed.server.RefusalStatus;
import dev.watershed.server.RefusedException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of one kind and their queue. Each method is one transaction and throws {@link
 * StoreException} when the database cannot be used.
 */
public final class JobStore<C> {
  /** The last place of the queue lies in 1973. */
  private static final long LAST_PLACE = 100_000_000_000_000L;

  /** Rows that a driver reads at a time. */
  private static final int FETCH_ROWS = 20;

  /** Of how many jobs it is asked at a time whether they changed. */
  private static final int GLANCE = 500;

  private final Database database;
  private final JobKind<C> kind;
  private final JobTables tables;
  private final Clock clock;

  /** Calls of one process wait here, and not with a connection each. */
  private final ReentrantLock turn = new ReentrantLock();

  public JobStore(Database database, JobKind<C> kind, Clock clock) {
    this.database = database;
    this.kind = kind;
    this.tables = kind.tables();
    this.clock = clock;
  }

  /** What they are. */
  public JobKind<C> kind() {
    return kind;
  }

  /** Does the work in one transaction, or none of it. */
  public <T> T transact(Function<JobTransaction<C>, T> work) {
    return database.transact(handle -> work.apply(new JobTransaction<>(handle, kind, now())));
  }

  /** Does the work while no other call creates or deletes jobs. */
  public <T> T inTurn(Function<JobTransaction<C>, T> work) {
    turn.lock();
    try {
      return transact(
          transaction -> {
            transaction.takeTurn();
            return work.apply(transaction);
          });
    } finally {
      turn.unlock();
    }
  }

  /** Returns a job. */
  public Optional<Job<C>> find(String id) {
    return transact(transaction -> transaction.find(id));
  }

  /**
   * Returns the jobs that an earlier call of the same request id was answered with, as they are
   * now.
   *
   * @throws RefusedException ALREADY_EXISTS where that call had another body
   */
  public Optional<CreatedJobs<C>> findCreatedBy(CreateCall call) {
    return transact(transaction -> transaction.answered(call));
  }

  /** Returns how many jobs there are in each state. */
  public Map<JobState, Long> counts() {
    return transact(
        transaction -> {
          var counts = new EnumMap<JobState, Long>(JobState.class);
          for (var state : JobState.values()) {
            counts.put(state, 0L);
          }
          transaction
              .handle()
              .select("select state, count(*) from " + tables.jobs() + " group by state")
              .map((row, context) -> Map.entry(tables.state(row.getString(1)), row.getLong(2)))
              .forEach(count -> counts.put(count.getKey(), count.getValue()));
          return counts;
        });
  }

  /** Writes new jobs; see {@link #create(CreateCall, Runnable, List, BiFunction, int)}. */
  public CreatedJobs<C> create(CreateCall call, List<NewJob<C>> wanted, int maxQueued) {
    return create(call, () -> {}, wanted, (transaction, job) -> Optional.empty(), maxQueued);
  }

  /**
   * Writes jobs and queues them in their order, all or none. Calls that come at the same moment,
   * also from several processes, are taken one after the other: of two with one request id, or two
   * that may reuse each other's jobs, one writes and the other returns what the first wrote.
   *
   * @param lastLook called once no other call creates or deletes; what it throws writes nothing
   * @param reusable returns a job that is to be returned instead of a new one; where it was
   *     cancelled, it is queued again
   * @throws RefusedException RESOURCE_EXHAUSTED where more than {@code maxQueued} would wait;
   *     ALREADY_EXISTS where the request id was used with another body
   */
  public CreatedJobs<C> create(
      CreateCall call,
      Runnable lastLook,
      List<NewJob<C>> wanted,
      BiFunction<JobTransaction<C>, C, Optional<Job<C>>> reusable,
      int maxQueued) {
    return inTurn(
        transaction -> {
          var known = transaction.answered(call);
          if (known.isPresent()) {
            return known.get();
          }
          lastLook.run();
          var answer = new ArrayList<Job<C>>();
          var added = new HashSet<String>();
          int reusedCount = 0;
          for (int i = 0; i < wanted.size(); i++) {
            var existing =
                reusable
                    .apply(transaction, wanted.get(i).content())
                    .map(found -> transaction.takeUp(found.id()));
            var job = existing.isPresent() ? existing.get() : transaction.insert(wanted.get(i));
            boolean reused = existing.isPresent() && !added.contains(job.id());
            if (reused) {
              reusedCount++;
            } else if (existing.isEmpty()) {
              added.add(job.id());
            }
            transaction.note(call, i, job, reused);
            answer.add(job);
          }
          transaction.refuseFullQueue(added.size(), maxQueued);
          return new CreatedJobs<>(answer, reusedCount);
        });
  }

  /**
   * Returns some jobs, oldest first, and no more than fit a message.
   *
   * @param condition which; the table goes by "job"
   * @param after the number of the last one of the page before; 0 for the first
   * @param view what a caller sees of one
   */
  public <M extends Message> JobPage<M> page(
      String condition, List<?> parameters, long after, int limit, Function<Job<C>, M> view) {
    var all = new ArrayList<@Nullable Object>(List.of(after));
    all.addAll(parameters);
    all.add(limit + 1);
    var rest =
        "where job.%s > ? and %s order by job.%s limit ?"
            .formatted(tables.number(), condition, tables.number());
    return transact(
        transaction -> {
          try (var jobs =
              transaction
                  .handle()
                  .select(transaction.selection() + rest, all.toArray())
                  .setFetchSize(FETCH_ROWS)
                  .map((row, context) -> transaction.read(row))
                  .iterator()) {
            var items = new ArrayList<M>();
            long last = 0;
            long bytes = 0;
            while (jobs.hasNext()) {
              var job = jobs.next();
              var item = view.apply(job);
              bytes += item.getSerializedSize();
              if (items.size() == limit || (!items.isEmpty() && bytes > Pages.MOST_BYTES)) {
                return new JobPage<>(items, OptionalLong.of(last));
              }
              last = job.number();
              items.add(item);
            }
            return new JobPage<>(items, OptionalLong.empty());
          }
        });
  }

  /**
   * Changes a job in one transaction; others who change it wait.
   *
   * @param change gets the job as it is and returns what it shall be; the same instance changes
   *     nothing; what it throws undoes everything
   * @return the job as it is then; empty where there is none
   */
  public Optional<Job<C>> change(String id, UnaryOperator<Job<C>> change) {
    return transact(
        transaction ->
            transaction.lock(id).map(before -> changed(transaction, before, change.apply(before))));
  }

  private Job<C> changed(JobTransaction<C> transaction, Job<C> before, Job<C> after) {
    if (after != before) {
      transaction.write(before, after);
    }
    return after;
  }

  /**
   * Changes a job as its worker.
   *
   * @param also what is written with it
   * @throws HoldLostException where the worker has it no more; nothing is written
   */
  public Job<C> change(
      Hold hold, UnaryOperator<Job<C>> change, BiConsumer<JobTransaction<C>, Job<C>> also) {
    return transact(
        transaction -> {
          var before =
              transaction
                  .lock(hold)
                  .filter(job -> job.isHeldBy(hold))
                  .orElseThrow(HoldLostException::new);
          var after = changed(transaction, before, change.apply(before));
          also.accept(transaction, after);
          return after;
        });
  }

  /**
   * Ends a waiting job; one that is worked on ends too, or is asked to, as its kind is. Changes
   * nothing where it has ended.
   *
   * @return the job as it is then; empty where there is none
   */
  public Optional<Job<C>> cancel(String id) {
    return transact(
        transaction ->
            transaction
                .lock(id)
                .map(
                    before ->
                        changed(
                            transaction,
                            before,
                            switch (before.state()) {
                              case QUEUED -> cancelled(before);
                              case RUNNING ->
                                  kind.endsAtOnce()
                                      ? cancelled(before)
                                      : before.withCancelRequested(true);
                              default -> before;
                            })));
  }

  private Job<C> cancelled(Job<C> job) {
    return job.ended(JobState.CANCELLED, null, now());
  }

  /** The time as columns hold it. */
  Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  /**
   * Takes a job for a new attempt, or ends one that is not to be tried.
   *
   * @param process what takes it; one that had it before and did not give it back has crashed
   * @param begun returns what its content is then
   * @return the job as it is then; empty where there is none or it had ended before
   */
  Optional<Job<C>> claim(String id, String process, int maxCrashes, UnaryOperator<C> begun) {
    return transact(
        transaction -> {
          var found = transaction.lock(id).filter(job -> !job.state().ended());
          if (found.isEmpty()) {
            return found;
          }
          var before = found.get();
          var now = now();
          var crashes = before.crashes().takenBy(process, kind.reached(before.content()));
          Job<C> after;
          if (before.cancelRequested()) {
            after = before.ended(JobState.CANCELLED, null, now);
          } else if (crashes.count() >= maxCrashes) {
            var counted = before.with(crashes);
            after =
                counted.ended(
                    JobState.FAILED, RefusalStatus.of(kind.crashedRepeatedly(counted)), now);
          } else {
            after = before.begun(crashes, now, begun.apply(before.content()));
          }
          transaction.write(before, after);
          return Optional.of(after);
        });
  }

  /** Says that a process lives, though another took a job from it for dead. */
  void withdraw(String id, String process) {
    change(
        id,
        job -> job.state() == JobState.RUNNING ? job.with(job.crashes().withdrawn(process)) : job);
  }

  /**
   * Takes a place out of the queue whose job its worker lost: the job has ended, or is gone.
   *
   * @param version of the worker's claim; a later claim is another's
   */
  void giveUpPlace(String id, long version) {
    transact(
        transaction ->
            transaction
                .handle()
                .execute(
                    "delete from "
                        + tables.queue()
                        + " where task_name = ? and task_instance = ? and version = ?",
                    tables.task(),
                    id,
                    version));
  }

  /**
   * What can be told of a job without reading it.
   *
   * @param version another one than before: something of it was changed
   */
  record Glance(String id, JobState state, int attempt, boolean cancelRequested, long version) {}

  /** Returns those that there are. */
  List<Glance> glance(Collection<String> ids) {
    var all = List.copyOf(ids);
    return transact(
        transaction -> {
          var seen = new ArrayList<Glance>();
          for (int from = 0; from < all.size(); from += GLANCE) {
            var some = all.subList(from, Math.min(all.size(), from + GLANCE));
            var marks = String.join(",", Collections.nCopies(some.size(), "?"));
            seen.addAll(
                transaction
                    .handle()
                    .select(
                        "select id, state, attempt, cancel_requested, version from "
                            + tables.jobs()
                            + " where id in ("
                            + marks
                            + ")",
                        some.toArray())
                    .map(
                        (row, context) ->
                            new Glance(
                                row.getString(1),
                                tables.state(row.getString(2)),
                                row.getInt(3),
                                row.getBoolean(4),
                                row.getLong(5)))
                    .list());
          }
          return seen;
        });
  }

  /**
   * Lets every claimed job be claimed again at once. Only for a process that knows that no other
   * worker is alive, such as one that holds an embedded database.
   *
   * @return how many there were
   */
  public int releaseClaims() {
    return transact(
        transaction ->
            transaction
                .handle()
                .execute(
                    "update "
                        + tables.queue()
                        + " set picked = false, picked_by = null, last_heartbeat = null,"
                        + " version = version + 1 where picked = true"));
  }

  /**
   * Gives every waiting job the place in the queue that follows from its number, also one that has
   * none. Older versions wrote the time of day there, or queued a job after they had written it.
   */
  public void orderQueue() {
    transact(
        transaction -> {
          var handle = transaction.handle();
          var waiting =
              handle
                  .select(
                      "select job.id, job.%s from %s queue join %s job on job.id = queue.task_instance"
                              .formatted(tables.number(), tables.queue(), tables.jobs())
                          + " where queue.task_name = ? and queue.picked = false"
                          + " and queue.execution_time > ?",
                      tables.task(),
                      time(JobTransaction.placeInQueue(LAST_PLACE)))
                  .map((row, context) -> Map.entry(row.getString(1), row.getLong(2)))
                  .list();
          for (var job : waiting) {
            handle.execute(
                "update "
                    + tables.queue()
                    + " set execution_time = ? where task_name = ? and task_instance = ?"
                    + " and picked = false",
                time(JobTransaction.placeInQueue(job.getValue())),
                tables.task(),
                job.getKey());
          }
          var lost =
              transaction.select(
                  "where job.state in (?, ?) and not exists (select 1 from "
                      + tables.queue()
                      + " queue where queue.task_name = ? and queue.task_instance = job.id)",
                  tables.state(JobState.QUEUED),
                  tables.state(JobState.RUNNING),
                  tables.task());
          lost.forEach(transaction::enqueue);
          return waiting.size() + lost.size();
        });
  }
}
