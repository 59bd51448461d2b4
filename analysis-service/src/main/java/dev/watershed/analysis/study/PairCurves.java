package dev.watershed.analysis.study;

import static java.util.Objects.requireNonNull;

import dev.watershed.analysis.store.KnownPoints.KnownPair;
import dev.watershed.analysis.store.StudyStore.Point;
import dev.watershed.analysis.study.StudyPlan.Pair;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.type.v1.Digest;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Curves between pairs of models: points are taken over where known, else asked for.
 *
 * <p>Which alphas of a pair are asked for follows from the losses of the rounds before, wherever
 * they came from: not from what else is known, nor from where an earlier attempt broke off.
 */
final class PairCurves {
  private final Evaluator evaluator;
  private final StudyPlan plan;
  private final StudyRecord record;
  private final List<Digest> digests;

  /** All models have been scored. */
  PairCurves(Evaluator evaluator, StudyPlan plan, StudyRecord record) {
    this.evaluator = evaluator;
    this.plan = plan;
    this.record = record;
    this.digests = record.modelDigests();
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
   * Measures a pair's curve and distance.
   *
   * @param begun whether the distance is stored already
   * @param endLosses of all models, in nats
   */
  void measure(Pair pair, boolean begun, double[] endLosses) throws InterruptedException {
    var losses = new TreeMap<Integer, Double>();
    losses.put(0, endLosses[pair.b()]);
    losses.put(plan.grid().intervals(), endLosses[pair.a()]);
    var work = new PairWork(pair, digests.get(pair.a()), digests.get(pair.b()));
    work.distanceKnown = begun;
    measure(work, losses);
  }

  /**
   * @param losses of the ends; filled, round by round, with those of the alphas that the grid
   *     chooses
   */
  private void measure(PairWork work, SortedMap<Integer, Double> losses)
      throws InterruptedException {
    var pair = work.pair;
    for (var point : record.points(pair)) {
      work.stored.put(point.alphaIndex(), point.metrics().getMeanLossNats());
    }
    boolean first = true;
    for (var round = plan.grid().next(losses);
        !round.isEmpty() || !work.distanceKnown;
        round = plan.grid().next(losses)) {
      var missing = new TreeSet<>(round);
      missing.removeAll(work.stored.keySet());
      if (!first && !missing.isEmpty()) {
        record.expectPoints(missing.size());
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
    record.completePair(pair);
  }

  /** Takes over what others know of what is missing, which becomes less. */
  private void takePoints(PairWork work, TreeSet<Integer> missing) {
    var pair = work.pair;
    var others = work.others.orElseGet(() -> record.knownPair(work.digestA, work.digestB));
    work.others = Optional.of(others);
    if (!work.distanceKnown && others.euclideanDistance().isPresent()) {
      record.keepDistance(pair, others.euclideanDistance().getAsDouble());
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
      record.takePoints(points, taken.values());
      points.forEach(
          point -> work.stored.put(point.alphaIndex(), point.metrics().getMeanLossNats()));
      missing.removeAll(taken.keySet());
    }
  }

  private void ask(PairWork work, TreeSet<Integer> indices) throws InterruptedException {
    var pair = work.pair;
    var missing = new TreeMap<Double, Integer>();
    indices.forEach(index -> missing.put(plan.grid().alpha(index), index));
    evaluator.call(
        plan.checkpoint(pair.a()) + " and " + plan.checkpoint(pair.b()),
        (stub, progressed) -> {
          readPoints(stub.evaluateInterpolation(points(work, missing)), work, missing, progressed);
          Evaluator.requireNoneMissing(plan.checkpoint(pair.a()), missing.size());
        });
  }

  private EvaluateInterpolationRequest points(PairWork work, Map<Double, Integer> missing) {
    var pair = work.pair;
    // A curve of its two ends alone needs the distance, which comes with any point; model A's is
    // known to the evaluator.
    Collection<Double> alphas = missing.isEmpty() ? List.of(1.0) : missing.keySet();
    return EvaluateInterpolationRequest.newBuilder()
        .setModelA(plan.checkpoint(pair.a()))
        .setModelB(plan.checkpoint(pair.b()))
        .addAllAlphas(alphas)
        .addSamples(plan.samples().getFirst())
        .setPrecision(plan.spec().getPrecision())
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision())
        .setIncludeEuclideanDistance(!work.distanceKnown)
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
        record.checkModel(pair.a(), header.getModelA().getDigest());
        record.checkModel(pair.b(), header.getModelB().getDigest());
        record.checkSamples(List.of(0), header.getSamplesList());
        record.keepProvenance(header.getProvenance());
        if (header.hasEuclideanDistance()) {
          record.keepDistance(pair, header.getEuclideanDistance());
          work.distanceKnown = true;
        }
      } else {
        var index = missing.remove(response.getPoint().getAlpha());
        if (index != null) {
          var point = new Point(pair.a(), pair.b(), index, response.getPoint().getMetrics());
          record.addPoint(point);
          work.stored.put(index, point.metrics().getMeanLossNats());
          progressed.run();
        }
      }
    }
  }
}
