package dev.watershed.analysis.store;

import dev.watershed.jobs.StoreException;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

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
                                + " AND EXISTS (SELECT 1 FROM study_point p WHERE p.study = number)",
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
    int models =
        store
            .jobs()
            .transact(
                transaction ->
                    transaction
                        .handle()
                        .select(
                            "SELECT COALESCE(MAX(model_a), -1) + 1 FROM study_point WHERE study = ?",
                            study)
                        .mapTo(Integer.class)
                        .one());
    long deleted = 0;
    for (int model = 0; model < models; model++) {
      int piece = model;
      deleted +=
          store
              .jobs()
              .transact(
                  transaction ->
                      transaction
                          .handle()
                          .execute(
                              "DELETE FROM study_point WHERE study = ? AND model_a = ? AND EXISTS"
                                  + " (SELECT 1 FROM study WHERE number = ? AND "
                                  + UNUSED_SINCE
                                  + ")",
                              study,
                              piece,
                              study,
                              since));
    }
    return deleted;
  }
}
