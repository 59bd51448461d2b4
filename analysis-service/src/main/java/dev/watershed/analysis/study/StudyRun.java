package dev.watershed.analysis.study;

import com.google.common.collect.ContiguousSet;
import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.store.StoredStudy;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.StudyStore.Hold;
import dev.watershed.analysis.store.StudyStore.Point;
import dev.watershed.analysis.store.StudyStore.Score;
import dev.watershed.analysis.study.StudyPlan.Pair;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * One attempt at a study: asks the evaluator for whatever the database lacks, stores each point as
 * it comes, and computes the report.
 *
 * <p>Each model is scored on all samples first. Its score on the in-domain sample is the end of all
 * its curves, so pairs are asked for the points between their ends alone.
 */
final class StudyRun {
  /** What the evaluator takes in a call. */
  private static final int SAMPLES_PER_CALL = 100;

  private final StudyStore store;
  private final Evaluator evaluator;
  private final StudyUpdates updates;
  private final StoredStudy study;
  private final StudyPlan plan;
  private final List<EvaluationSample> samples;
  private final Hold hold;
  private final PaceEstimate pace;
  private final ReentrantLock adding = new ReentrantLock();
  private final Context.CancellableContext context = Context.ROOT.withCancellation();

  StudyRun(StudyStore store, Evaluator evaluator, StudyUpdates updates, StoredStudy study) {
    this.store = store;
    this.evaluator = evaluator;
    this.updates = updates;
    this.study = study;
    this.plan = StudyPlan.of(study.study().getSpec());
    this.samples = plan.samples();
    this.hold = new Hold(study.number(), study.attempt());
    this.pace = new PaceEstimate(study.elapsedSeconds());
  }

  Hold hold() {
    return hold;
  }

  /** Breaks the attempt off soon, from any thread. */
  void stop() {
    context.cancel(new CancellationException("study stopped"));
  }

  /**
   * Measures what is missing and returns the report.
   *
   * @throws CancellationException after {@link #stop}, or when the hold was lost
   * @throws RefusedException when a model or a sample changed underneath, or a model diverged
   * @throws StatusRuntimeException the evaluator's, with the models that it was asked about
   */
  StudyReport run() throws InterruptedException {
    try {
      scoreModels();
      refuseDivergedModels();
      measurePairs();
      return new ReportComputation(store, study, plan).compute(pace.elapsedSeconds());
    } finally {
      context.cancel(null);
    }
  }

  private void scoreModels() throws InterruptedException {
    var missing = new ArrayList<TreeSet<Integer>>();
    for (int model = 0; model < plan.modelCount(); model++) {
      missing.add(new TreeSet<>(ContiguousSet.closedOpen(0, samples.size())));
    }
    for (var score : store.scores(hold.study())) {
      missing.get(score.model()).remove(score.sample());
    }
    var unscored = IntStream.range(0, plan.modelCount()).filter(i -> !missing.get(i).isEmpty());
    pace.begin(plan.pointCount() - study.study().getProgress().getCompletedPoints());
    inParallel(unscored.boxed().toList(), model -> score(model, missing.get(model)));
  }

  private void score(int model, TreeSet<Integer> missing) throws InterruptedException {
    var checkpoint = plan.checkpoint(model);
    ask(
        checkpoint,
        (stub, progressed) -> {
          while (!missing.isEmpty()) {
            var asked = missing.stream().limit(SAMPLES_PER_CALL).toList();
            var responses = stub.evaluateCombinations(scoresOf(checkpoint, asked));
            readScores(responses, model, asked, missing, progressed);
            refuseIncomplete(checkpoint, asked.stream().filter(missing::contains).count());
          }
        });
  }

  private EvaluateCombinationsRequest scoresOf(String checkpoint, List<Integer> asked) {
    return EvaluateCombinationsRequest.newBuilder()
        .addModels(checkpoint)
        .addCombinations(Combination.newBuilder().addCoefficients(1))
        .addAllSamples(asked.stream().map(samples::get).toList())
        .setPrecision(plan.spec().getPrecision())
        .build();
  }

