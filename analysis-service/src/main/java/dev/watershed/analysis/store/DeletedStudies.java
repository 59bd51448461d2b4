package dev.watershed.analysis.store;

import dev.watershed.jobs.JobStore;
import dev.watershed.jobs.StoreException;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.OptionalLong;

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

  private final JobStore<StudyContent> jobs;

  DeletedStudies(StudyStore store) {
    this.jobs = store.jobs();
  }

  /**
   * Hides a study that has ended from everybody, and frees its request id.
   *
   * @return its number; empty where there is none that has ended
   */
  public OptionalLong hide(String id) {
    return jobs.inTurn(
        transaction -> {
          var found = transaction.lock(id).filter(study -> study.state().ended());
          if (found.isEmpty()) {
            return OptionalLong.empty();
          }
          long number = found.get().number();
          transaction.leaveQueue(id);
          transaction.forgetRequests(id);
          transaction
              .handle()
              .execute(
                  "UPDATE study SET id = ?, request_id = NULL, state = 'DELETED' WHERE number = ?",
                  ID_PREFIX + number,
                  number);
          return OptionalLong.of(number);
        });
  }

  /** Returns the numbers of hidden studies whose rows are still there. */
  public List<Long> hidden() {
    return jobs.transact(
        transaction ->
            transaction
                .handle()
                .select("SELECT number FROM study WHERE state = 'DELETED'")
                .mapTo(Long.class)
                .list());
  }

  /** Deletes the rows of a hidden study. */
  public void deleteRows(long study) {
    int models =
        jobs.transact(
            transaction ->
                transaction
                    .handle()
                    .select(
                        "SELECT COALESCE(MAX(model_a), -1) + 1 FROM study_point WHERE study = ?",
                        study)
                    .mapTo(Integer.class)
                    .one());
    for (int model = 0; model < models; model++) {
      execute("DELETE FROM study_point WHERE study = ? AND model_a = ?", study, model);
      execute("DELETE FROM study_diagnostic_point WHERE study = ? AND model_a = ?", study, model);
    }
    // All other rows go with it.
    execute("DELETE FROM study WHERE number = ? AND state = 'DELETED'", study);
  }

  private void execute(String sql, Object... parameters) {
    var unused = jobs.transact(transaction -> transaction.handle().execute(sql, parameters));
  }
}
