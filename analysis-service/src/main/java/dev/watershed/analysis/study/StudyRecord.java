package dev.watershed.analysis.study;

import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.KnownPoints.Known;
import dev.watershed.analysis.store.KnownPoints.KnownPair;
import dev.watershed.analysis.store.StoredStudy;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.StudyStore.Hold;
import dev.watershed.analysis.store.StudyStore.Notice;
import dev.watershed.analysis.store.StudyStore.Point;
import dev.watershed.analysis.store.StudyStore.Score;
import dev.watershed.analysis.study.StudyPlan.Pair;
import dev.watershed.eval.v1.ModelDescription;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Provenance;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * What an attempt at a study finds written and writes down as it comes: that models and samples
 * stay what they were, each point with the pace so far, and what other studies know.
 */
final class StudyRecord {
  private final StudyStore store;
  private final KnownPoints known;
  private final Hold hold;
  private final StudyPlan plan;
  private final List<EvaluationSample> samples;
  private final PaceEstimate pace;
  private final StudyUpdates updates;
  private final ParallelWork work;
  private final ReentrantLock adding = new ReentrantLock();

  /**
   * @param work is stopped when the hold is lost
   */
  StudyRecord(
      StudyStore store,
      KnownPoints known,
      StoredStudy study,
      StudyPlan plan,
      StudyUpdates updates,
      ParallelWork work) {
    this.store = store;
    this.known = known;
    this.hold = new Hold(study.number(), study.attempt());
    this.plan = plan;
    this.samples = plan.samples();
    this.pace = new PaceEstimate(study.elapsedSeconds());
    this.updates = updates;
    this.work = work;
  }

  Hold hold() {
    return hold;
  }

  /** Seconds of computing, over all attempts. */
  double elapsedSeconds() {
    return pace.elapsedSeconds();
  }

  /**
   * Begins to score models; with adaptive alphas, counts what is planned so far.
   *
   * @param completedPoints of earlier attempts
   */
  void beginScores(long completedPoints) {
    long total =
        plan.grid().adaptive()
            ? store.countTotal(hold, plan.pointCount(), plan.grid().firstStep())
            : plan.pointCount();
    pace.begin(total - completedPoints);
  }

  /** Begins to measure pairs, whose points take another time than scores. */
  void beginPairs() {
    pace.begin(pace.remainingPoints());
  }

  /** Plans more points than before. */
  void expectPoints(int count) {
    store.growTotal(hold, count);
    pace.expect(count);
  }

  /** The scores that are stored. */
  List<Score> scores() {
    return store.scores(hold.study());
  }

  /** By pair begun, whether it is complete. */
  Map<Pair, Boolean> pairs() {
    var begun = new HashMap<Pair, Boolean>();
    for (var pair : store.pairs(hold.study())) {
      begun.put(new Pair(pair.modelA(), pair.modelB()), pair.complete());
    }
    return begun;
  }

  /** The points that are stored of a pair. */
  List<Point> points(Pair pair) {
    return store.points(hold.study(), pair.a(), pair.b());
  }

  /** Of all models, which have been scored. */
  List<Digest> modelDigests() {
    return store.modelDigests(hold.study());
  }

  /** What other studies know of a model, by the identity of the sample. */
  Map<String, Known> knownScores(Digest model, Provenance provenance) {
    return known.scores(hold.study(), model, PointIdentity.ofArithmetic(provenance));
  }

  /** What other studies know of a pair. */
  KnownPair knownPair(Digest modelA, Digest modelB) {
    return known.pair(hold.study(), modelA, modelB, plan.grid().intervals());
  }

  /**
   * Keeps what a model is.
   *
   * @throws RefusedException when it was another before
   */
  void checkModel(int model, Digest digest) {
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

  /**
   * Keeps what samples are.
   *
   * @param asked indices in the plan, of those described
   * @throws RefusedException when one was another before
   */
  void checkSamples(List<Integer> asked, List<SampleDescription> described) {
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
  void keepLabelCount(List<Integer> asked, List<SampleDescription> described) {
    int inDomain = asked.indexOf(0);
    if (inDomain >= 0) {
      store.keepLabelCount(hold.study(), 0, described.get(inDomain).getLabelsCount());
    }
  }

  /** Keeps what was noticed while reading a model and samples, for the report. */
  void keepNotices(
      int model,
      ModelDescription described,
      List<Integer> asked,
      List<SampleDescription> describedSamples) {
    var notices = new ArrayList<>(Notice.ofModel(model, described.getNoticesList()));
    for (int i = 0; i < asked.size(); i++) {
      notices.addAll(Notice.ofSample(asked.get(i), describedSamples.get(i).getNoticesList()));
    }
    store.keepNotices(hold.study(), notices);
  }

  /** What a sample is to other studies. */
  String identity(int sample, SampleDescription described) {
    return PointIdentity.ofSample(described, samples.get(sample).getLabelMapping());
  }

  void keepProvenance(Provenance provenance) {
    store.keepProvenance(hold.study(), provenance, PointIdentity.ofArithmetic(provenance));
  }

  void addScore(Score score) {
    add(() -> store.addScore(hold, score, pace.advance()));
  }

  void addPoint(Point point) {
    add(() -> store.addPoint(hold, point, pace.advance()));
  }

  /**
   * Takes scores over.
   *
   * @param taken the same, as other studies know them
   */
  void takeScores(List<Score> scores, Collection<Known> taken) {
    add(() -> known.takeScores(hold, scores, sources(taken), pace.skip(scores.size())));
  }

  /**
   * Takes points over.
   *
   * @param taken the same, as other studies know them
   */
  void takePoints(List<Point> points, Collection<Known> taken) {
    add(() -> known.takePoints(hold, points, sources(taken), pace.skip(points.size())));
  }

  private static Set<Long> sources(Collection<Known> taken) {
    return taken.stream().map(Known::source).collect(Collectors.toCollection(TreeSet::new));
  }

  void keepDistance(Pair pair, double euclideanDistance) {
    store.keepPair(hold.study(), pair.a(), pair.b(), euclideanDistance);
  }

  void completePair(Pair pair) {
    add(() -> store.completePair(hold, pair.a(), pair.b(), pace.current()));
  }

  /**
   * Stores what came, one at a time.
   *
   * @param addition returns whether the hold was still good
   * @throws CancellationException when the hold was lost
   */
  private void add(BooleanSupplier addition) {
    adding.lock();
    try {
      if (!addition.getAsBoolean()) {
        work.stop();
        throw new CancellationException("the study has ended or another worker has it");
      }
    } finally {
      adding.unlock();
    }
    updates.progressed();
  }
}
