package dev.watershed.analysis.study.measuring;

import static java.util.Objects.requireNonNull;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.UnsuitableEvaluatorException;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.KnownPoints.Known;
import dev.watershed.analysis.store.KnownPoints.KnownPair;
import dev.watershed.analysis.store.Measurements.PairKey;
import dev.watershed.analysis.store.Measurements.Point;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyFacts.Notice;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.study.findings.ModelOrigins;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.eval.v1.ModelDescription;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.jobs.Hold;
import dev.watershed.jobs.JobAttempt;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Provenance;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt at a study finds written and writes down as it comes: that models and samples
 * stay what they were, each point with the pace so far, and what other studies know.
 */
final class StudyRecord implements AutoCloseable {
  private final StudyStore store;
  private final KnownPoints known;
  private final Hold hold;
  private final StudyPlan plan;
  private final List<EvaluationSample> samples;
  private final PaceEstimate pace;
  private final JobAttempt<StudyContent> attempt;
  private final StudyContext work;
  private final ReentrantLock adding = new ReentrantLock();
  private final Map<Integer, Digest> checkedModels = new ConcurrentHashMap<>();
  private final Map<Integer, SampleDescription> checkedSamples = new ConcurrentHashMap<>();
  private final Set<Provenance> provenances = ConcurrentHashMap.newKeySet();
  private final ArithmeticPin arithmetic;
  private final AtomicLong modelBytes = new AtomicLong();
  private final Queue<Point> unwritten = new ConcurrentLinkedQueue<>();
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("study-points").factory());

  /** Why points could not be written. */
  private volatile @Nullable RuntimeException failure;

  /**
   * @param pace of the attempt, which may have other records before and after
   * @param work is stopped when the hold is lost
   */
  StudyRecord(
      StudyStore store,
      KnownPoints known,
      JobAttempt<StudyContent> attempt,
      StudyPlan plan,
      PaceEstimate pace,
      StudyContext work) {
    this.store = store;
    this.known = known;
    this.hold = attempt.hold();
    this.plan = plan;
    this.samples = plan.samples();
    this.pace = pace;
    this.attempt = attempt;
    this.work = work;
    this.arithmetic = new ArithmeticPin(store.facts().provenances(hold.job()));
  }

  /** Begins to score models; with adaptive alphas, counts what is planned so far. */
  void beginScores() {
    long total =
        plan.grid().adaptive()
            ? store.measurements().countTotal(hold, plan.pointCount(), plan.grid().firstStep())
            : plan.pointCount();
    pace.begin(total - attempt.job().content().progress().getCompletedPoints());
  }

  /** Begins to measure pairs, whose points take another time than scores. */
  void beginPairs() {
    if (modelBytes.get() == 0) {
      // All were scored by an earlier attempt; their files are about as large.
      modelDigests().forEach(model -> modelBytes.accumulateAndGet(model.getSizeBytes(), Math::max));
    }
    pace.begin(pace.remainingPoints());
  }

  /** Plans more points than before. */
  void expectPoints(int count) {
    store.measurements().growTotal(hold, count);
    pace.expect(count);
  }

  /** The scores that are stored. */
  List<Score> scores() {
    return store.measurements().scores(hold.job());
  }

  /** By pair begun, whether it is complete. */
  Map<ModelPair, Boolean> pairs() {
    var begun = new HashMap<ModelPair, Boolean>();
    for (var pair : store.measurements().pairs(hold.job())) {
      begun.put(new ModelPair(pair.modelA(), pair.modelB()), pair.complete());
    }
    return begun;
  }

  /** Whether the distance of a pair is stored. */
  boolean hasDistance(ModelPair pair) {
    return store.measurements().hasDistance(hold.job(), pair.a(), pair.b());
  }

  /** The points that are stored of a pair on a sample. */
  List<Point> points(ModelPair pair, int sample) {
    return store.measurements().points(hold.job(), sample, pair.a(), pair.b(), pair.b());
  }

  /** Of all models, which have been scored. */
  List<Digest> modelDigests() {
    return store.facts().modelDigests(hold.job());
  }

  /** What other studies know of a model, by the identity of the sample. */
  Map<String, Known> knownScores(Digest model, Provenance provenance) {
    return known.scores(hold.job(), model, PointIdentity.ofArithmetic(provenance));
  }

  /**
   * What other studies know of a pair.
   *
   * @param sample by its index in the plan
   */
  KnownPair knownPair(int sample, Digest modelA, Digest modelB) {
    return known.pair(hold.job(), sample, modelA, modelB, plan.grid().intervals());
  }

  /**
   * Keeps what a model is.
   *
   * @throws RefusedException when it was another before
   */
  void checkModel(int model, ModelDescription described) {
    var digest = described.getDigest();
    if (digest.equals(checkedModels.get(model))) {
      return;
    }
    modelBytes.accumulateAndGet(described.getParameterCount() * Float.BYTES, Math::max);
    var kept =
        store
            .facts()
            .keepModel(hold.job(), model, digest, ModelOrigins.bounded(described.getOrigin()));
    if (!kept.equals(digest)) {
      throw RefusedException.failedPrecondition(
          "MODEL_CHANGED",
          plan.checkpoint(model),
          "%s had digest %s when the study began and has %s now; its points do not fit together."
                  .formatted(plan.checkpoint(model), kept.getSha256(), digest.getSha256())
              + " Create a new study.");
    }
    checkedModels.put(model, digest);
  }

  /** What one of the models takes in an evaluator's memory, as far as is known. */
  long modelBytes() {
    return modelBytes.get();
  }

  /**
   * Keeps what samples are.
   *
   * @param asked indices in the plan, of those described
   * @throws RefusedException when one was another before
   */
  void checkSamples(List<Integer> asked, List<SampleDescription> described) {
    for (int i = 0; i < asked.size(); i++) {
      int sample = asked.get(i);
      if (described.get(i).equals(checkedSamples.get(sample))) {
        continue;
      }
      var digest = described.get(i).getDigest();
      var identity = identity(sample, described.get(i));
      int rows = described.get(i).getRowCount();
      var kept = store.facts().keepSampleDigest(hold.job(), sample, digest, identity, rows);
      if (!kept.equals(digest)) {
        throw RefusedException.failedPrecondition(
            "SAMPLE_CHANGED",
            samples.get(sample).getName(),
            "The sample \"%s\" had digest %s when the study began and has %s now: its data changed,"
                    .formatted(samples.get(sample).getName(), kept.getSha256(), digest.getSha256())
                + " or the models differ in tokenizer. Create a new study of models that agree.");
      }
      checkedSamples.put(sample, described.get(i));
    }
  }

  /** A sample as an evaluator described it to this attempt. */
  SampleDescription sample(int sample) {
    return requireNonNull(checkedSamples.get(sample), "not described yet");
  }

  /** Chance is asked of the in-domain sample alone. */
  void keepLabelCount(List<Integer> asked, List<SampleDescription> described) {
    int inDomain = asked.indexOf(0);
    if (inDomain >= 0) {
      store.facts().keepLabelCount(hold.job(), 0, described.get(inDomain).getLabelsCount());
    }
  }

  /**
   * Keeps what was noticed while reading a model and samples, for the report; of the in-domain
   * sample once, whatever its blocks.
   */
  void keepNotices(
      int model,
      ModelDescription described,
      List<Integer> asked,
      List<SampleDescription> describedSamples) {
    var notices = new ArrayList<>(Notice.ofModel(model, described.getNoticesList()));
    for (int i = 0; i < asked.size() && asked.get(i) <= plan.spec().getDiagnosticsCount(); i++) {
      notices.addAll(Notice.ofSample(asked.get(i), describedSamples.get(i).getNoticesList()));
    }
    store.facts().keepNotices(hold.job(), notices);
  }

  /** What a sample is to other studies. */
  String identity(int sample, SampleDescription described) {
    return PointIdentity.ofSample(described, samples.get(sample).getLabelMapping());
  }

  /**
   * Makes sure that what an evaluator computes may stand beside the points that are there.
   *
   * @param place where the evaluator is, for people
   * @throws UnsuitableEvaluatorException where it may not
   */
  void requireArithmetic(Provenance provenance, String place) {
    arithmetic.require(provenance, place);
  }

  /**
   * Keeps which evaluator was left out, for the report.
   *
   * @param why for people
   */
  void keepLeftOut(String why) {
    store.facts().keepNotices(hold.job(), List.of(Notice.ofEvaluator(why)));
  }

  /** Keeps what computes points, which is allowed to. */
  void keepProvenance(Provenance provenance) {
    if (!provenances.contains(provenance)) {
      store.facts().keepProvenance(hold.job(), provenance, PointIdentity.ofArithmetic(provenance));
      provenances.add(provenance);
    }
  }

  void addScore(Score score) {
    add(() -> store.measurements().addScore(hold, score, pace.advance()));
  }

  /**
   * Adds a point. It is written at once where nothing else is being written, else in one
   * transaction with all that come meanwhile.
   */
  void addPoint(Point point) {
    throwIfFailed();
    pace.advance();
    unwritten.add(point);
    writer.execute(() -> write(List.of()));
  }

  /**
   * Takes scores over.
   *
   * @param taken the same, as other studies know them
   */
  void takeScores(List<Score> scores, Collection<Known> taken) {
    add(
        () ->
            store
                .measurements()
                .takeScores(hold, scores, sources(taken), pace.skip(scores.size())));
  }

  /**
   * Takes points of a pair over.
   *
   * @param taken as other studies know them, by the index of their alpha
   * @param withLosses whether the losses of their examples are kept here
   * @return them as this study's
   */
  List<Point> takePoints(
      ModelPair pair, int sample, Map<Integer, Known> taken, boolean withLosses) {
    var points =
        taken.entrySet().stream()
            .map(
                entry ->
                    new Point(
                        pair.a(),
                        pair.b(),
                        sample,
                        entry.getKey(),
                        entry.getValue().metrics(),
                        withLosses ? entry.getValue().losses() : ExampleFloats.NONE))
            .toList();
    add(
        () ->
            store
                .measurements()
                .takePoints(hold, points, sources(taken.values()), pace.skip(points.size())));
    return points;
  }

  private static Set<Long> sources(Collection<Known> taken) {
    return taken.stream().map(Known::source).collect(Collectors.toCollection(TreeSet::new));
  }

  void keepDistance(ModelPair pair, double euclideanDistance) {
    store.measurements().keepPair(hold.job(), pair.a(), pair.b(), euclideanDistance);
  }

  /** Says that a pair has all its points; returns when they are written. */
  void completePair(ModelPair pair) throws InterruptedException {
    try {
      writer.submit(() -> write(List.of(pair))).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    throwIfFailed();
  }

  private void write(List<ModelPair> completed) {
    if (failure != null) {
      // A pair that has lost a point is not to be written down as complete.
      return;
    }
    var points = new ArrayList<Point>();
    for (var next = unwritten.poll(); next != null; next = unwritten.poll()) {
      points.add(next);
    }
    if (points.isEmpty() && completed.isEmpty()) {
      return;
    }
    try {
      add(
          () ->
              store
                  .measurements()
                  .addPoints(
                      hold, points, completed.stream().map(this::key).toList(), pace.current()));
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  private PairKey key(ModelPair pair) {
    return new PairKey(pair.a(), pair.b(), plan.laterBlocks().size());
  }

  private void throwIfFailed() {
    var failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  /** Returns when all that came is written. */
  @Override
  public void close() {
    writer.close();
  }

  /**
   * Stores what came, one at a time.
   *
   * @param addition returns how far the study is then; empty where the hold was not good any more
   * @throws CancellationException when the hold was lost
   */
  private void add(Supplier<Optional<StudyProgress>> addition) {
    adding.lock();
    try {
      var now = addition.get();
      if (now.isEmpty()) {
        work.stop();
        throw new CancellationException("the study has ended or another worker has it");
      }
      attempt.show(attempt.job().content().with(now.get()));
    } finally {
      adding.unlock();
    }
  }
}
