package dev.watershed.trainer.store;

import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.CreatedJobs;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobPage;
import dev.watershed.jobs.JobStore;
import dev.watershed.jobs.JobTransaction;
import dev.watershed.jobs.NewJob;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.sql.DataSource;

/** What is peculiar to runs among jobs: reuse by identity, curves, what they are listed by. */
public final class RunStore {
  private final JobStore<RunContent> jobs;

  public RunStore(DataSource dataSource, Clock clock) {
    this.jobs = new JobStore<>(new Database(dataSource), new RunKind(), clock);
  }

  /** What this database goes by in the store of its checkpoints; empty before it was claimed. */
  public Optional<String> owner() {
    return jobs.transact(
        transaction ->
            transaction
                .handle()
                .select("select name from training_owner")
                .mapTo(String.class)
                .findFirst());
  }

  /**
   * Says what this database goes by, where that was not said before.
   *
   * @return what it goes by then
   */
  public String claim(String owner) {
    return jobs.inTurn(
        transaction -> {
          var handle = transaction.handle();
          var known = handle.select("select name from training_owner").mapTo(String.class);
          return known
              .findFirst()
              .orElseGet(
                  () -> {
                    handle.execute(
                        "insert into training_owner (only_one, name) values (1, ?)", owner);
                    return owner;
                  });
        });
  }

  /** The runs as jobs. */
  public JobStore<RunContent> jobs() {
    return jobs;
  }

  /**
   * Writes runs and queues them; see {@link JobStore#create}.
   *
   * @param lastLook called once no other call creates or deletes; what it throws writes nothing
   * @param reusable whether a run of the same identity that has not failed is to be returned
   *     instead of a new one; one that was cancelled is queued again
   * @throws RefusedException RESOURCE_EXHAUSTED where more than {@code maxQueued} would wait;
   *     ALREADY_EXISTS where the request id was used with another body
   */
  public CreatedJobs<RunContent> create(
      CreateCall call,
      Runnable lastLook,
      List<NewJob<RunContent>> runs,
      Predicate<TrainingRun> reusable,
      int maxQueued) {
    return jobs.create(
        call,
        lastLook,
        runs,
        (transaction, wanted) -> findReusable(transaction, wanted, reusable),
        maxQueued);
  }

  /** The furthest run of an identity that has not failed. */
  private static Optional<Job<RunContent>> findReusable(
      JobTransaction<RunContent> transaction, RunContent wanted, Predicate<TrainingRun> reusable) {
    return transaction
        .select(
            "where job.identity = ? and job.state in ('TRAINING_RUN_STATE_SUCCEEDED',"
                + " 'TRAINING_RUN_STATE_RUNNING', 'TRAINING_RUN_STATE_QUEUED',"
                + " 'TRAINING_RUN_STATE_CANCELLED') order by case job.state"
                + " when 'TRAINING_RUN_STATE_SUCCEEDED' then 1"
                + " when 'TRAINING_RUN_STATE_RUNNING' then 2"
                + " when 'TRAINING_RUN_STATE_QUEUED' then 3 else 4 end, job.sequence",
            wanted.identity())
        .stream()
        .filter(found -> reusable.test(RunKind.message(found)))
        .findFirst();
  }

  /**
   * Deletes a run, its curve and the request ids that were answered with it. No other call creates
   * runs meanwhile.
   *
   * @param lastLook gets the run, and all runs that wait or are trained, in their order; what it
   *     throws undoes everything
   * @return whether there was one
   */
  public boolean delete(String id, BiConsumer<TrainingRun, List<TrainingRun>> lastLook) {
    return jobs.inTurn(
        transaction -> {
          var found = transaction.lock(id);
          found.ifPresent(
              run -> {
                lastLook.accept(RunKind.message(run), active(transaction));
                transaction.handle().execute("delete from training_curve where run_id = ?", id);
                transaction.delete(run);
              });
          return found.isPresent();
        });
  }

  /**
   * Does something while no other call creates runs.
   *
   * @param work gets all runs that wait or are trained, in their order
   */
  public <T> T withActive(Function<List<TrainingRun>, T> work) {
    return jobs.inTurn(transaction -> work.apply(active(transaction)));
  }

  private static List<TrainingRun> active(JobTransaction<RunContent> transaction) {
    return transaction.active().stream().map(RunKind::message).toList();
  }

  /**
   * Returns runs in the order they were made.
   *
   * @param states only these; empty for all
   * @param displayName only runs of this name; empty for all
   * @param after where the page before ended; 0 for the first
   * @param limit at most so many, and fewer where they would not fit a message
   * @param full whether they are told in full; see {@code TrainingRunView}
   */
  public JobPage<TrainingRun> list(
      Set<TrainingRunState> states, String displayName, long after, int limit, boolean full) {
    var condition = new ArrayList<String>();
    var parameters = new ArrayList<String>();
    if (!states.isEmpty()) {
      condition.add(
          "job.state in (" + String.join(",", Collections.nCopies(states.size(), "?")) + ")");
      states.forEach(state -> parameters.add(state.name()));
    }
    if (!displayName.isEmpty()) {
      condition.add("job.display_name = ?");
      parameters.add(displayName);
    }
    return jobs.page(
        condition.isEmpty() ? "true" : String.join(" and ", condition),
        parameters,
        after,
        limit,
        full ? RunKind::message : RunKind::basic);
  }

  /** Returns the curve of a run, by step; empty where none was written. */
  public List<TrainingPoint> curve(String id) {
    return jobs.transact(
        transaction ->
            transaction
                .handle()
                .select("select payload from training_curve where run_id = ?", id)
                .map((row, context) -> Database.parse(TrainingRun.parser(), row.getBytes(1)))
                .findFirst()
                .map(TrainingRun::getCurveList)
                .orElse(List.of()));
  }

  /**
   * Writes the curve that a run's content has. Whoever writes holds the run's own row, so no other
   * writes the curve meanwhile.
   */
  public static void writeCurve(JobTransaction<RunContent> transaction, Job<RunContent> run) {
    var curve = run.content().curve();
    if (curve == null) {
      return;
    }
    byte[] payload = TrainingRun.newBuilder().addAllCurve(curve).build().toByteArray();
    for (var sql :
        List.of(
            "update training_curve set payload = ? where run_id = ?",
            "insert into training_curve (payload, run_id) values (?, ?)")) {
      if (transaction.handle().execute(sql, payload, run.id()) > 0) {
        return;
      }
    }
  }

  /**
   * Fills in what runs of older versions have in their payload alone, which SQL cannot read: their
   * display names and their lives.
   *
   * @return how many there were
   */
  public int fillColumns() {
    return jobs.transact(
        transaction -> {
          var older = transaction.select("where job.display_name is null or job.attempt is null");
          for (var row : older) {
            transaction.write(row, RunKind.ofOlderVersion(row));
            transaction
                .handle()
                .execute(
                    "update training_run set display_name = ? where id = ?",
                    row.content().run().getSpec().getDisplayName(),
                    row.id());
          }
          return older.size();
        });
  }
}
