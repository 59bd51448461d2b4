package dev.watershed.jobs;

import static dev.watershed.jobs.Database.instant;
import static dev.watershed.jobs.Database.time;

import com.google.rpc.Status;
import dev.watershed.server.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What can be done with jobs in one transaction. A job and its place in the queue are written in
 * the same one, so neither is ever without the other.
 *
 * <p>The queue's table belongs to db-scheduler, which claims, beats and removes; only putting in
 * and taking back a job that nobody has claimed is done here.
 */
public final class JobTransaction<C> {
  private final Handle handle;
  private final JobKind<C> kind;
  private final JobTables tables;
  private final Instant now;

  JobTransaction(Handle handle, JobKind<C> kind, Instant now) {
    this.handle = handle;
    this.kind = kind;
    this.tables = kind.tables();
    this.now = now;
  }

  /** For statements of the kind's own. */
  public Handle handle() {
    return handle;
  }

  /** Returns a job. */
  public Optional<Job<C>> find(String id) {
    return select("where job.id = ?", id).stream().findFirst();
  }

  /** Returns a job that nobody else changes until this transaction ends. */
  public Optional<Job<C>> lock(String id) {
    return select("where job.id = ? for update", id).stream().findFirst();
  }

  Optional<Job<C>> lock(Hold hold) {
    return select("where job." + tables.number() + " = ? for update", hold.job()).stream()
        .findFirst();
  }

  /** Returns the jobs that wait or are worked on, oldest first. */
  public List<Job<C>> active() {
    return select(
        "where job.state in (?, ?) order by job." + tables.number(),
        tables.state(JobState.QUEUED),
        tables.state(JobState.RUNNING));
  }

  /**
   * Returns jobs.
   *
   * @param rest of the statement; the table goes by "job"
   */
  public List<Job<C>> select(String rest, @Nullable Object... parameters) {
    return handle.select(selection() + rest, parameters).map((row, context) -> read(row)).list();
  }

  String selection() {
    return "select job."
        + tables.number()
        + ", job.id, job.state, job.attempt, job.cancel_requested, job."
        + tables.crashes()
        + ", job."
        + tables.crashMark()
        + ", job.held_by, job.create_time, job.start_time, job.end_time, job.error"
        + kind.columns().stream().map(column -> ", job." + column).collect(Collectors.joining())
        + " from "
        + tables.jobs()
        + " job ";
  }

  Job<C> read(ResultSet row) throws SQLException {
    byte[] error = row.getBytes(12);
    var created = row.getObject(9, OffsetDateTime.class);
    return new Job<>(
        row.getLong(1),
        row.getString(2),
        tables.state(row.getString(3)),
        row.getInt(4),
        row.getBoolean(5),
        new Crashes(row.getInt(6), row.getLong(7), row.getString(8)),
        created.toInstant(),
        instant(row.getObject(10, OffsetDateTime.class)),
        instant(row.getObject(11, OffsetDateTime.class)),
        error == null ? null : Database.parse(Status.parser(), error),
        kind.read(row));
  }

  /** Writes a new job and queues it. */
  public Job<C> insert(NewJob<C> wanted) {
    var job =
        new Job<>(
            0,
            wanted.id(),
            JobState.QUEUED,
            0,
            false,
            Crashes.NONE,
            now,
            null,
            null,
            null,
            wanted.content());
    var names = new ArrayList<>(List.of("id", "create_time"));
    var values = new ArrayList<@Nullable Object>(List.of(job.id(), time(job.createTime())));
    names.addAll(lifeColumns());
    values.addAll(life(job));
    names.addAll(kind.columns());
    values.addAll(kind.write(job));
    var marks = String.join(", ", Collections.nCopies(names.size(), "?"));
    handle.execute(
        "insert into "
            + tables.jobs()
            + " ("
            + String.join(", ", names)
            + ", version) values ("
            + marks
            + ", 1)",
        values.toArray());
    var inserted = find(job.id()).orElseThrow();
    enqueue(inserted);
    return inserted;
  }

  /**
   * Writes a job that {@link #lock} returned. One that was cancelled leaves the queue; one that is
   * to be worked on again gets its place back.
   */
  public void write(Job<C> before, Job<C> after) {
    var names = new ArrayList<>(lifeColumns());
    var values = new ArrayList<>(life(after));
    if (after.content() != before.content() || after.state() != before.state()) {
      names.addAll(kind.columns());
      values.addAll(kind.write(after));
    }
    values.add(after.number());
    handle.execute(
        "update "
            + tables.jobs()
            + " set "
            + names.stream().map(name -> name + " = ?, ").collect(Collectors.joining())
            + "version = version + 1 where "
            + tables.number()
            + " = ?",
        values.toArray());
    if (after.state() == JobState.CANCELLED && before.state() != JobState.CANCELLED) {
      leaveQueue(after.id());
    } else if (after.state() == JobState.QUEUED && before.state() != JobState.QUEUED) {
      requeue(after);
    }
  }

  private List<String> lifeColumns() {
    return List.of(
        "state",
        "attempt",
        "cancel_requested",
        tables.crashes(),
        tables.crashMark(),
        "held_by",
        "start_time",
        "end_time",
        "error");
  }

