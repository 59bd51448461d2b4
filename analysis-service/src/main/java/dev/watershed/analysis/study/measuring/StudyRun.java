package dev.watershed.analysis.study.measuring;

import com.google.common.collect.ContiguousSet;
import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.Tiles;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.study.findings.ReportComputation;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobAttempt;
import dev.watershed.server.RefusedException;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * One attempt at a study: takes over what other studies know, asks the evaluator for whatever the
 * database lacks, stores points as they come, and computes the report.
 *
 * <p>Each model is scored on all samples first. Its score on the in-domain sample is the end of all
 * its curves, so pairs are asked for the points between their ends alone. What others know goes by
 * the digests of models and samples, which the evaluator says before it computes anything.
 */
final class StudyRun {
  private final StudyStore store;
  private final Lanes lanes;
  private final Job<StudyContent> study;
  private final StudyPlan plan;
  private final StudyContext work;
  private final StudyRecord record;

  StudyRun(StudyStore store, KnownPoints known, Lanes lanes, JobAttempt<StudyContent> attempt) {
    this.store = store;
    this.lanes = lanes;
    this.study = attempt.job();
    this.plan = StudyPlan.of(study.content().spec());
    this.work = new StudyContext();
    this.record = new StudyRecord(store, known, attempt, plan, work);
  }

  /** Breaks the attempt off soon, from any thread. */
  void stop() {
    work.stop();
  }

  /**
   * Measures what is missing and returns the report.
   *
   * @throws CancellationException after {@link #stop}, or when the hold was lost
   * @throws RefusedException when a model or a sample changed underneath, or a model diverged
   * @throws StatusRuntimeException the evaluator's, with the models that it was asked about
   */
  StudyReport run() throws InterruptedException {
    try (work;
        record) {
      scoreModels();
      measurePairs(endLosses());
      return new ReportComputation(store, study, plan, work::throwIfStopped)
          .compute(record.elapsedSeconds());
    }
  }

  private void scoreModels() throws InterruptedException {
    var missing = new ArrayList<TreeSet<Integer>>();
    for (int model = 0; model < plan.modelCount(); model++) {
      missing.add(new TreeSet<>(ContiguousSet.closedOpen(0, plan.samples().size())));
    }
    for (var score : record.scores()) {
      missing.get(score.model()).remove(score.sample());
    }
    record.beginScores(study.content().progress().getCompletedPoints());
    var unscored =
        IntStream.range(0, plan.modelCount())
            .filter(model -> !missing.get(model).isEmpty())
            .mapToObj(model -> new ModelPair(model, model))
            .toList();
    lanes.measure(work.context(), new Tiles(unscored), new ModelScores(plan, record, missing));
  }

  /**
   * Returns each model's loss on the in-domain sample, the end of its curves: it must have a height
   * for gaps to have a meaning.
   */
  private double[] endLosses() {
    var losses = new double[plan.modelCount()];
    var diverged = new ArrayList<String>();
    for (var score : record.scores()) {
      double loss = score.metrics().getMeanLossNats();
      if (score.sample() == 0) {
        losses[score.model()] = loss;
        if (!Double.isFinite(loss)) {
          diverged.add(plan.checkpoint(score.model()) + " (" + loss + ")");
        }
      }
    }
    if (!diverged.isEmpty()) {
      throw RefusedException.failedPrecondition(
          "MODEL_DIVERGED",
          new StudyName(study.id()).toString(),
          "The loss on the in-domain sample is not finite for "
              + String.join(", ", diverged)
              + "; a curve that ends there has no gap. Study the other models.");
    }
    return losses;
  }

  private void measurePairs(double[] endLosses) throws InterruptedException {
    var begun = record.pairs();
    var pairs = plan.pairs();
    pairs.removeIf(pair -> begun.getOrDefault(pair, false));
    record.beginPairs();
    lanes.measure(
        work.context(), new Tiles(pairs), new PairCurves(plan, record, begun.keySet(), endLosses));
  }
}
