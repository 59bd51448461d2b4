package dev.watershed.analysis.store;

import dev.watershed.jobs.StoreException;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;

/**
 * Points of studies that have ended. Their reports have what they need of them; the points are kept
 * for other studies to take over, and go when none has for long. Scores of single models, which are
 * few, and distances stay.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
@Singleton
public final class UnusedPoints {
  private static final String UNUSED_SINCE =
      "state IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND COALESCE(points_used, end_time) < ?";

  /** What lies between the ends of curves, in domain and on diagnostics. */
  private static final List<String> TABLES = List.of("study_point", "study_diagnostic_point");

  private final StudyStore store;

  UnusedPoints(StudyStore store) {
    this.store = store;
  }

  /**
   * Deletes the points of studies that ended before a time and gave none to others since. A study
   * that takes points over at that moment takes what is left and computes the rest.
   *
   * @return how many went
   */
  public long deleteUnusedSince(Instant time) {
    var since = OffsetDateTime.ofInstant(time, ZoneOffset.UTC);
    var studies =
        store
            .jobs()
            .transact(
                transaction ->
                    transaction
                        .handle()
                        .select(
                            "SELECT number FROM study WHERE "
                                + UNUSED_SINCE
                                + " AND (EXISTS (SELECT 1 FROM study_point p WHERE p.study = number)"
                                + " OR EXISTS (SELECT 1 FROM study_diagnostic_point d"
                                + " WHERE d.study = number))",
                            since)
                        .mapTo(Long.class)
                        .list());
    long deleted = 0;
    for (long study : studies) {
      deleted += delete(study, since);
    }
    return deleted;
  }

  /** In pieces, for a large study has millions. */
  private long delete(long study, OffsetDateTime since) {
    long deleted = 0;
    for (var table : TABLES) {
      int models =
          store
              .jobs()
              .transact(
                  transaction ->
                      transaction
                          .handle()
                          .select(
                              "SELECT COALESCE(MAX(model_a), -1) + 1 FROM "
                                  + table
                                  + " WHERE study = ?",
                              study)
                          .mapTo(Integer.class)
                          .one());
      for (int model = 0; model < models; model++) {
        deleted += delete(table, study, model, since);
      }
    }
    return deleted;
  }

  private int delete(String table, long study, int model, OffsetDateTime since) {
    return store
        .jobs()
        .transact(
            transaction ->
                transaction
                    .handle()
                    .execute(
                        "DELETE FROM "
                            + table
                            + " WHERE study = ? AND model_a = ? AND EXISTS"
                            + " (SELECT 1 FROM study WHERE number = ? AND "
                            + UNUSED_SINCE
                            + ")",
                        study,
                        model,
                        study,
                        since));
  }
}