  private List<@Nullable Object> life(Job<C> job) {
    var values = new ArrayList<@Nullable Object>();
    values.add(tables.state(job.state()));
    values.add(job.attempt());
    values.add(job.cancelRequested());
    values.add(job.crashes().count());
    values.add(job.crashes().mark());
    values.add(job.crashes().heldBy());
    values.add(job.startTime() == null ? null : time(job.startTime()));
    values.add(job.endTime() == null ? null : time(job.endTime()));
    values.add(job.error() == null ? null : job.error().toByteArray());
    return values;
  }

  /**
   * Sees to it that a job that is to be answered with instead of a new one comes to its end, unless
   * it has failed.
   */
  public Job<C> takeUp(String id) {
    // A worker may have changed it since it was found; now it cannot.
    var found = lock(id).orElseThrow();
    if (found.state() == JobState.CANCELLED) {
      var queued = found.queuedAgain();
      write(found, queued);
      return queued;
    }
    if (found.cancelRequested()) {
      // Its worker, where it stops all the same, leaves it in the queue.
      var wanted = found.withCancelRequested(false);
      write(found, wanted);
      return wanted;
    }
    return found;
  }

  /** Deletes a job and the request ids that were answered with it. */
  public void delete(Job<C> job) {
    leaveQueue(job.id());
    forgetRequests(job.id());
    handle.execute(
        "delete from " + tables.jobs() + " where " + tables.number() + " = ?", job.number());
  }

  /** Frees the request ids that were answered with a job. */
  public void forgetRequests(String id) {
    handle.execute(
        "delete from "
            + tables.requests()
            + " where request_id in (select request_id from "
            + tables.requests()
            + " where "
            + tables.requestedJob()
            + " = ?)",
        id);
  }

  /** A place that a worker has claimed is left to it. */
  public void leaveQueue(String id) {
    handle.execute(
        "delete from "
            + tables.queue()
            + " where task_name = ? and task_instance = ? and picked = false",
        tables.task(),
        id);
  }

  /** A place that a worker is about to give up is taken from it. */
  private void requeue(Job<C> job) {
    int moved =
        handle.execute(
            "update "
                + tables.queue()
                + " set picked = false, picked_by = null, last_heartbeat = null,"
                + " execution_time = ?, version = version + 1"
                + " where task_name = ? and task_instance = ?",
            time(placeInQueue(job.number())),
            tables.task(),
            job.id());
    if (moved == 0) {
      enqueue(job);
    }
  }

  void enqueue(Job<C> job) {
    handle.execute(
        "insert into "
            + tables.queue()
            + " (task_name, task_instance, execution_time, picked, version)"
            + " values (?, ?, ?, false, 1) on conflict do nothing",
        tables.task(),
        job.id(),
        time(placeInQueue(job.number())));
  }

  /**
   * The queue is ordered by a time, at which it is due: as many microseconds after 1970 as the
   * job's number. That is past whatever the clock says, also after it was set back.
   */
  static Instant placeInQueue(long number) {
    return Instant.EPOCH.plus(number, ChronoUnit.MICROS);
  }

  /** Waits until no other call creates or deletes, here or in another process. */
  void takeTurn() {
    handle.select("select id from " + tables.turn() + " for update").mapTo(Integer.class).list();
  }

  /**
   * Returns what an earlier call of the same request id was answered with, as it is now.
   *
   * @throws RefusedException ALREADY_EXISTS where that call had another body
   */
  Optional<CreatedJobs<C>> answered(CreateCall call) {
    if (!call.isRepeatable()) {
      return Optional.empty();
    }
    record Answer(String job, String digest, boolean reused) {}
    var answers =
        handle
            .select(
                "select "
                    + tables.requestedJob()
                    + ", digest, reused from "
                    + tables.requests()
                    + " where request_id = ? order by request_position",
                call.requestId())
            .map(
                (row, context) -> new Answer(row.getString(1), row.getString(2), row.getBoolean(3)))
            .list();
    var jobs = new ArrayList<Job<C>>();
    int reused = 0;
    for (var answer : answers) {
      // Older versions of a kind did not keep what the body was.
      if (!answer.digest().isEmpty() && !answer.digest().equals(call.digest())) {
        throw RefusedException.alreadyExists(
            "REQUEST_ID_REUSED",
            kind.name(answer.job()),
            "The request id \""
                + call.requestId()
                + "\" was used with another body, which made "
                + kind.name(answer.job())
                + ". Choose a new request id.");
      }
      var job = find(answer.job());
      if (job.isPresent()) {
        jobs.add(job.get());
        reused += answer.reused() ? 1 : 0;
      }
    }
    return jobs.isEmpty() ? Optional.empty() : Optional.of(new CreatedJobs<>(jobs, reused));
  }

  void note(CreateCall call, int position, Job<C> job, boolean reused) {
    if (call.isRepeatable()) {
      handle.execute(
          "insert into "
              + tables.requests()
              + " (request_id, request_position, digest, "
              + tables.requestedJob()
              + ", reused) values (?, ?, ?, ?, ?)",
          call.requestId(),
          position,
          call.digest(),
          job.id(),
          reused);
    }
  }

  /**
   * @param more of the waiting jobs were added by this transaction
   */
  void refuseFullQueue(int more, int most) {
    long waiting =
        handle
            .select(
                "select count(*) from " + tables.jobs() + " where state = ?",
                tables.state(JobState.QUEUED))
            .mapTo(Long.class)
            .one();
    if (more > 0 && waiting > most) {
      throw kind.queueFull(waiting - more, more, most);
    }
  }
}
