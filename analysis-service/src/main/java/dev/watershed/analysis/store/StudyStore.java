package dev.watershed.analysis.store;

import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobState;
import dev.watershed.jobs.JobStore;
import dev.watershed.jobs.JobTransaction;
import dev.watershed.jobs.StoreException;
import java.time.Clock;
import javax.sql.DataSource;

/**
 * Studies: as jobs, what they were found to be of, and what was measured for them.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
public final class StudyStore {
  private final JobStore<StudyContent> jobs;
  private final StudyFacts facts;
  private final Measurements measurements;

  public StudyStore(DataSource dataSource, Clock clock) {
    var database = new Database(dataSource);
    this.jobs = new JobStore<>(database, new StudyKind(), clock);
    this.facts = new StudyFacts(database);
    this.measurements = new Measurements(database, clock);
  }

  /** The studies as jobs. */
  public JobStore<StudyContent> jobs() {
    return jobs;
  }

  /** What they were found to be of. */
  public StudyFacts facts() {
    return facts;
  }

  /** What was measured for them. */
  public Measurements measurements() {
    return measurements;
  }

  /** Writes the report of a study with its success, once it has ended so. */
  public static void writeReport(
      JobTransaction<StudyContent> transaction, Job<StudyContent> study, StudyReport report) {
    if (study.state() == JobState.SUCCEEDED) {
      var handle = transaction.handle();
      handle.execute(
          "UPDATE study SET elapsed_seconds = ? WHERE number = ?",
          report.getElapsedSeconds(),
          study.number());
      ReportStore.insert(handle, study.number(), report);
    }
  }
}
