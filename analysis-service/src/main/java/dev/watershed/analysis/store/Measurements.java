package dev.watershed.analysis.store;

import dev.watershed.analysis.v1.StudyCost;
import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.Hold;
import dev.watershed.jobs.StoreException;
import dev.watershed.type.v1.ClassificationMetrics;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What was measured for studies, and how far they are. Each method is one transaction. Measurements
 * are only added, and adding one twice keeps the first, so that two workers who both believe a
 * study to be theirs do no harm.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
public final class Measurements {
  /** A use that is less later than the one that is kept is not written. */
  private static final Duration USE_RESOLUTION = Duration.ofHours(1);

  private final Database database;
  private final Clock clock;

  Measurements(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * How far a worker is.
   *
   * @param elapsedSeconds seconds of computing, over all attempts
   * @param remainingSeconds estimated seconds left
   */
  public record Pace(double elapsedSeconds, double remainingSeconds) {}

  /**
   * The metrics of one model on one sample.
   *
   * @param sample 0 is the in-domain sample
   * @param losses of the examples, in nats (n)
   * @param probabilities of the data's labels (n, labels), row-major
   */
  public record Score(
      int model,
      int sample,
      ClassificationMetrics metrics,
      ExampleFloats losses,
      ExampleFloats probabilities) {}

  /** A pair of models, a before b, and the distance of their weights. */
  public record Pair(int modelA, int modelB, double euclideanDistance, boolean complete) {}

  /** Names a pair of models, a before b, on a block of the in-domain sample, counted from 0. */
  public record PairKey(int modelA, int modelB, int block) {}

  /**
   * A block by which the in-domain sample grew after its first.
   *
   * @param halfWidthBefore half the width of the widest interval over the blocks before, in nats
   */
  public record Block(int exampleCount, double halfWidthBefore) {}

  /** A point between the ends of a pair on a sample; sample 0 is the in-domain sample. */
  public record Point(
      int modelA,
      int modelB,
      int sample,
      int alphaIndex,
      ClassificationMetrics metrics,
      ExampleFloats losses) {}

  /** Whether the distance of a pair's weights is known. */
  public boolean hasDistance(long study, int modelA, int modelB) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT 1 FROM study_pair WHERE study = ? AND model_a = ? AND model_b = ?",
                    study,
                    modelA,
                    modelB)
                .mapTo(Integer.class)
                .findFirst()
                .isPresent());
  }

  /** Keeps the distance of a pair's weights, unless it is known. */
  public void keepPair(long study, int modelA, int modelB, double euclideanDistance) {
    database.transact(
        handle ->
            handle.execute(
                "INSERT INTO study_pair (study, model_a, model_b, euclidean_distance, complete)"
                    + " VALUES (?, ?, ?, ?, FALSE) ON CONFLICT DO NOTHING",
                study,
                modelA,
                modelB,
                euclideanDistance));
  }

  /**
   * Adds a score. Returns how far the study is then; empty where the hold was not good any more.
   * The score is kept either way.
   */
  public Optional<StudyProgress> addScore(Hold hold, Score score, Pace pace) {
    return database.transact(
        handle -> advance(handle, hold, insert(handle, hold, score, false), 0, pace));
  }

  /**
   * Adds scores that other studies have, with what computed them; as {@link #addScore}.
   *
   * @param sources the studies that they were found in
   */
  public Optional<StudyProgress> takeScores(
      Hold hold, Collection<Score> scores, Collection<Long> sources, Pace pace) {
    return database.transact(
        handle -> {
          int added = 0;
          for (var score : scores) {
            added += insert(handle, hold, score, true);
          }
          takeProvenances(handle, hold, sources);
          return advance(handle, hold, added, 0, pace);
        });
  }

  /**
   * Adds points, and says which pairs have all of theirs with them, of the last block; of one
   * before it says nothing any more. Returns how far the study is then; empty where the hold was
   * not good any more. The points are kept either way.
   */
  public Optional<StudyProgress> addPoints(
      Hold hold, List<Point> points, List<PairKey> completed, Pace pace) {
    return database.transact(
        handle -> {
          int added = 0;
          for (var point : points) {
            added += insert(handle, hold, point, false);
          }
          int pairs = 0;
          for (var pair : completed) {
            pairs +=
                handle.execute(
                    "UPDATE study_pair SET complete = TRUE"
                        + " WHERE study = ? AND model_a = ? AND model_b = ? AND NOT complete"
                        + " AND (SELECT COUNT(*) FROM study_block WHERE study = ?) = ?",
                    hold.job(),
                    pair.modelA(),
                    pair.modelB(),
                    hold.job(),
                    pair.block());
          }
          return advance(handle, hold, added, pairs, pace);
        });
  }

  /**
   * Adds points that other studies have, with what computed them; as {@link #addPoints}. That they
   * were of use is kept with these studies.
   *
   * @param sources the studies that they were found in
   */
  public Optional<StudyProgress> takePoints(
      Hold hold, Collection<Point> points, Collection<Long> sources, Pace pace) {
    sources.forEach(this::keepUsed);
    return database.transact(
        handle -> {
          int added = 0;
          for (var point : points) {
            added += insert(handle, hold, point, true);
          }
          takeProvenances(handle, hold, sources);
          return advance(handle, hold, added, 0, pace);
        });
  }

  /**
   * In a transaction of its own, so that two studies that take from each other hold one row at a
   * time; and not with each pair.
   */
  private void keepUsed(long study) {
    var now = OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
    var unused =
        database.transact(
            handle ->
                handle.execute(
                    "UPDATE study SET points_used = ? WHERE number = ?"
                        + " AND (points_used IS NULL OR points_used < ?)",
                    now,
                    study,
                    now.minus(USE_RESOLUTION)));
  }

  private static int insert(Handle handle, Hold hold, Score score, boolean reused) {
    return handle.execute(
        "INSERT INTO study_score (study, model, sample, metrics, losses, probabilities, reused)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        hold.job(),
        score.model(),
        score.sample(),
        score.metrics().toByteArray(),
        score.losses().column(),
        score.probabilities().column(),
        reused);
  }

  private static int insert(Handle handle, Hold hold, Point point, boolean reused) {
    boolean first = point.sample() == 0;
    var values = new ArrayList<@Nullable Object>();
    values.addAll(List.of(hold.job(), point.modelA(), point.modelB(), point.alphaIndex(), reused));
    values.add(point.metrics().toByteArray());
    values.add(point.losses().column());
    if (!first) {
      values.add(point.sample());
    }
    return handle.execute(
        "INSERT INTO %s (study, model_a, model_b, alpha_index, reused, metrics, losses%s)"
                .formatted(table(point.sample()), first ? "" : ", sample")
            + " VALUES (?, ?, ?, ?, ?, ?, ?%s) ON CONFLICT DO NOTHING"
                .formatted(first ? "" : ", ?"),
        values.toArray());
  }

  /** The points of the first sample have a table of their own, which says no sample. */
  private static String table(int sample) {
    return sample == 0 ? "study_point" : "study_diagnostic_point";
  }

  private static void takeProvenances(Handle handle, Hold hold, Collection<Long> sources) {
    for (long source : sources) {
      handle.execute(
          "INSERT INTO study_provenance (study, sha256, provenance, arithmetic)"
              + " SELECT ?, sha256, provenance, arithmetic FROM study_provenance WHERE study = ?"
              + " ON CONFLICT DO NOTHING",
          hold.job(),
          source);
    }
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
    return database.transact(
        handle -> {
          handle.execute(
              "UPDATE study SET total_points = ? + (SELECT COUNT(*) FROM study_point"
                  + " WHERE study = ? AND MOD(alpha_index, ?) <> 0) WHERE number = ?",
              planned,
              hold.job(),
              step,
              hold.job());
          return handle
              .select("SELECT total_points FROM study WHERE number = ?", hold.job())
              .map((row, context) -> row.getLong(1))
              .list()
              .get(0);
        });
  }

  /** Adds to how many points a study has in all. */
  public void growTotal(Hold hold, long points) {
    database.transact(
        handle ->
            handle.execute(
                "UPDATE study SET total_points = total_points + ? WHERE number = ? AND attempt = ?",
                points,
                hold.job(),
                hold.attempt()));
  }

  /**
   * Begins another block of the in-domain sample: all pairs lack points again.
   *
   * @param number of the block, from 1 on
   * @param totalPoints of the study with it
   * @return how far the study is then; empty where the hold was not good any more, and nothing was
   *     done
   */
  public Optional<StudyProgress> beginBlock(Hold hold, int number, Block block, long totalPoints) {
    return database.transact(
        handle -> {
          int held =
              handle.execute(
                  "UPDATE study SET total_points = ?, completed_pairs = 0, version = version + 1"
                      + " WHERE number = ? AND attempt = ? AND state = 'RUNNING'",
                  totalPoints,
                  hold.job(),
                  hold.attempt());
          if (held == 0) {
            return Optional.empty();
          }
          handle.execute(
              "INSERT INTO study_block (study, block, example_count, half_width)"
                  + " VALUES (?, ?, ?, ?)",
              hold.job(),
              number,
              block.exampleCount(),
              block.halfWidthBefore());
          handle.execute("UPDATE study_pair SET complete = FALSE WHERE study = ?", hold.job());
          return progress(handle, hold);
        });
  }

  /** Returns the blocks after the first, in their order. */
  public List<Block> laterBlocks(long study) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT example_count, half_width FROM study_block WHERE study = ?"
                        + " ORDER BY block",
                    study)
                .map((row, context) -> new Block(row.getInt(1), row.getDouble(2)))
                .list());
  }

  /** Returns how many of a study's points were computed for it and how many taken over. */
  public StudyCost cost(long study) {
    return database.transact(
        handle -> {
          var cost = StudyCost.newBuilder();
          for (var table : List.of("study_score", "study_point", "study_diagnostic_point")) {
            handle
                .select(
                    "SELECT COUNT(*), SUM(CASE WHEN reused THEN 1 ELSE 0 END) FROM "
                        + table
                        + " WHERE study = ?",
                    study)
                .map(
                    (row, context) -> {
                      long reused = row.getLong(2);
                      cost.setReusedPoints(cost.getReusedPoints() + reused);
                      return cost.setComputedPoints(
                          cost.getComputedPoints() + row.getLong(1) - reused);
                    })
                .list();
          }
          return cost.build();
        });
  }

  /** Returns the scores by model and sample. */
  public List<Score> scores(long study) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT model, sample, metrics, losses, probabilities FROM study_score"
                        + " WHERE study = ? ORDER BY model, sample",
                    study)
                .map(
                    (row, context) ->
                        new Score(
                            row.getInt(1),
                            row.getInt(2),
                            metrics(row, 3),
                            ExampleFloats.of(row.getBytes(4)),
                            ExampleFloats.of(row.getBytes(5))))
                .list());
  }

  /** Returns the pairs whose weights' distance is known, by model A and model B. */
  public List<Pair> pairs(long study) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT model_a, model_b, euclidean_distance, complete FROM study_pair"
                        + " WHERE study = ? ORDER BY model_a, model_b",
                    study)
                .map(
                    (row, context) ->
                        new Pair(row.getInt(1), row.getInt(2), row.getDouble(3), row.getBoolean(4)))
                .list());
  }

  /**
   * Returns the points on a sample of one model A with a range of models B, by model B and alpha.
   */
  public List<Point> points(long study, int sample, int modelA, int firstB, int lastB) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT model_a, model_b, alpha_index, metrics, losses FROM "
                        + table(sample)
                        + " WHERE study = ? AND model_a = ? AND model_b BETWEEN ? AND ?"
                        + (sample == 0 ? " AND 0 = ?" : " AND sample = ?")
                        + " ORDER BY model_b, alpha_index",
                    study,
                    modelA,
                    firstB,
                    lastB,
                    sample)
                .map(
                    (row, context) ->
                        new Point(
                            row.getInt(1),
                            row.getInt(2),
                            sample,
                            row.getInt(3),
                            metrics(row, 4),
                            ExampleFloats.of(row.getBytes(5))))
                .list());
  }

  /** Counts what was added to a study; empty where the hold was not good any more. */
  private static Optional<StudyProgress> advance(
      Handle handle, Hold hold, int points, int pairs, Pace pace) {
    var sql =
        """
        UPDATE study SET completed_points = completed_points + ?,
          completed_pairs = completed_pairs + ?, elapsed_seconds = ?, remaining_seconds = ?,
          version = version + 1
        WHERE number = ? AND attempt = ? AND state = 'RUNNING'\
        """;
    int held =
        handle.execute(
            sql,
            points,
            pairs,
            pace.elapsedSeconds(),
            pace.remainingSeconds(),
            hold.job(),
            hold.attempt());
    if (held == 0) {
      // The measurement stays; whoever has the study now counts on it.
      handle.execute(
          "UPDATE study SET completed_points = completed_points + ?,"
              + " completed_pairs = completed_pairs + ?, version = version + 1 WHERE number = ?",
          points,
          pairs,
          hold.job());
      return Optional.empty();
    }
    return progress(handle, hold);
  }

  private static Optional<StudyProgress> progress(Handle handle, Hold hold) {
    return handle
        .select(
            "SELECT completed_points, total_points, completed_pairs, total_pairs,"
                + " remaining_seconds FROM study WHERE number = ?",
            hold.job())
        .map((row, context) -> StudyKind.progress(row))
        .findFirst();
  }

  static ClassificationMetrics metrics(ResultSet row, int column) throws SQLException {
    return Database.parse(ClassificationMetrics.parser(), row.getBytes(column));
  }
}
