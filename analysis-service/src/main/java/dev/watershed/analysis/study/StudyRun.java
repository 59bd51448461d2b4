package dev.watershed.analysis.study;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ContiguousSet;
import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.KnownPoints.Known;
import dev.watershed.analysis.store.KnownPoints.KnownPair;
import dev.watershed.analysis.store.StoredStudy;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.StudyStore.Hold;
import dev.watershed.analysis.store.StudyStore.Point;
import dev.watershed.analysis.store.StudyStore.Score;
import dev.watershed.analysis.study.StudyPlan.Pair;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceBlockingStub;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Provenance;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One attempt at a study: takes over what other studies know, asks the evaluator for whatever the
 * database lacks, stores each point as it comes, and computes the report.
 *
 * <p>Each model is scored on all samples first. Its score on the in-domain sample is the end of all
 * its curves, so pairs are asked for the points between their ends alone. What others know goes by
 * the digests of models and samples, which the evaluator says before it computes anything.
 *
 * <p>Which alphas of a pair are asked for follows from the losses of the rounds before, wherever
 * they came from: not from what else is known, nor from where an earlier attempt broke off.
 */
final class StudyRun {
  /** What the evaluator takes in a call. */
  private static final int SAMPLES_PER_CALL = 100;

  private final StudyStore store;
  private final KnownPoints known;
  private final Evaluator evaluator;
  private final StudyUpdates updates;
  private final StoredStudy study;
  private final StudyPlan plan;
  private final List<EvaluationSample> samples;
  private final Hold hold;
  private final PaceEstimate pace;
  private final ReentrantLock adding = new ReentrantLock();
  private final Context.CancellableContext context = Context.ROOT.withCancellation();

  StudyRun(
      StudyStore store,
      KnownPoints known,
      Evaluator evaluator,
      StudyUpdates updates,
      StoredStudy study) {
    this.store = store;
    this.known = known;
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
      measurePairs(endLosses());
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
    long total =
        plan.grid().adaptive()
            ? store.countTotal(hold, plan.pointCount(), plan.grid().firstStep())
            : plan.pointCount();
    pace.begin(total - study.study().getProgress().getCompletedPoints());
    inParallel(unscored.boxed().toList(), model -> score(model, missing.get(model)));
  }

  private void score(int model, TreeSet<Integer> missing) throws InterruptedException {
    var checkpoint = plan.checkpoint(model);
    ask(
        checkpoint,
        (stub, progressed) -> {
          while (!missing.isEmpty()) {
            var asked = missing.stream().limit(SAMPLES_PER_CALL).toList();
            missing.removeAll(takeScores(stub, model, asked));
            var unknown = asked.stream().filter(missing::contains).toList();
            if (!unknown.isEmpty()) {
              var request =
                  scoresOf(checkpoint, unknown)
                      .addCombinations(Combination.newBuilder().addCoefficients(1));
              var responses = stub.evaluateCombinations(request.build());
              readScores(responses, model, unknown, missing, progressed);
              refuseIncomplete(checkpoint, unknown.stream().filter(missing::contains).count());
            }
          }
        });
  }

