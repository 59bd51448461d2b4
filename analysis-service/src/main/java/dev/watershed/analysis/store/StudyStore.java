package dev.watershed.analysis.store;

import static dev.watershed.analysis.store.Sql.first;
import static dev.watershed.analysis.store.Sql.metrics;
import static dev.watershed.analysis.store.Sql.query;
import static dev.watershed.analysis.store.Sql.update;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import com.google.rpc.Status;
import dev.watershed.analysis.store.Sql.Work;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyCost;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.Provenance;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Studies and what was measured for them. Each method is one transaction. Measurements are only
 * added, and adding one twice keeps the first, so that two workers who both believe a study to be
 * theirs do no harm.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
@Singleton
public final class StudyStore {
  /** Names of studies are this and their id. */
  public static final String NAME_PREFIX = "studies/";

  private static final String STATE_PREFIX = "STUDY_STATE_";

  /** The last place of the queue lies in 1973. */
  private static final long LAST_PLACE = 100_000_000_000_000L;

  private final DataSource dataSource;

  StudyStore(@Named("analysis") DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** A worker's hold on a study: lost as soon as another worker takes it, or it has ended. */
  public record Hold(long study, int attempt) {}

  /**
   * How far a worker is.
   *
   * @param elapsedSeconds seconds of computing, over all attempts
   * @param remainingSeconds estimated seconds left
   */
  public record Pace(double elapsedSeconds, double remainingSeconds) {}

  /**
   * What was noticed while reading a sample or a model, for people.
   *
   * @param sample index, 0 for the in-domain one; -1 for a notice of a model
   * @param model index; -1 for a notice of a sample
   * @param place among the notices of the same
   */
  public record Notice(int sample, int model, int place, String message) {
    private static final int NONE = -1;

    /** Numbers the notices of a sample. */
    public static List<Notice> ofSample(int sample, List<String> messages) {
      return numbered(sample, NONE, messages);
    }

    /** Numbers the notices of a model. */
    public static List<Notice> ofModel(int model, List<String> messages) {
      return numbered(NONE, model, messages);
    }

    private static List<Notice> numbered(int sample, int model, List<String> messages) {
      return IntStream.range(0, messages.size())
          .mapToObj(place -> new Notice(sample, model, place, messages.get(place)))
          .toList();
    }

    /** Whether it is of a model, not of a sample. */
    public boolean isOfModel() {
      return model != NONE;
    }
  }

  /** The metrics of one model on one sample; sample 0 is the in-domain sample. */
  public record Score(int model, int sample, ClassificationMetrics metrics) {}

  /** A pair of models, a before b, and the distance of their weights. */
  public record Pair(int modelA, int modelB, double euclideanDistance, boolean complete) {}

  /** Names a pair of models, a before b. */
  public record PairKey(int modelA, int modelB) {}

  /** A point between the ends of a pair's curve. */
  public record Point(int modelA, int modelB, int alphaIndex, ClassificationMetrics metrics) {}

  /**
   * Stores a new study, unless the request id is taken. Returns whether it did.
   *
   * @param intervals alphas of its points are their index over this
   */
  public boolean insert(
      String id,
      String requestId,
      StudySpec spec,
      long totalPoints,
      int totalPairs,
      int intervals,
      Instant now) {
    return inTransaction(
        connection -> {
          var sql =
              """
              INSERT INTO study (id, request_id, spec, state, attempt, fruitless_attempts,
                completed_points, total_points, completed_pairs, total_pairs,
                elapsed_seconds, remaining_seconds, intervals, create_time)
              VALUES (?, ?, ?, 'QUEUED', 0, 0, 0, ?, 0, ?, 0, 0, ?, ?)
              ON CONFLICT DO NOTHING\
              """;
          return update(
                  connection,
                  sql,
                  id,
                  requestId.isEmpty() ? null : requestId,
                  spec.toByteArray(),
                  totalPoints,
                  totalPairs,
                  intervals,
                  time(now))
              == 1;
        });
  }

  public Optional<StoredStudy> find(String id) {
    return inTransaction(connection -> first(studies(connection, "WHERE id = ?", id)));
  }

  public Optional<StoredStudy> findByRequest(String requestId) {
    return inTransaction(
        connection -> first(studies(connection, "WHERE request_id = ?", requestId)));
  }

  /** Returns at most {@code limit} studies made after the one numbered {@code after}. */
  public List<StoredStudy> list(long after, int limit) {
    return inTransaction(
        connection ->
            studies(
                connection,
                "WHERE number > ? AND state <> 'DELETED' ORDER BY number LIMIT ?",
                after,
                limit));
  }

  /** Returns the studies that have not ended, oldest first. */
  public List<StoredStudy> unended() {
    return inTransaction(
        connection -> studies(connection, "WHERE state IN ('QUEUED', 'RUNNING') ORDER BY number"));
  }

  /**
   * Takes a study for a new attempt; empty where there is none or it has ended. That it was held by
   * another process, which did not give it back, counts as a crash.
   *
   * @param process what takes it
   */
  public Optional<StoredStudy> begin(String id, String process, Instant now) {
    return inTransaction(
        connection -> {
          var sql =
              """
              UPDATE study SET state = 'RUNNING', attempt = attempt + 1,
                fruitless_attempts = fruitless_attempts
                  + CASE WHEN held_by = '' OR held_by = ? THEN 0 ELSE 1 END,
                held_by = ?,
                start_time = COALESCE(start_time, ?)
              WHERE id = ? AND state IN ('QUEUED', 'RUNNING')\
              """;
          return update(connection, sql, process, process, time(now), id) == 0
              ? Optional.empty()
              : first(studies(connection, "WHERE id = ?", id));
        });
  }

  /** Gives a study back in good order, so that the attempt does not count as a crash. */
  public void pause(Hold hold) {
    inTransaction(
        connection ->
            update(
                connection,
                "UPDATE study SET held_by = '' WHERE number = ? AND attempt = ?",
                hold.study(),
                hold.attempt()));
  }

  /** Says that a process lives, though another took a study from it for dead. */
  public void withdrawCrash(Hold lost, String process) {
    inTransaction(
        connection ->
            update(
                connection,
                "UPDATE study SET fruitless_attempts = fruitless_attempts - 1"
                    + " WHERE number = ? AND attempt > ? AND fruitless_attempts > 0"
                    + " AND held_by <> ?",
                lost.study(),
                lost.attempt(),
                process));
  }

  /** Ends a study with its report. Returns whether the hold was still good. */
  public boolean succeed(Hold hold, StudyReport report, Instant now) {
    return inTransaction(
        connection -> {
          if (!end(connection, hold, StudyState.STUDY_STATE_SUCCEEDED, null, now)) {
            return false;
          }
          update(
              connection,
              "UPDATE study SET elapsed_seconds = ? WHERE number = ?",
              report.getElapsedSeconds(),
              hold.study());
          ReportStore.insert(connection, hold.study(), report);
          return true;
        });
  }

  /** Ends a study with an error. Returns whether the hold was still good. */
  public boolean fail(Hold hold, Status error, Instant now) {
    return inTransaction(
        connection ->
            end(connection, hold, StudyState.STUDY_STATE_FAILED, error.toByteArray(), now));
  }

  /** Cancels a study unless it has ended. */
  public void cancel(String id, Instant now) {
    inTransaction(
        connection ->
            update(
                connection,
                "UPDATE study SET state = 'CANCELLED', end_time = ?, remaining_seconds = 0"
                    + " WHERE id = ? AND state IN ('QUEUED', 'RUNNING')",
                time(now),
                id));
  }

  /** Keeps a model's digest if it is the first; returns the one kept. */
  public Digest keepModelDigest(long study, int model, Digest digest) {
    return inTransaction(
        connection -> {
          update(
              connection,
              "INSERT INTO study_model (study, model, sha256, size_bytes) VALUES (?, ?, ?, ?)"
                  + " ON CONFLICT DO NOTHING",
              study,
              model,
              digest.getSha256(),
              digest.getSizeBytes());
          return query(
                  connection,
                  "SELECT sha256, size_bytes FROM study_model WHERE study = ? AND model = ?",
                  StudyStore::digest,
                  study,
                  model)
              .get(0);
        });
  }

  /**
   * Keeps a sample's digest if it is the first; returns the one kept.
   *
   * @param identity what points on it are known by among studies
   */
  public Digest keepSampleDigest(long study, int sample, Digest digest, String identity) {
    return inTransaction(
        connection -> {
          update(
              connection,
              "INSERT INTO study_sample (study, sample, sha256, size_bytes, identity)"
                  + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
              study,
              sample,
              digest.getSha256(),
              digest.getSizeBytes(),
              identity);
          return query(
                  connection,
                  "SELECT sha256, size_bytes FROM study_sample WHERE study = ? AND sample = ?",
                  StudyStore::digest,
                  study,
                  sample)
              .get(0);
        });
  }

  /** Keeps how many labels the data of a known sample has, unless that is known. */
  public void keepLabelCount(long study, int sample, int count) {
    inTransaction(
        connection ->
            update(
                connection,
                "UPDATE study_sample SET label_count = ?"
                    + " WHERE study = ? AND sample = ? AND label_count IS NULL",
                count,
                study,
                sample));
  }

  /** Returns how many labels the data of a sample has, 0 where that is not known. */
  public int labelCount(long study, int sample) {
    return inTransaction(
        connection ->
            first(
                    query(
                        connection,
                        "SELECT COALESCE(label_count, 0) FROM study_sample"
                            + " WHERE study = ? AND sample = ?",
                        row -> row.getInt(1),
                        study,
                        sample))
                .orElse(0));
  }

  /** Keeps what was noticed, unless it is known. */
  public void keepNotices(long study, List<Notice> notices) {
    if (notices.isEmpty()) {
      return;
    }
    inTransaction(
        connection -> {
          for (var notice : notices) {
            update(
                connection,
                "INSERT INTO study_notice (study, sample, model, place, message)"
                    + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                study,
                notice.sample(),
                notice.model(),
                notice.place(),
                notice.message());
          }
          return notices.size();
        });
  }

  /** Returns what was noticed: of samples, then of models, each in the order of the spec. */
  public List<Notice> notices(long study) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT sample, model, place, message FROM study_notice WHERE study = ?"
                    + " ORDER BY model, sample, place",
                row -> new Notice(row.getInt(1), row.getInt(2), row.getInt(3), row.getString(4)),
                study));
  }

  /**
   * Keeps what computed points, unless it is known.
   *
   * @param arithmetic what points by it are known by among studies
   */
  public void keepProvenance(long study, Provenance provenance, String arithmetic) {
    byte[] bytes = provenance.toByteArray();
    inTransaction(
        connection ->
            update(
                connection,
                "INSERT INTO study_provenance (study, sha256, provenance, arithmetic)"
                    + " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                study,
                sha256(bytes),
                bytes,
                arithmetic));
  }

  /** Keeps the distance of a pair's weights, unless it is known. */
  public void keepPair(long study, int modelA, int modelB, double euclideanDistance) {
    inTransaction(
        connection ->
            update(
                connection,
                "INSERT INTO study_pair (study, model_a, model_b, euclidean_distance, complete)"
                    + " VALUES (?, ?, ?, ?, FALSE) ON CONFLICT DO NOTHING",
                study,
                modelA,
                modelB,
                euclideanDistance));
  }

  /** Adds a score. Returns whether the hold was still good; the score is kept either way. */
  public boolean addScore(Hold hold, Score score, Pace pace) {
    return inTransaction(
        connection -> {
          int added =
              update(
                  connection,
                  "INSERT INTO study_score (study, model, sample, metrics) VALUES (?, ?, ?, ?)"
                      + " ON CONFLICT DO NOTHING",
                  hold.study(),
                  score.model(),
                  score.sample(),
                  score.metrics().toByteArray());
          return advance(connection, hold, added, 0, pace);
        });
  }

  /**
   * Adds points, and says which pairs have all of theirs with them. Returns whether the hold was
   * still good; the points are kept either way.
   */
  public boolean addPoints(Hold hold, List<Point> points, List<PairKey> completed, Pace pace) {
    return inTransaction(
        connection -> {
          int added = 0;
          for (var point : points) {
            added +=
                update(
                    connection,
                    "INSERT INTO study_point (study, model_a, model_b, alpha_index, metrics)"
                        + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    hold.study(),
                    point.modelA(),
                    point.modelB(),
                    point.alphaIndex(),
                    point.metrics().toByteArray());
          }
          int pairs = 0;
          for (var pair : completed) {
            pairs +=
                update(
                    connection,
                    "UPDATE study_pair SET complete = TRUE"
                        + " WHERE study = ? AND model_a = ? AND model_b = ? AND NOT complete",
                    hold.study(),
                    pair.modelA(),
                    pair.modelB());
          }
          return advance(connection, hold, added, pairs, pace);
        });
  }

  /**
   * Says how many points a study has in all, where that is not known from the beginning: those of
   * its plan, and those that are stored besides.
   *
   * @param planned points that the plan begins with
   * @param step indices of these, but for the ends, are its multiples
   * @return the total
   */
  public long countTotal(Hold hold, long planned, int step) {
    return inTransaction(
        connection -> {
          update(
              connection,
              "UPDATE study SET total_points = ? + (SELECT COUNT(*) FROM study_point"
                  + " WHERE study = ? AND MOD(alpha_index, ?) <> 0) WHERE number = ?",
              planned,
              hold.study(),
              step,
              hold.study());
          return query(
                  connection,
                  "SELECT total_points FROM study WHERE number = ?",
                  row -> row.getLong(1),
                  hold.study())
              .get(0);
        });
  }

  /** Adds to how many points a study has in all. */
  public void growTotal(Hold hold, long points) {
    inTransaction(
        connection ->
            update(
                connection,
                "UPDATE study SET total_points = total_points + ? WHERE number = ? AND attempt = ?",
                points,
                hold.study(),
                hold.attempt()));
  }

  /** Returns how many of a study's points were computed for it and how many taken over. */
  public StudyCost cost(long study) {
    return inTransaction(
        connection -> {
          var cost = StudyCost.newBuilder();
          for (var table : List.of("study_score", "study_point")) {
            query(
                connection,
                "SELECT COUNT(*), SUM(CASE WHEN reused THEN 1 ELSE 0 END) FROM "
                    + table
                    + " WHERE study = ?",
                row -> {
                  long reused = row.getLong(2);
                  cost.setReusedPoints(cost.getReusedPoints() + reused);
                  return cost.setComputedPoints(cost.getComputedPoints() + row.getLong(1) - reused);
                },
                study);
          }
          return cost.build();
        });
  }

  /** Returns the digests of the models, in the order of the spec. */
  public List<Digest> modelDigests(long study) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT sha256, size_bytes FROM study_model WHERE study = ? ORDER BY model",
                StudyStore::digest,
                study));
  }

  /** Returns the digests of the samples, the in-domain sample's first. */
  public List<Digest> sampleDigests(long study) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT sha256, size_bytes FROM study_sample WHERE study = ? ORDER BY sample",
                StudyStore::digest,
                study));
  }

  /** Returns what computed the points, each once, in a fixed order. */
  public List<Provenance> provenances(long study) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT provenance FROM study_provenance WHERE study = ? ORDER BY sha256",
                row -> Provenance.parseFrom(row.getBytes(1)),
                study));
  }

  /** Returns the scores by model and sample. */
  public List<Score> scores(long study) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT model, sample, metrics FROM study_score WHERE study = ?"
                    + " ORDER BY model, sample",
                row -> new Score(row.getInt(1), row.getInt(2), metrics(row, 3)),
                study));
  }

  /** Returns the pairs whose weights' distance is known, by model A and model B. */
  public List<Pair> pairs(long study) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT model_a, model_b, euclidean_distance, complete FROM study_pair"
                    + " WHERE study = ? ORDER BY model_a, model_b",
                row -> new Pair(row.getInt(1), row.getInt(2), row.getDouble(3), row.getBoolean(4)),
                study));
  }

  /** Returns the points between the ends of a pair's curve, by alpha. */
  public List<Point> points(long study, int modelA, int modelB) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT alpha_index, metrics FROM study_point"
                    + " WHERE study = ? AND model_a = ? AND model_b = ? ORDER BY alpha_index",
                row -> new Point(modelA, modelB, row.getInt(1), metrics(row, 2)),
                study,
                modelA,
                modelB));
  }

  /** Returns the points of the pairs of one model A, by model B and alpha. */
  public List<Point> points(long study, int modelA) {
    return inTransaction(
        connection ->
            query(
                connection,
                "SELECT model_a, model_b, alpha_index, metrics FROM study_point"
                    + " WHERE study = ? AND model_a = ? ORDER BY model_b, alpha_index",
                row -> new Point(row.getInt(1), row.getInt(2), row.getInt(3), metrics(row, 4)),
                study,
                modelA));
  }

  /**
   * Frees what a process that is gone had taken from the queue, to be done at once. Only right
   * where no other process works on this database.
   */
  public void releaseQueue() {
    inTransaction(
        connection ->
            update(
                connection,
                "UPDATE study_queue SET picked = FALSE, picked_by = NULL, last_heartbeat = NULL,"
                    + " version = version + 1 WHERE picked"));
  }

  /**
   * Gives every waiting study the place in the queue that follows from its number. Older versions
   * wrote the time of day there.
   */
  public void orderQueue() {
    inTransaction(
        connection -> {
          var waiting =
              query(
                  connection,
                  "SELECT study.id, study.number FROM study_queue queue"
                      + " JOIN study ON study.id = queue.task_instance"
                      + " WHERE NOT queue.picked AND queue.execution_time > ?",
                  row -> Map.entry(row.getString(1), row.getLong(2)),
                  time(placeInQueue(LAST_PLACE)));
          for (var study : waiting) {
            update(
                connection,
                "UPDATE study_queue SET execution_time = ?"
                    + " WHERE task_instance = ? AND NOT picked",
                time(placeInQueue(study.getValue())),
                study.getKey());
          }
          return waiting.size();
        });
  }

  /**
   * The queue is ordered by a time, at which it is due: as many microseconds after 1970 as its
   * number. That is past whatever the clock says, also after it was set back.
   */
  public static Instant placeInQueue(long number) {
    return Instant.EPOCH.plus(number, ChronoUnit.MICROS);
  }

  /** Counts what was added to a study. Returns whether the hold was still good. */
  static boolean advance(Connection connection, Hold hold, int points, int pairs, Pace pace)
      throws SQLException {
    var sql =
        """
        UPDATE study SET completed_points = completed_points + ?,
          completed_pairs = completed_pairs + ?, elapsed_seconds = ?, remaining_seconds = ?,
          fruitless_attempts = 0
        WHERE number = ? AND attempt = ? AND state = 'RUNNING'\
        """;
    int held =
        update(
            connection,
            sql,
            points,
            pairs,
            pace.elapsedSeconds(),
            pace.remainingSeconds(),
            hold.study(),
            hold.attempt());
    if (held == 0) {
      // The measurement stays; whoever has the study now counts on it.
      update(
          connection,
          "UPDATE study SET completed_points = completed_points + ?,"
              + " completed_pairs = completed_pairs + ? WHERE number = ?",
          points,
          pairs,
          hold.study());
    }
    return held == 1;
  }

  private static boolean end(
      Connection connection, Hold hold, StudyState state, byte @Nullable [] error, Instant now)
      throws SQLException {
    return update(
            connection,
            "UPDATE study SET state = ?, error = ?, end_time = ?, remaining_seconds = 0"
                + " WHERE number = ? AND attempt = ? AND state = 'RUNNING'",
            state.name().substring(STATE_PREFIX.length()),
            error,
            time(now),
            hold.study(),
            hold.attempt())
        == 1;
  }

  private static List<StoredStudy> studies(
      Connection connection, String condition, Object... parameters)
      throws SQLException, InvalidProtocolBufferException {
    var sql =
        """
        SELECT number, attempt, fruitless_attempts, start_time, elapsed_seconds, id, spec, state,
          completed_points, total_points, remaining_seconds, completed_pairs, total_pairs,
          error, create_time, end_time
        FROM study
        """;
    return query(connection, sql + condition, StudyStore::study, parameters);
  }

  private static StoredStudy study(ResultSet row)
      throws SQLException, InvalidProtocolBufferException {
    var spec = StudySpec.parseFrom(row.getBytes("spec"));
    var study =
        Study.newBuilder()
            .setName(NAME_PREFIX + row.getString("id"))
            .setSpec(spec)
            .setModelCount(spec.getModelsCount())
            .setState(StudyState.valueOf(STATE_PREFIX + row.getString("state")))
            .setCreateTime(instant(row, "create_time").map(StudyStore::timestamp).orElseThrow());
    study
        .getProgressBuilder()
        .setCompletedPoints(row.getLong("completed_points"))
        .setTotalPoints(row.getLong("total_points"))
        .setRemainingSeconds(row.getDouble("remaining_seconds"))
        .setCompletedPairs(row.getInt("completed_pairs"))
        .setTotalPairs(row.getInt("total_pairs"));
    byte[] error = row.getBytes("error");
    if (error != null) {
      study.setError(Status.parseFrom(error));
    }
    instant(row, "end_time").map(StudyStore::timestamp).ifPresent(study::setEndTime);
    return new StoredStudy(
        row.getLong("number"),
        row.getInt("attempt"),
        row.getInt("fruitless_attempts"),
        instant(row, "start_time"),
        row.getDouble("elapsed_seconds"),
        study.build());
  }

  private static Digest digest(ResultSet row) throws SQLException {
    return Digest.newBuilder().setSha256(row.getString(1)).setSizeBytes(row.getLong(2)).build();
  }

  private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamps.fromMillis(instant.toEpochMilli());
  }

  private static OffsetDateTime time(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  private <T> T inTransaction(Work<T> work) {
    return Sql.inTransaction(dataSource, work);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
