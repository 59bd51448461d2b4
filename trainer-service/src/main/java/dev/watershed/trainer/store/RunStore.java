package dev.watershed.trainer.store;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.watershed.server.Pages;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;

/**
 * The runs and their queue. A run and its place in the queue are written in one transaction, so
 * neither is ever without the other.
 *
 * <p>The queue's table belongs to db-scheduler, which claims, beats and removes; only putting in
 * and taking back a run that nobody has claimed is done here.
 */
public final class RunStore {
  /** The table of the queue. */
  public static final String QUEUE_TABLE = "training_queue";

  /** The name that runs go by in the queue. */
  public static final String QUEUE_TASK = "training-run";

  private static final String NAME_PREFIX = "trainingRuns/";

  /** The last place of the queue lies in 1973. */
  private static final long LAST_PLACE = 100_000_000_000_000L;

  private static final Duration QUEUE_RETRY = Duration.ofSeconds(30);

  private final DataSource dataSource;
  private final Clock clock;

  public RunStore(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /** Returns the id in a resource name. */
  public static String id(TrainingRun run) {
    return run.getName().substring(NAME_PREFIX.length());
  }

  /** Returns the resource name of an id. */
  public static String name(String id) {
    return NAME_PREFIX + id;
  }

  /**
   * Returns the runs that an earlier call of the same request id answered with, as they are now.
   *
   * @throws RefusedException ALREADY_EXISTS where that call had another body
   */
  public Optional<CreatedRuns> findCreatedBy(CreateCall call) {
    return call.requestId().isEmpty()
        ? Optional.empty()
        : transact("find a request", connection -> answered(connection, call));
  }

  /**
   * Writes runs and queues them in their order, all or none. Calls that come at the same moment,
   * also from several processes, are taken one after the other: of two with one request id, or two
   * that may reuse each other's runs, one writes and the other returns what the first wrote.
   *
   * @param lastLook called once no other call creates or deletes; what it throws writes nothing
   * @param runs in state QUEUED
   * @param reusable whether a run of the same identity that has not failed is to be returned
   *     instead of a new one; one that was cancelled is queued again
   * @throws RefusedException RESOURCE_EXHAUSTED where more than {@code maxQueued} would wait;
   *     ALREADY_EXISTS where the request id was used with another body
   */
  public synchronized CreatedRuns create(
      CreateCall call,
      Runnable lastLook,
      List<NewRun> runs,
      Predicate<TrainingRun> reusable,
      int maxQueued) {
    return transact(
        "create runs",
        connection -> {
          takeTurn(connection);
          var known =
              call.requestId().isEmpty()
                  ? Optional.<CreatedRuns>empty()
                  : answered(connection, call);
          if (known.isPresent()) {
            return known.get();
          }
          lastLook.run();
          var answer = new ArrayList<TrainingRun>();
          var added = new HashSet<String>();
          int reusedCount = 0;
          for (int i = 0; i < runs.size(); i++) {
            var wanted = runs.get(i);
            var existing =
                takenUp(connection, findReusable(connection, wanted.identity(), reusable));
            var run = existing.orElse(wanted.run());
            boolean reused = existing.isPresent() && !added.contains(run.getName());
            if (reused) {
              reusedCount++;
            } else if (existing.isEmpty()) {
              insert(connection, wanted);
              added.add(run.getName());
            }
            if (!call.requestId().isEmpty()) {
              note(connection, call, i, run, reused);
            }
            answer.add(run);
          }
          refuseFullQueue(connection, added.size(), maxQueued);
          return new CreatedRuns(answer, reusedCount);
        });
  }

  /**
   * Deletes a run, its curve and the request ids that were answered with it. No other call creates
   * runs meanwhile.
   *
   * @param lastLook gets the run, and all runs that wait or are trained, in their order; what it
   *     throws undoes everything
   * @return whether there was one
   */
  public synchronized boolean delete(
      String id, BiConsumer<TrainingRun, List<TrainingRun>> lastLook) {
    return transact(
        "delete a run",
        connection -> {
          takeTurn(connection);
          var stored = select(connection, id, " for update");
          if (stored.isEmpty()) {
            return false;
          }
          lastLook.accept(stored.get().run(), active(connection));
          leaveQueue(connection, id);
          for (var sql :
              List.of(
                  "delete from training_request where request_id in"
                      + " (select request_id from training_request where run_id = ?)",
                  "delete from training_curve where run_id = ?",
                  "delete from training_run where id = ?")) {
            try (var delete = connection.prepareStatement(sql)) {
              delete.setString(1, id);
              delete.executeUpdate();
            }
          }
          return true;
        });
  }

  /**
   * Does something while no other call creates runs.
   *
   * @param work gets all runs that wait or are trained, in their order
   */
  public synchronized <T> T withActive(Function<List<TrainingRun>, T> work) {
    return transact(
        "see what is in use",
        connection -> {
          takeTurn(connection);
          return work.apply(active(connection));
        });
  }

  private static List<TrainingRun> active(Connection connection) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "select payload from training_run where state in ('TRAINING_RUN_STATE_QUEUED',"
                + " 'TRAINING_RUN_STATE_RUNNING') order by sequence")) {
      var runs = new ArrayList<TrainingRun>();
      for (var rows = query.executeQuery(); rows.next(); ) {
        runs.add(parse(rows.getBytes(1)));
      }
      return runs;
    }
  }

  /** Returns a run. */
  public Optional<StoredRun> find(String id) {
    return transact("find a run", connection -> select(connection, id, ""));
  }

  /**
   * Returns runs in the order they were made.
   *
   * @param states only these; empty for all
   * @param displayName only runs of this name; empty for all
   * @param after where the page before ended; 0 for the first
   * @param limit at most so many, and fewer where they would not fit a message
   */
  public RunPage list(Set<TrainingRunState> states, String displayName, long after, int limit) {
    var marks = String.join(",", Collections.nCopies(states.size(), "?"));
    var condition =
        (states.isEmpty() ? "" : " and state in (" + marks + ")")
            + (displayName.isEmpty() ? "" : " and display_name = ?");
    return transact(
        "list runs",
        connection -> {
          var sql = "select sequence, payload from training_run where sequence > ?" + condition;
          try (var query = connection.prepareStatement(sql + " order by sequence limit ?")) {
            int parameter = 1;
            query.setLong(parameter++, after);
            for (var state : states) {
              query.setString(parameter++, state.name());
            }
            if (!displayName.isEmpty()) {
              query.setString(parameter++, displayName);
            }
            query.setInt(parameter, limit + 1);
            return page(query.executeQuery(), limit);
          }
        });
  }

  /**
   * Changes a run in one transaction; others who change it wait.
   *
   * @param change gets the run as it is and returns what it shall be; the same instance changes
   *     nothing; what it throws undoes everything
   * @return the run as it is then; empty where there is none
   */
  public Optional<StoredRun> update(String id, UnaryOperator<StoredRun> change) {
    return transact("change a run", connection -> change(connection, id, change));
  }

  /**
   * Changes a run as {@link #update(String, UnaryOperator)} does, and its curve with it.
   *
   * @param curve all of it
   */
  public Optional<StoredRun> update(
      String id, UnaryOperator<StoredRun> change, List<TrainingPoint> curve) {
    return transact(
        "change a run",
        connection -> {
          var after = change(connection, id, change);
          if (after.isPresent()) {
            writeCurve(connection, id, curve);
          }
          return after;
        });
  }

  /** Returns the curve of a run, by step; empty where none was written. */
  public List<TrainingPoint> curve(String id) {
    return transact(
        "find a curve",
        connection -> {
          try (var query =
              connection.prepareStatement("select payload from training_curve where run_id = ?")) {
            query.setString(1, id);
            var rows = query.executeQuery();
            return rows.next() ? parse(rows.getBytes(1)).getCurveList() : List.of();
          }
        });
  }

  private Optional<StoredRun> change(
      Connection connection, String id, UnaryOperator<StoredRun> change) throws SQLException {
    var before = select(connection, id, " for update");
    if (before.isEmpty()) {
      return before;
    }
    var after = change.apply(before.get());
    if (after != before.get()) {
      write(connection, id, after);
    }
    return Optional.of(after);
  }

  /** Whoever writes holds the run's own row, so no other writes the curve meanwhile. */
  private static void writeCurve(Connection connection, String id, List<TrainingPoint> curve)
      throws SQLException {
    byte[] payload = TrainingRun.newBuilder().addAllCurve(curve).build().toByteArray();
    for (var sql :
        List.of(
            "update training_curve set payload = ? where run_id = ?",
            "insert into training_curve (payload, run_id) values (?, ?)")) {
      try (var statement = connection.prepareStatement(sql)) {
        statement.setBytes(1, payload);
        statement.setString(2, id);
        if (statement.executeUpdate() > 0) {
          return;
        }
      }
    }
  }

  /**
   * Fills in the display names of runs that were written before there was a column for them, which
   * SQL cannot read from their payload.
   *
   * @return how many there were
   */
  public int fillDisplayNames() {
    return transact(
        "fill in display names",
        connection -> {
          try (var query =
                  connection.prepareStatement(
                      "select id, payload from training_run where display_name is null");
              var update =
                  connection.prepareStatement(
                      "update training_run set display_name = ? where id = ?")) {
            int filled = 0;
            for (var rows = query.executeQuery(); rows.next(); filled++) {
              update.setString(1, parse(rows.getBytes(2)).getSpec().getDisplayName());
              update.setString(2, rows.getString(1));
              update.executeUpdate();
            }
            return filled;
          }
        });
  }

  /**
   * Lets every claimed run be claimed again at once. Only for a process that knows that no other
   * worker is alive, such as one that holds an embedded database.
   *
   * @return how many there were
   */
  public int releaseClaims() {
    return transact(
        "release claims",
        connection -> {
          try (var update =
              connection.prepareStatement(
                  "update training_queue set picked = false, picked_by = null,"
                      + " last_heartbeat = null, version = version + 1 where picked = true")) {
            return update.executeUpdate();
          }
        });
  }

  /**
   * Gives every waiting run the place in the queue that follows from its number. Older versions
   * wrote the time of day there.
   */
  public void orderQueue() {
    transact(
        "order the queue",
        connection -> {
          try (var query =
                  connection.prepareStatement(
                      "select run.id, run.sequence from training_queue queue"
                          + " join training_run run on run.id = queue.task_instance"
                          + " where queue.task_name = ? and queue.picked = false"
                          + " and queue.execution_time > ?");
              var update =
                  connection.prepareStatement(
                      "update training_queue set execution_time = ? where task_name = ?"
                          + " and task_instance = ? and picked = false")) {
            query.setString(1, QUEUE_TASK);
            query.setObject(2, placeInQueue(LAST_PLACE));
            for (var rows = query.executeQuery(); rows.next(); ) {
              update.setObject(1, placeInQueue(rows.getLong(2)));
              update.setString(2, QUEUE_TASK);
              update.setString(3, rows.getString(1));
              update.executeUpdate();
            }
            return true;
          }
        });
  }

  /**
   * The queue is ordered by a time, at which it is due: as many microseconds after 1970 as its
   * number. That is past whatever the clock says, also after it was set back.
   */
  private static OffsetDateTime placeInQueue(Connection connection, String id) throws SQLException {
    try (var query =
        connection.prepareStatement("select sequence from training_run where id = ?")) {
      query.setString(1, id);
      var rows = query.executeQuery();
      rows.next();
      return placeInQueue(rows.getLong(1));
    }
  }

  private static OffsetDateTime placeInQueue(long sequence) {
    return Instant.EPOCH.plus(sequence, ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
  }

  /** Waits until no other call creates or deletes; none will until this transaction has ended. */
  private static void takeTurn(Connection connection) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "select id from training_create_turn where id = 1 for update")) {
      query.executeQuery();
    }
  }

  private static Optional<CreatedRuns> answered(Connection connection, CreateCall call)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "select request.digest, request.reused, run.payload from training_request request"
                + " join training_run run on run.id = request.run_id"
                + " where request.request_id = ? order by request.request_position")) {
      query.setString(1, call.requestId());
      var runs = new ArrayList<TrainingRun>();
      int reusedCount = 0;
      for (var rows = query.executeQuery(); rows.next(); ) {
        var run = parse(rows.getBytes("payload"));
        if (!rows.getString("digest").equals(call.digest())) {
          throw RefusedException.alreadyExists(
              "REQUEST_ID_REUSED",
              run.getName(),
              "The request id \""
                  + call.requestId()
                  + "\" was used with another body, which made "
                  + run.getName()
                  + ". Choose a new request id.");
        }
        runs.add(run);
        reusedCount += rows.getBoolean("reused") ? 1 : 0;
      }
      return runs.isEmpty() ? Optional.empty() : Optional.of(new CreatedRuns(runs, reusedCount));
    }
  }

  /** The furthest run of an identity that has not failed. */
  private static Optional<TrainingRun> findReusable(
      Connection connection, String identity, Predicate<TrainingRun> reusable) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "select payload from training_run where identity = ? and"
                + " state in ('TRAINING_RUN_STATE_SUCCEEDED', 'TRAINING_RUN_STATE_RUNNING',"
                + " 'TRAINING_RUN_STATE_QUEUED', 'TRAINING_RUN_STATE_CANCELLED') order by case state"
                + " when 'TRAINING_RUN_STATE_SUCCEEDED' then 1"
                + " when 'TRAINING_RUN_STATE_RUNNING' then 2"
                + " when 'TRAINING_RUN_STATE_QUEUED' then 3 else 4 end, sequence")) {
      query.setString(1, identity);
      for (var rows = query.executeQuery(); rows.next(); ) {
        var run = parse(rows.getBytes(1));
        if (reusable.test(run)) {
          return Optional.of(run);
        }
      }
      return Optional.empty();
    }
  }

  /** Sees to it that a run that is to be reused comes to its end. */
  private Optional<TrainingRun> takenUp(Connection connection, Optional<TrainingRun> found)
      throws SQLException {
    if (found.isEmpty()) {
      return found;
    }
    String id = id(found.get());
    // A worker may have changed it since it was found; now it cannot.
    var stored = select(connection, id, " for update").orElseThrow();
    if (stored.run().getState() == TrainingRunState.TRAINING_RUN_STATE_CANCELLED) {
      var queued =
          stored.run().toBuilder()
              .setState(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
              .clearEndTime()
              .clearError()
              .build();
      write(connection, id, new StoredRun(queued, false, Crashes.NONE));
      requeue(connection, id);
      return Optional.of(queued);
    }
    if (stored.cancelRequested()) {
      // Its worker, where it stops all the same, leaves it in the queue.
      write(connection, id, new StoredRun(stored.run(), false, stored.crashes()));
    }
    return Optional.of(stored.run());
  }

  /** A place that a worker is about to give up is taken from it. */
  private void requeue(Connection connection, String id) throws SQLException {
    try (var update =
        connection.prepareStatement(
            "update training_queue set picked = false, picked_by = null, last_heartbeat = null,"
                + " execution_time = ?, version = version + 1"
                + " where task_name = ? and task_instance = ?")) {
      update.setObject(1, placeInQueue(connection, id));
      update.setString(2, QUEUE_TASK);
      update.setString(3, id);
      if (update.executeUpdate() == 0) {
        enqueue(connection, id);
      }
    }
  }

  private static void enqueue(Connection connection, String id) throws SQLException {
    try (var queue =
        connection.prepareStatement(
            "insert into training_queue (task_name, task_instance, execution_time, picked,"
                + " version) values (?, ?, ?, false, 1)")) {
      queue.setString(1, QUEUE_TASK);
      queue.setString(2, id);
      queue.setObject(3, placeInQueue(connection, id));
      queue.executeUpdate();
    }
  }

  /**
   * @param more of the waiting runs were added by this transaction
   */
  private static void refuseFullQueue(Connection connection, int more, int maxQueued)
      throws SQLException {
    try (var query =
        connection.prepareStatement("select count(*) from training_run where state = ?")) {
      query.setString(1, TrainingRunState.TRAINING_RUN_STATE_QUEUED.name());
      var rows = query.executeQuery();
      rows.next();
      long waiting = rows.getLong(1);
      if (more > 0 && waiting > maxQueued) {
        throw RefusedException.resourceExhausted(
            "QUEUE_FULL",
            (waiting - more)
                + " runs wait and "
                + more
                + " more were asked for, but the queue holds "
                + maxQueued
                + ". Retry later, or raise watershed.trainer.max-queued-runs.",
            QUEUE_RETRY);
      }
    }
  }

  private void insert(Connection connection, NewRun created) throws SQLException {
    var now = now();
    var run = created.run();
    try (var insert =
        connection.prepareStatement(
            "insert into training_run (id, identity, display_name, state, cancel_requested,"
                + " attempts_since_save, create_time, update_time, payload, version)"
                + " values (?, ?, ?, ?, false, 0, ?, ?, ?, 1)")) {
      insert.setString(1, id(run));
      insert.setString(2, created.identity());
      insert.setString(3, run.getSpec().getDisplayName());
      insert.setString(4, run.getState().name());
      insert.setObject(5, now);
      insert.setObject(6, now);
      insert.setBytes(7, run.toByteArray());
      insert.executeUpdate();
    }
    enqueue(connection, id(run));
  }

  private static void note(
      Connection connection, CreateCall call, int position, TrainingRun run, boolean reused)
      throws SQLException {
    try (var insert =
        connection.prepareStatement(
            "insert into training_request (request_id, request_position, digest, run_id, reused)"
                + " values (?, ?, ?, ?, ?)")) {
      insert.setString(1, call.requestId());
      insert.setInt(2, position);
      insert.setString(3, call.digest());
      insert.setString(4, id(run));
      insert.setBoolean(5, reused);
      insert.executeUpdate();
    }
  }

  private void write(Connection connection, String id, StoredRun stored) throws SQLException {
    try (var update =
        connection.prepareStatement(
            "update training_run set state = ?, cancel_requested = ?, attempts_since_save = ?,"
                + " crash_step = ?, held_by = ?, update_time = ?, payload = ?,"
                + " version = version + 1 where id = ?")) {
      update.setString(1, stored.run().getState().name());
      update.setBoolean(2, stored.cancelRequested());
      update.setInt(3, stored.crashes().count());
      update.setLong(4, stored.crashes().step());
      update.setString(5, stored.crashes().heldBy());
      update.setObject(6, now());
      update.setBytes(7, stored.run().toByteArray());
      update.setString(8, id);
      update.executeUpdate();
    }
    if (stored.run().getState() == TrainingRunState.TRAINING_RUN_STATE_CANCELLED) {
      leaveQueue(connection, id);
    }
  }

  /** A place that a worker has claimed is left to it. */
  private static void leaveQueue(Connection connection, String id) throws SQLException {
    try (var delete =
        connection.prepareStatement(
            "delete from training_queue"
                + " where task_name = ? and task_instance = ? and picked = false")) {
      delete.setString(1, QUEUE_TASK);
      delete.setString(2, id);
      delete.executeUpdate();
    }
  }

  private static Optional<StoredRun> select(Connection connection, String id, String locking)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "select payload, cancel_requested, attempts_since_save, crash_step, held_by"
                + " from training_run where id = ?"
                + locking)) {
      query.setString(1, id);
      var rows = query.executeQuery();
      return rows.next()
          ? Optional.of(
              new StoredRun(
                  parse(rows.getBytes(1)),
                  rows.getBoolean(2),
                  new Crashes(rows.getInt(3), rows.getLong(4), rows.getString(5))))
          : Optional.empty();
    }
  }

  private static RunPage page(ResultSet rows, int limit) throws SQLException {
    var runs = new ArrayList<TrainingRun>();
    long last = 0;
    long bytes = 0;
    while (rows.next()) {
      byte[] payload = rows.getBytes(2);
      bytes += payload.length;
      if (runs.size() == limit || (!runs.isEmpty() && bytes > Pages.MOST_BYTES)) {
        return new RunPage(runs, OptionalLong.of(last));
      }
      last = rows.getLong(1);
      runs.add(parse(payload));
    }
    return new RunPage(runs, OptionalLong.empty());
  }

  private static TrainingRun parse(byte[] payload) {
    try {
      return TrainingRun.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("A stored run is damaged", e);
    }
  }

  private OffsetDateTime now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
  }

  private interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  private <T> T transact(String what, Work<T> work) {
    try (var connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      boolean done = false;
      try {
        T result = work.with(connection);
        connection.commit();
        done = true;
        return result;
      } finally {
        if (!done) {
          connection.rollback();
        }
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      throw new StoreException("Could not " + what + ": " + e.getMessage(), e);
    }
  }
}
