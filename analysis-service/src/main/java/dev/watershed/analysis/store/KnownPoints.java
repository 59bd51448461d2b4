package dev.watershed.analysis.store;

import dev.watershed.jobs.Database;
import dev.watershed.jobs.StoreException;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;

/**
 * What other studies know of the same weights on the same samples, whatever became of these
 * studies. A point is found where it was computed and where it was taken over, for the study that
 * it was computed for may have been deleted since; a study is left aside as soon as one of its
 * evaluators computed otherwise.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
@Singleton
public final class KnownPoints {
  private final Database database;

  KnownPoints(@Named("analysis") DataSource dataSource) {
    this.database = new Database(dataSource);
  }

  /**
   * What was measured, and a study that has it.
   *
   * @param losses of the examples
   * @param probabilities of the examples' labels; none of a pair
   */
  public record Known(
      ClassificationMetrics metrics,
      ExampleFloats losses,
      ExampleFloats probabilities,
      long source) {
    /** Whether the losses of examples could be kept, but are not. */
    public boolean lacksLosses() {
      return !losses.kept() && metrics.getExampleCount() <= ExampleFloats.MOST;
    }

    /** Two studies have the same, and one of them may have kept more of the examples. */
    private static Known both(Known first, Known second) {
      return new Known(
          first.metrics,
          first.losses.or(second.losses),
          first.probabilities.or(second.probabilities),
          first.source);
    }
  }

  /**
   * A pair as other studies know it.
   *
   * @param euclideanDistance of the weights
   * @param points by index on the grid of who asks
   */
  public record KnownPair(OptionalDouble euclideanDistance, SortedMap<Integer, Known> points) {}

  /**
   * Returns a model's scores by the identity of the sample.
   *
   * @param study who asks
   * @param arithmetic what computed the scores wanted
   */
  public Map<String, Known> scores(long study, Digest model, String arithmetic) {
    return database.transact(
        handle -> {
          var sql =
              """
              SELECT d.identity, c.metrics, c.losses, c.probabilities, m.study
              FROM study_model m
              JOIN study_sample d ON d.study = m.study AND d.identity IS NOT NULL
              JOIN study_score c ON c.study = m.study AND c.model = m.model AND c.sample = d.sample
              WHERE m.sha256 = ? AND m.study <> ? AND NOT EXISTS (
                SELECT 1 FROM study_provenance p
                WHERE p.study = m.study AND (p.arithmetic IS NULL OR p.arithmetic <> ?))
              ORDER BY m.study, m.model""";
          var scores = new HashMap<String, Known>();
          handle
              .select(sql, model.getSha256(), study, arithmetic)
              .map(
                  (row, context) ->
                      scores.merge(
                          row.getString(1),
                          new Known(
                              Measurements.metrics(row, 2),
                              ExampleFloats.of(row.getBytes(3)),
                              ExampleFloats.of(row.getBytes(4)),
                              row.getLong(5)),
                          Known::both))
              .list();
          return scores;
        });
  }

  /**
   * Returns what is known of a pair on a sample of {@code study}, by an arithmetic that computed
   * points of {@code study}. Other studies may have measured their in-domain curves on it, or a
   * block of them, or a diagnostic along them.
   *
   * @param sample index, 0 for the in-domain one
   * @param intervals alphas are indices over this; what lies between them is left out
   */
  public KnownPair pair(long study, int sample, Digest modelA, Digest modelB, int intervals) {
    return database.transact(
        handle -> {
          var found = new Found(intervals);
          for (var place : Place.values()) {
            find(handle, place, study, sample, modelA, modelB, found, false);
            // The line walked from its other end.
            find(handle, place, study, sample, modelB, modelA, found, true);
          }
          return new KnownPair(found.distance, found.points);
        });
  }

  /** Where points between the ends of curves are kept. */
  private enum Place {
    FIRST("study_point", "d.sample = 0"),
    OTHERS("study_diagnostic_point", "d.sample = p.sample");

    private final String table;

    /** Of a point p, to be of the sample d. */
    private final String ofSample;

    Place(String table, String ofSample) {
      this.table = table;
      this.ofSample = ofSample;
    }
  }

  private static final class Found {
    private final int intervals;
    private final SortedMap<Integer, Known> points = new TreeMap<>();
    private OptionalDouble distance = OptionalDouble.empty();

    private Found(int intervals) {
      this.intervals = intervals;
    }

    private void add(int index, int of, boolean mirrored, Known point) {
      long place = (long) index * intervals;
      if (place % of == 0) {
        int here = (int) (place / of);
        points.merge(mirrored ? intervals - here : here, point, Known::both);
      }
    }
  }

  private static void find(
      Handle handle,
      Place place,
      long study,
      int sample,
      Digest modelA,
      Digest modelB,
      Found found,
      boolean mirrored) {
    var sql =
        """
        SELECT q.euclidean_distance, s.intervals, p.alpha_index, p.metrics, p.losses, s.number
        FROM study_model a
        JOIN study_model b ON b.study = a.study AND b.sha256 = ?
        JOIN study s ON s.number = a.study AND s.intervals IS NOT NULL
        JOIN study_sample d ON d.study = a.study AND d.identity = (
          SELECT o.identity FROM study_sample o WHERE o.study = ? AND o.sample = ?)
        JOIN study_pair q ON q.study = a.study AND q.model_a = a.model AND q.model_b = b.model
        LEFT JOIN %s p ON p.study = a.study AND p.model_a = a.model
          AND p.model_b = b.model
        WHERE a.sha256 = ? AND a.study <> ? AND %s AND NOT EXISTS (
          SELECT 1 FROM study_provenance v
          WHERE v.study = a.study AND (v.arithmetic IS NULL OR v.arithmetic NOT IN (
            SELECT o.arithmetic FROM study_provenance o
            WHERE o.study = ? AND o.arithmetic IS NOT NULL)))
        ORDER BY a.study, a.model, b.model, p.alpha_index"""
            .formatted(place.table, place.ofSample);
    handle
        .select(sql, modelB.getSha256(), study, sample, modelA.getSha256(), study, study)
        .map(
            (row, context) -> {
              if (found.distance.isEmpty()) {
                found.distance = OptionalDouble.of(row.getDouble(1));
              }
              int index = row.getInt(3);
              if (!row.wasNull()) {
                found.add(
                    index,
                    row.getInt(2),
                    mirrored,
                    new Known(
                        Measurements.metrics(row, 4),
                        ExampleFloats.of(row.getBytes(5)),
                        ExampleFloats.NONE,
                        row.getLong(6)));
              }
              return found;
            })
        .list();
  }
}