  private EvaluateCombinationsRequest.Builder scoresOf(String checkpoint, List<Integer> asked) {
    return EvaluateCombinationsRequest.newBuilder()
        .addModels(checkpoint)
        .addAllSamples(asked.stream().map(samples::get).toList())
        .setPrecision(plan.spec().getPrecision())
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision());
  }

  /** Takes over what other studies know of a model; returns the samples that they know. */
  private Set<Integer> takeScores(
      EvaluationServiceBlockingStub stub, int model, List<Integer> asked) {
    var responses = stub.evaluateCombinations(scoresOf(plan.checkpoint(model), asked).build());
    if (!responses.hasNext()) {
      refuseIncomplete(plan.checkpoint(model), asked.size());
    }
    var header = responses.next().getHeader();
    readHeader(model, asked, header);
    var arithmetic = PointIdentity.ofArithmetic(header.getProvenance());
    var scores = known.scores(hold.study(), header.getModelDigests(0), arithmetic);
    var taken = new TreeMap<Integer, Known>();
    for (int i = 0; i < asked.size(); i++) {
      var score = scores.get(identity(asked.get(i), header.getSamples(i)));
      if (score != null) {
        taken.put(asked.get(i), score);
      }
    }
    if (!taken.isEmpty()) {
      var added =
          taken.entrySet().stream()
              .map(entry -> new Score(model, entry.getKey(), entry.getValue().metrics()))
              .toList();
      add(() -> known.takeScores(hold, added, sources(taken.values()), pace.skip(added.size())));
    }
    return taken.keySet();
  }

  private static Set<Long> sources(Collection<Known> taken) {
    return taken.stream().map(Known::source).collect(Collectors.toCollection(TreeSet::new));
  }

  private String identity(int sample, SampleDescription described) {
    return PointIdentity.ofSample(described.getDigest(), samples.get(sample).getLabelMapping());
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
        readHeader(model, asked, response.getHeader());
        keepProvenance(response.getHeader().getProvenance());
      } else {
        int sample = asked.get(response.getPoint().getSampleIndex());
        var score = new Score(model, sample, response.getPoint().getMetrics());
        add(() -> store.addScore(hold, score, pace.advance()));
        missing.remove(sample);
        progressed.run();
      }
    }
  }

  private void readHeader(int model, List<Integer> asked, CombinationHeader header) {
    checkModel(model, header.getModelDigests(0));
    checkSamples(asked, header.getSamplesList());
    keepLabelCount(asked, header.getSamplesList());
  }

  private void keepProvenance(Provenance provenance) {
    store.keepProvenance(hold.study(), provenance, PointIdentity.ofArithmetic(provenance));
  }

  /**
   * Returns each model's loss on the in-domain sample, the end of its curves: it must have a height
   * for gaps to have a meaning.
   */
  private double[] endLosses() {
    var losses = new double[plan.modelCount()];
    var diverged = new ArrayList<String>();
    for (var score : store.scores(hold.study())) {
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
          study.study().getName(),
          "The loss on the in-domain sample is not finite for "
              + String.join(", ", diverged)
              + "; a curve that ends there has no gap. Study the other models.");
    }
    return losses;
  }

  private void measurePairs(double[] endLosses) throws InterruptedException {
    var begun = new HashMap<Pair, Boolean>();
    for (var pair : store.pairs(hold.study())) {
      begun.put(new Pair(pair.modelA(), pair.modelB()), pair.complete());
    }
    var digests = store.modelDigests(hold.study());
    var pairs = plan.pairs();
    pairs.removeIf(pair -> begun.getOrDefault(pair, false));
    pace.begin(pace.remainingPoints());
    inParallel(
        pairs,
        pair -> {
          var losses = new TreeMap<Integer, Double>();
          losses.put(0, endLosses[pair.b()]);
          losses.put(plan.grid().intervals(), endLosses[pair.a()]);
          var work = new PairWork(pair, digests.get(pair.a()), digests.get(pair.b()));
          work.distanceKnown = begun.containsKey(pair);
          measure(work, losses);
        });
  }

  /** What an attempt knows of a pair. */
  private static final class PairWork {
    private final Pair pair;
    private final Digest digestA;
    private final Digest digestB;

    /** By index on the grid: stored for this study. */
    private final Map<Integer, Double> stored = new HashMap<>();

    private boolean distanceKnown;

    /** What other studies knew when this one first wanted a point. */
    private Optional<KnownPair> others = Optional.empty();

    private PairWork(Pair pair, Digest digestA, Digest digestB) {
      this.pair = pair;
      this.digestA = digestA;
      this.digestB = digestB;
    }
  }

  /**
   * @param losses of the ends; filled, round by round, with those of the alphas that the grid
   *     chooses
   */
  private void measure(PairWork work, SortedMap<Integer, Double> losses)
      throws InterruptedException {
    var pair = work.pair;
    for (var point : store.points(hold.study(), pair.a(), pair.b())) {
      work.stored.put(point.alphaIndex(), point.metrics().getMeanLossNats());
    }
    boolean first = true;
    for (var round = plan.grid().next(losses);
        !round.isEmpty() || !work.distanceKnown;
        round = plan.grid().next(losses)) {
      var missing = new TreeSet<>(round);
      missing.removeAll(work.stored.keySet());
      if (!first && !missing.isEmpty()) {
        store.growTotal(hold, missing.size());
        pace.expect(missing.size());
      }
      if (!missing.isEmpty() || !work.distanceKnown) {
        takePoints(work, missing);
      }
      if (!missing.isEmpty() || !work.distanceKnown) {
        ask(work, missing);
      }
      round.forEach(index -> losses.put(index, requireNonNull(work.stored.get(index))));
      first = false;
    }
    add(() -> store.completePair(hold, pair.a(), pair.b(), pace.current()));
  }

  /** Takes over what others know of what is missing, which becomes less. */
  private void takePoints(PairWork work, TreeSet<Integer> missing) {
    var pair = work.pair;
    var others =
        work.others.orElseGet(
            () -> known.pair(hold.study(), work.digestA, work.digestB, plan.grid().intervals()));
    work.others = Optional.of(others);
    if (!work.distanceKnown && others.euclideanDistance().isPresent()) {
      store.keepPair(hold.study(), pair.a(), pair.b(), others.euclideanDistance().getAsDouble());
      work.distanceKnown = true;
    }
    var taken = new TreeMap<>(others.points());
    taken.keySet().retainAll(missing);
    if (!taken.isEmpty()) {
      var points =
          taken.entrySet().stream()
              .map(
                  entry ->
                      new Point(pair.a(), pair.b(), entry.getKey(), entry.getValue().metrics()))
              .toList();
      add(() -> known.takePoints(hold, points, sources(taken.values()), pace.skip(points.size())));
      points.forEach(
          point -> work.stored.put(point.alphaIndex(), point.metrics().getMeanLossNats()));
      missing.removeAll(taken.keySet());
    }
  }

  private void ask(PairWork work, TreeSet<Integer> indices) throws InterruptedException {
    var pair = work.pair;
    var missing = new TreeMap<Double, Integer>();
    indices.forEach(index -> missing.put(plan.grid().alpha(index), index));
    ask(
        plan.checkpoint(pair.a()) + " and " + plan.checkpoint(pair.b()),
        (stub, progressed) -> {
          readPoints(stub.evaluateInterpolation(points(pair, missing)), work, missing, progressed);
          refuseIncomplete(plan.checkpoint(pair.a()), missing.size());
        });
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
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision())
        .build();
  }

  private void readPoints(
      Iterator<EvaluateInterpolationResponse> responses,
      PairWork work,
      Map<Double, Integer> missing,
      Runnable progressed) {
    var pair = work.pair;
    while (responses.hasNext()) {
      var response = responses.next();
      if (response.hasHeader()) {
        var header = response.getHeader();
        checkModel(pair.a(), header.getModelADigest());
        checkModel(pair.b(), header.getModelBDigest());
        checkSamples(List.of(0), header.getSamplesList());
        keepProvenance(header.getProvenance());
        store.keepPair(hold.study(), pair.a(), pair.b(), header.getEuclideanDistance());
        work.distanceKnown = true;
      } else {
        var index = missing.remove(response.getPoint().getAlpha());
        if (index != null) {
          var point = new Point(pair.a(), pair.b(), index, response.getPoint().getMetrics());
          add(() -> store.addPoint(hold, point, pace.advance()));
          work.stored.put(index, point.metrics().getMeanLossNats());
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
      var identity = identity(sample, described.get(i));
      var kept = store.keepSampleDigest(hold.study(), sample, digest, identity);
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
