package dev.watershed.analysis.store;

import static dev.watershed.analysis.store.Sql.first;
import static dev.watershed.analysis.store.Sql.query;
import static dev.watershed.analysis.store.Sql.update;

import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.OptionalLong;
import javax.sql.DataSource;

/**
 * Studies on their way out. A study is hidden in one short transaction, so that it goes at once and
 * wholly; its rows, of which a large study has millions, go after that in pieces. A process that is
 * killed in between leaves rows that nobody sees, for the next start to delete.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
@Singleton
public final class DeletedStudies {
  /** No name of a study has a colon. */
  private static final String ID_PREFIX = "deleted:";

  private final DataSource dataSource;

  DeletedStudies(@Named("analysis") DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Hides a study that has ended from everybody, and frees its request id.
   *
   * @return its number; empty where there is none that has ended
   */
  public OptionalLong hide(String id) {
    return Sql.inTransaction(
        dataSource,
        connection -> {
          var found =
              first(
                  query(
                      connection,
                      "SELECT number FROM study WHERE id = ?"
                          + " AND state IN ('SUCCEEDED', 'FAILED', 'CANCELLED') FOR UPDATE",
                      row -> row.getLong(1),
                      id));
          if (found.isEmpty()) {
            return OptionalLong.empty();
          }
          long number = found.get();
          update(
              connection,
              "UPDATE study SET id = ?, request_id = NULL, state = 'DELETED' WHERE number = ?",
              ID_PREFIX + number,
              number);
          // A place that a worker has claimed is left to it.
          update(connection, "DELETE FROM study_queue WHERE task_instance = ? AND NOT picked", id);
          return OptionalLong.of(number);
        });
  }

  /** Returns the numbers of hidden studies whose rows are still there. */
  public List<Long> hidden() {
    return Sql.inTransaction(
        dataSource,
        connection ->
            query(
                connection,
                "SELECT number FROM study WHERE state = 'DELETED'",
                row -> row.getLong(1)));
  }

  /** Deletes the rows of a hidden study. */
  public void deleteRows(long study) {
    int models =
        Sql.inTransaction(
            dataSource,
            connection ->
                query(
                        connection,
                        "SELECT COALESCE(MAX(model_a), -1) + 1 FROM study_point WHERE study = ?",
                        row -> row.getInt(1),
                        study)
                    .get(0));
    for (int model = 0; model < models; model++) {
      int modelA = model;
      Sql.inTransaction(
          dataSource,
          connection ->
              update(
                  connection,
                  "DELETE FROM study_point WHERE study = ? AND model_a = ?",
                  study,
                  modelA));
    }
    // All other rows go with it.
    Sql.inTransaction(
        dataSource,
        connection ->
            update(connection, "DELETE FROM study WHERE number = ? AND state = 'DELETED'", study));
  }
}
