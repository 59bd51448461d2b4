package dev.watershed.analysis.study.measuring;

import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.jobs.JobAttempt;
import dev.watershed.jobs.JobLoop;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Computes the studies that a worker takes. */
public final class StudyLoop implements JobLoop<StudyContent> {
  private static final Logger log = LoggerFactory.getLogger(StudyLoop.class);

  private final StudyStore store;
  private final KnownPoints known;
  private final Lanes lanes;

  public StudyLoop(StudyStore store, KnownPoints known, Lanes lanes) {
    this.store = store;
    this.known = known;
    this.lanes = lanes;
  }

  @Override
  public boolean work(JobAttempt<StudyContent> attempt) {
    var study = attempt.job();
    log.info(
        "Study {} {}: {} models, {} of {} points there",
        study.id(),
        study.attempt() == 1 ? "started" : "resumed, attempt " + study.attempt(),
        study.content().spec().getModelsCount(),
        study.content().progress().getCompletedPoints(),
        study.content().progress().getTotalPoints());
    var run = new StudyRun(store, known, lanes, attempt);
    attempt.whenToStop(run::stop);
    try {
      var report = run.run();
      attempt.alsoWrite((transaction, ended) -> StudyStore.writeReport(transaction, ended, report));
      return true;
    } catch (CancellationException | InterruptedException e) {
      return false;
    }
  }
}