  private void readScores(
      Iterator<EvaluateCombinationsResponse> responses,
      int model,
      List<Integer> asked,
      TreeSet<Integer> missing,
      Runnable progressed) {
    while (responses.hasNext()) {
      var response = responses.next();
      if (response.hasHeader()) {
        var header = response.getHeader();
        checkModel(model, header.getModelDigests(0));
        checkSamples(asked, header.getSamplesList());
        keepLabelCount(asked, header.getSamplesList());
        store.keepProvenance(hold.study(), header.getProvenance());
      } else {
        int sample = asked.get(response.getPoint().getSampleIndex());
        var score = new Score(model, sample, response.getPoint().getMetrics());
        add(() -> store.addScore(hold, score, pace.advance()));
        missing.remove(sample);
        progressed.run();
      }
    }
  }

  /** The ends of curves must have a height for gaps to have a meaning. */
  private void refuseDivergedModels() {
    var diverged = new ArrayList<String>();
    for (var score : store.scores(hold.study())) {
      double loss = score.metrics().getMeanLossNats();
      if (score.sample() == 0 && !Double.isFinite(loss)) {
        diverged.add(plan.checkpoint(score.model()) + " (" + loss + ")");
      }
    }
    if (!diverged.isEmpty()) {
      throw RefusedException.failedPrecondition(
          "MODEL_DIVERGED",
          study.study().getName(),
          "The loss on the in-domain sample is not finite for "
              + String.join(", ", diverged)
              + "; a curve that ends there has no gap. Study the other models.");
    }
  }

  private void measurePairs() throws InterruptedException {
    var known = new HashMap<Pair, Boolean>();
    for (var pair : store.pairs(hold.study())) {
      known.put(new Pair(pair.modelA(), pair.modelB()), pair.complete());
    }
    var pairs = plan.pairs();
    pairs.removeIf(pair -> known.getOrDefault(pair, false));
    pace.begin(pace.remainingPoints());
    inParallel(pairs, pair -> measure(pair, known.containsKey(pair)));
  }

  private void measure(Pair pair, boolean distanceKnown) throws InterruptedException {
    var missing = missingAlphas(pair);
    if (!missing.isEmpty() || !distanceKnown) {
      ask(
          plan.checkpoint(pair.a()) + " and " + plan.checkpoint(pair.b()),
          (stub, progressed) -> {
            readPoints(
                stub.evaluateInterpolation(points(pair, missing)), pair, missing, progressed);
            refuseIncomplete(plan.checkpoint(pair.a()), missing.size());
          });
    }
    add(() -> store.completePair(hold, pair.a(), pair.b(), pace.current()));
  }

  /** Returns the index of each alpha between the ends that is not stored. */
  private Map<Double, Integer> missingAlphas(Pair pair) {
    var stored = store.alphaIndexes(hold.study(), pair.a(), pair.b());
    var missing = new TreeMap<Double, Integer>();
    for (int index = 1; index <= plan.grid().interiorCount(); index++) {
      if (!stored.get(index)) {
        missing.put(plan.grid().alpha(index), index);
      }
    }
    return missing;
  }

  private EvaluateInterpolationRequest points(Pair pair, Map<Double, Integer> missing) {
    // A curve of its two ends alone needs the distance, which comes with any point; model A's is
    // known to the evaluator.
    Collection<Double> alphas = missing.isEmpty() ? List.of(1.0) : missing.keySet();
    return EvaluateInterpolationRequest.newBuilder()
        .setModelA(plan.checkpoint(pair.a()))
        .setModelB(plan.checkpoint(pair.b()))
        .addAllAlphas(alphas)
        .addSamples(samples.get(0))
        .setPrecision(plan.spec().getPrecision())
        .build();
  }

  private void readPoints(
      Iterator<EvaluateInterpolationResponse> responses,
      Pair pair,
      Map<Double, Integer> missing,
      Runnable progressed) {
    while (responses.hasNext()) {
      var response = responses.next();
      if (response.hasHeader()) {
        var header = response.getHeader();
        checkModel(pair.a(), header.getModelADigest());
        checkModel(pair.b(), header.getModelBDigest());
        checkSamples(List.of(0), header.getSamplesList());
        store.keepProvenance(hold.study(), header.getProvenance());
        store.keepPair(hold.study(), pair.a(), pair.b(), header.getEuclideanDistance());
      } else {
        var index = missing.remove(response.getPoint().getAlpha());
        if (index != null) {
          var point = new Point(pair.a(), pair.b(), index, response.getPoint().getMetrics());
          add(() -> store.addPoint(hold, point, pace.advance()));
          progressed.run();
        }
      }
    }
  }

