package dev.watershed.analysis.study.measuring;

import com.google.common.collect.ContiguousSet;
import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.Tiles;
import dev.watershed.analysis.statistics.SampleGrowth;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.Measurements.Block;
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
import java.util.Map;
import java.util.Set;
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
 *
 * <p>Where the in-domain sample grows, this is done block by block, each a sample of its own.
 */
final class StudyRun {
  private final StudyStore store;
  private final KnownPoints known;
  private final Lanes lanes;
  private final JobAttempt<StudyContent> attempt;
  private final Job<StudyContent> study;
  private final StudyContext work;
  private final PaceEstimate pace;
  private StudyPlan plan;

  StudyRun(StudyStore store, KnownPoints known, Lanes lanes, JobAttempt<StudyContent> attempt) {
    this.store = store;
    this.known = known;
    this.lanes = lanes;
    this.attempt = attempt;
    this.study = attempt.job();
    this.work = new StudyContext();
    this.pace = new PaceEstimate(study.content().elapsedSeconds());
    var later = store.measurements().laterBlocks(study.number());
    this.plan =
        StudyPlan.of(study.content().spec(), later.stream().map(Block::exampleCount).toList());
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
    try (work) {
      measure();
      var report = report();
      while (plan.growth().isPresent() && grow(plan.growth().get(), report.widestHalfWidth())) {
        measure();
        report = report();
      }
      if (plan.whole().isPresent()) {
        try (var record = record()) {
          scoreModels(record, Set.of(plan.whole().get()));
        }
      }
      return report.compute(pace.elapsedSeconds());
    }
  }

  private ReportComputation report() {
    return new ReportComputation(store, study, plan, work::throwIfStopped);
  }

  private StudyRecord record() {
    return new StudyRecord(store, known, attempt, plan, pace, work);
  }

  /** Begins another block where intervals are still too wide, and there may be one. */
  private boolean grow(SampleGrowth rule, double widest) {
    int rows = store.facts().rowCount(study.number(), 0);
    if (rows == 0) {
      throw RefusedException.refused(
          RefusedException.Kind.INTERNAL,
          "EVALUATOR_INCOMPLETE",
          "The evaluator did not say of how many rows the in-domain sample was drawn, so that it cannot"
              + " grow; it is of an older version.",
          Map.of());
    }
    int examples = plan.grownExampleCount();
    int next =
        new SampleGrowth(rule.halfWidth(), Math.min(rule.mostExamples(), rows))
            .next(examples, widest);
    int more = Math.min(next - examples, mostExamplesOfABlock());
    if (more == 0) {
      return false;
    }
    plan = plan.with(more);
    var progress =
        store
            .measurements()
            .beginBlock(
                attempt.hold(),
                plan.laterBlocks().size(),
                new Block(more, widest),
                plan.pointCount());
    if (progress.isEmpty()) {
      throw new CancellationException("the study has ended or another worker has it");
    }
    attempt.show(attempt.job().content().with(progress.get()));
    return true;
  }

  /** So many whose losses are kept, and their probabilities where the distance is made of them. */
  private int mostExamplesOfABlock() {
    int labels = plan.needsProbabilities() ? store.facts().labelCount(study.number(), 0) : 1;
    return ExampleFloats.MOST / Math.max(1, labels);
  }

  private void measure() throws InterruptedException {
    try (var record = record()) {
      var samples = new TreeSet<>(ContiguousSet.closedOpen(0, plan.samples().size()));
      plan.whole().ifPresent(samples::remove);
      scoreModels(record, samples);
      measurePairs(record, endLosses(record));
    }
  }

  private void scoreModels(StudyRecord record, Set<Integer> samples) throws InterruptedException {
    var missing = new ArrayList<TreeSet<Integer>>();
    for (int model = 0; model < plan.modelCount(); model++) {
      missing.add(new TreeSet<>(samples));
    }
    for (var score : record.scores()) {
      missing.get(score.model()).remove(score.sample());
    }
    record.beginScores();
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
  private double[] endLosses(StudyRecord record) {
    var losses = new double[plan.modelCount()];
    var diverged = new ArrayList<String>();
    for (var score : record.scores()) {
      double loss = score.metrics().getMeanLossNats();
      if (score.sample() == plan.lastBlock()) {
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

  private void measurePairs(StudyRecord record, double[] endLosses) throws InterruptedException {
    var begun = record.pairs();
    var pairs = plan.pairs();
    pairs.removeIf(pair -> begun.getOrDefault(pair, false));
    record.beginPairs();
    lanes.measure(
        work.context(), new Tiles(pairs), new PairCurves(plan, record, begun.keySet(), endLosses));
  }
}
