package dev.watershed.trainer.store;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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
  private static final String UNIQUE_VIOLATION = "23505";
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
   * Returns the runs that an earlier call of the same request id made, as they are now.
   *
   * @throws RefusedException ALREADY_EXISTS where that call had another body
   */
  public Optional<List<TrainingRun>> findCreatedBy(CreateCall call) {
    return call.requestId().isEmpty()
        ? Optional.empty()
        : transact("find a request", connection -> createdBy(connection, call));
  }

  /**
   * Writes runs and queues them in their order, all or none. Of two calls with one request id at
   * the same moment, one writes and the other returns what the first wrote.
   *
   * @param runs in state QUEUED
   * @throws RefusedException RESOURCE_EXHAUSTED where more than {@code maxQueued} would wait;
   *     ALREADY_EXISTS where the request id was used with another body
   */
  public synchronized List<TrainingRun> create(
      CreateCall call, List<TrainingRun> runs, int maxQueued) {
    try {
      return transact(
          "create runs",
          connection -> {
            refuseFullQueue(connection, runs.size(), maxQueued);
            insert(connection, call, runs);
            return runs;
          });
    } catch (StoreException e) {
      if (e.getCause() instanceof SQLException cause
          && UNIQUE_VIOLATION.equals(cause.getSQLState())) {
        return findCreatedBy(call).orElseThrow(() -> e);
      }
      throw e;
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
   * @param after where the page before ended; 0 for the first
   */
  public RunPage list(Set<TrainingRunState> states, long after, int limit) {
    var marks = String.join(",", Collections.nCopies(states.size(), "?"));
    var condition = states.isEmpty() ? "" : " and state in (" + marks + ")";
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
    return transact(
        "change a run",
        connection -> {
          var before = select(connection, id, " for update");
          if (before.isEmpty()) {
            return before;
          }
          var after = change.apply(before.get());
          if (after != before.get()) {
            write(connection, id, after);
          }
          return Optional.of(after);
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

  private static Optional<List<TrainingRun>> createdBy(Connection connection, CreateCall call)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "select request_digest, payload from training_run where request_id = ?"
                + " order by request_position")) {
      query.setString(1, call.requestId());
      var runs = new ArrayList<TrainingRun>();
      for (var rows = query.executeQuery(); rows.next(); ) {
        var run = parse(rows.getBytes("payload"));
        if (!rows.getString("request_digest").equals(call.digest())) {
          throw RefusedException.alreadyExists(
              "REQUEST_ID_TAKEN",
              run.getName(),
              "The request id \""
                  + call.requestId()
                  + "\" was used with another body, which made "
                  + run.getName()
                  + ". Choose a new request id.");
        }
        runs.add(run);
      }
      return runs.isEmpty() ? Optional.empty() : Optional.of(runs);
    }
  }

  private static void refuseFullQueue(Connection connection, int more, int maxQueued)
      throws SQLException {
    try (var query =
        connection.prepareStatement("select count(*) from training_run where state = ?")) {
      query.setString(1, TrainingRunState.TRAINING_RUN_STATE_QUEUED.name());
      var rows = query.executeQuery();
      rows.next();
      long waiting = rows.getLong(1);
      if (waiting + more > maxQueued) {
        throw RefusedException.resourceExhausted(
            "TRAINING_QUEUE_FULL",
            waiting
                + " runs wait and "
                + more
                + " more were asked for, but the queue holds "
                + maxQueued
                + ". Retry later, or raise watershed.trainer.max-queued-runs.",
            QUEUE_RETRY);
      }
    }
  }

  private void insert(Connection connection, CreateCall call, List<TrainingRun> runs)
      throws SQLException {
    var now = now();
    try (var run =
            connection.prepareStatement(
                "insert into training_run (id, request_id, request_position, request_digest, state,"
                    + " cancel_requested, attempts_since_save, create_time, update_time, payload,"
                    + " version) values (?, ?, ?, ?, ?, false, 0, ?, ?, ?, 1)");
        var place =
            connection.prepareStatement(
                "insert into training_queue (task_name, task_instance, execution_time, picked,"
                    + " version) values (?, ?, ?, false, 1)")) {
      for (int i = 0; i < runs.size(); i++) {
        String id = id(runs.get(i));
        run.setString(1, id);
        run.setString(2, call.requestId().isEmpty() ? null : call.requestId());
        run.setInt(3, i);
        run.setString(4, call.digest());
        run.setString(5, runs.get(i).getState().name());
        run.setObject(6, now);
        run.setObject(7, now);
        run.setBytes(8, runs.get(i).toByteArray());
        run.executeUpdate();
        place.setString(1, QUEUE_TASK);
        place.setString(2, id);
        // The queue is ordered by time alone: one microsecond apart keeps the order of a batch.
        place.setObject(3, now.plus(i, ChronoUnit.MICROS));
        place.executeUpdate();
      }
    }
  }

  private void write(Connection connection, String id, StoredRun stored) throws SQLException {
    try (var update =
        connection.prepareStatement(
            "update training_run set state = ?, cancel_requested = ?, attempts_since_save = ?,"
                + " update_time = ?, payload = ?, version = version + 1 where id = ?")) {
      update.setString(1, stored.run().getState().name());
      update.setBoolean(2, stored.cancelRequested());
      update.setInt(3, stored.attemptsSinceSave());
      update.setObject(4, now());
      update.setBytes(5, stored.run().toByteArray());
      update.setString(6, id);
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
            "select payload, cancel_requested, attempts_since_save from training_run where id = ?"
                + locking)) {
      query.setString(1, id);
      var rows = query.executeQuery();
      return rows.next()
          ? Optional.of(new StoredRun(parse(rows.getBytes(1)), rows.getBoolean(2), rows.getInt(3)))
          : Optional.empty();
    }
  }

  private static RunPage page(ResultSet rows, int limit) throws SQLException {
    var runs = new ArrayList<TrainingRun>();
    long last = 0;
    while (rows.next()) {
      if (runs.size() == limit) {
        return new RunPage(runs, OptionalLong.of(last));
      }
      last = rows.getLong(1);
      runs.add(parse(rows.getBytes(2)));
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