  private void checkModel(int model, Digest digest) {
    var kept = store.keepModelDigest(hold.study(), model, digest);
    if (!kept.equals(digest)) {
      throw RefusedException.failedPrecondition(
          "MODEL_CHANGED",
          plan.checkpoint(model),
          "%s had digest %s when the study began and has %s now; its points do not fit together."
                  .formatted(plan.checkpoint(model), kept.getSha256(), digest.getSha256())
              + " Create a new study.");
    }
  }

  private void checkSamples(List<Integer> asked, List<SampleDescription> described) {
    for (int i = 0; i < asked.size(); i++) {
      int sample = asked.get(i);
      var digest = described.get(i).getDigest();
      var kept = store.keepSampleDigest(hold.study(), sample, digest);
      if (!kept.equals(digest)) {
        throw RefusedException.failedPrecondition(
            "SAMPLE_CHANGED",
            samples.get(sample).getName(),
            "The sample \"%s\" had digest %s when the study began and has %s now: its data changed,"
                    .formatted(samples.get(sample).getName(), kept.getSha256(), digest.getSha256())
                + " or the models differ in tokenizer. Create a new study of models that agree.");
      }
    }
  }

  /** Chance is asked of the in-domain sample alone. */
  private void keepLabelCount(List<Integer> asked, List<SampleDescription> described) {
    int inDomain = asked.indexOf(0);
    if (inDomain >= 0) {
      store.keepLabelCount(hold.study(), 0, described.get(inDomain).getLabelsCount());
    }
  }

  private static void refuseIncomplete(String subject, long missing) {
    if (missing > 0) {
      throw RefusedException.refused(
          Code.INTERNAL,
          "EVALUATOR_INCOMPLETE",
          "The evaluator ended its answer about %s without %d of the points asked for."
              .formatted(subject, missing),
          Map.of());
    }
  }

  private interface Addition {
    /** Returns whether the hold was still good. */
    boolean make();
  }

  private void add(Addition addition) {
    adding.lock();
    try {
      if (!addition.make()) {
        stop();
        throw new CancellationException("the study has ended or another worker has it");
      }
    } finally {
      adding.unlock();
    }
    updates.progressed();
  }

  /** Asks the evaluator; its final error names what was asked about. */
  private void ask(String subject, Evaluator.Call call) throws InterruptedException {
    try {
      evaluator.call(call);
    } catch (StatusRuntimeException e) {
      throw about(subject, e);
    }
  }

  private static StatusRuntimeException about(String subject, StatusRuntimeException failure) {
    var said = StatusProto.fromStatusAndTrailers(failure.getStatus(), failure.getTrailers());
    var status = said.toBuilder();
    var message = said.getMessage().isEmpty() ? failure.getStatus().getCode() : said.getMessage();
    status.setMessage("The evaluator, asked about %s: %s".formatted(subject, message));
    if (said.getDetailsCount() == 0) {
      status.addDetails(
          Any.pack(
              ErrorInfo.newBuilder()
                  .setDomain(RefusedException.DOMAIN)
                  .setReason("EVALUATOR_FAILED")
                  .build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  private interface Task<T> {
    void run(T item) throws InterruptedException;
  }

  /** Works on the items in order, several at a time; the first failure stops the rest. */
  private <T> void inParallel(Collection<T> items, Task<T> task) throws InterruptedException {
    var queue = new ConcurrentLinkedQueue<>(items);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var workers = new ExecutorCompletionService<Void>(threads);
      int count = Math.min(evaluator.concurrency(), items.size());
      for (int i = 0; i < count; i++) {
        workers.submit(context.wrap(() -> drain(queue, task)));
      }
      try {
        for (int i = 0; i < count; i++) {
          workers.take().get();
        }
      } catch (ExecutionException e) {
        stop();
        throw unwrapped(e);
      } catch (InterruptedException e) {
        stop();
        throw e;
      }
    }
    if (context.isCancelled()) {
      throw new CancellationException("study stopped");
    }
  }

  private static <T> Void drain(ConcurrentLinkedQueue<T> queue, Task<T> task)
      throws InterruptedException {
    for (T item = queue.poll(); item != null; item = queue.poll()) {
      task.run(item);
    }
    return null;
  }

  private static RuntimeException unwrapped(ExecutionException e) {
    return e.getCause() instanceof RuntimeException cause
        ? cause
        : new IllegalStateException(e.getCause());
  }
}
