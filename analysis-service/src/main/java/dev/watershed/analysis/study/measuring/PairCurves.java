package dev.watershed.analysis.study.measuring;

import static java.util.Objects.requireNonNull;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.PairWork;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.KnownPoints.KnownPair;
import dev.watershed.analysis.store.Measurements.Point;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.type.v1.Digest;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Curves between pairs of models on the in-domain sample, or its last block: points are taken over
 * where known, else asked for.
 *
 * <p>Which alphas of a pair are asked for follows from the losses of the rounds before, wherever
 * they came from: not from what else is known, nor from where an earlier attempt broke off.
 */
final class PairCurves implements PairWork {
  private final StudyPlan plan;
  private final StudyRecord record;
  private final List<Digest> digests;
  private final Set<ModelPair> begun;
  private final double[] endLosses;
  private final DiagnosticCurves diagnostics;

  /** The number of the sample. */
  private final int sample;

  private final Map<ModelPair, PairState> states = new ConcurrentHashMap<>();

  /**
   * All models have been scored.
   *
   * @param begun pairs whose distance is stored already
   * @param endLosses of all models on the sample, in nats
   */
  PairCurves(StudyPlan plan, StudyRecord record, Set<ModelPair> begun, double[] endLosses) {
    this.plan = plan;
    this.record = record;
    this.digests = record.modelDigests();
    this.begun = Set.copyOf(begun);
    this.endLosses = endLosses.clone();
    this.diagnostics = new DiagnosticCurves(plan, record, digests);
    this.sample = plan.lastBlock();
  }

  /** What an attempt knows of a pair. */
  private static final class PairState {
    private final ModelPair pair;
    private final Digest digestA;
    private final Digest digestB;

    /** By index on the grid: stored for this study. */
    private final Map<Integer, Double> stored = new HashMap<>();

    /** By index on the grid: counted among the points of the study, beyond those planned. */
    private final Set<Integer> expected = new HashSet<>();

    private boolean distanceKnown;

    /** What other studies knew when this one first wanted a point. */
    private Optional<KnownPair> others = Optional.empty();

    private PairState(ModelPair pair, Digest digestA, Digest digestB) {
      this.pair = pair;
      this.digestA = digestA;
      this.digestB = digestB;
    }
  }

  @Override
  public String subject(ModelPair pair) {
    return plan.checkpoint(pair.a()) + " and " + plan.checkpoint(pair.b());
  }

  @Override
  public void leftOut(String why) {
    record.keepLeftOut(why);
  }

  @Override
  public long modelBytes() {
    return record.modelBytes();
  }

  /** Measures a pair's curve and distance. */
  @Override
  public void measure(ModelPair pair, Calls calls) throws InterruptedException {
    var losses = new TreeMap<Integer, Double>();
    losses.put(0, endLosses[pair.b()]);
    losses.put(plan.grid().intervals(), endLosses[pair.a()]);
    measure(states.computeIfAbsent(pair, this::begin), losses, calls);
    diagnostics.measure(pair, calls);
    record.completePair(pair);
    states.remove(pair);
  }

  private PairState begin(ModelPair pair) {
    var state = new PairState(pair, digests.get(pair.a()), digests.get(pair.b()));
    for (var point : record.points(pair, sample)) {
      state.stored.put(point.alphaIndex(), point.metrics().getMeanLossNats());
    }
    // Whoever held the study before may have gone on for a while.
    state.distanceKnown =
        begun.contains(pair) || (!state.stored.isEmpty() && record.hasDistance(pair));
    return state;
  }

  /**
   * @param losses of the ends; filled, round by round, with those of the alphas that the grid
   *     chooses
   */
  private void measure(PairState work, SortedMap<Integer, Double> losses, Calls calls) {
    boolean first = true;
    for (var round = plan.grid().next(losses);
        !round.isEmpty() || !work.distanceKnown;
        round = plan.grid().next(losses)) {
      var missing = new TreeSet<>(round);
      missing.removeAll(work.stored.keySet());
      if (!first) {
        expect(work, missing);
      }
      if (!missing.isEmpty() || !work.distanceKnown) {
        takePoints(work, missing);
      }
      if (!missing.isEmpty() || !work.distanceKnown) {
        ask(work, missing, calls);
      }
      round.forEach(index -> losses.put(index, requireNonNull(work.stored.get(index))));
      first = false;
    }
  }

  /** Counts points of later rounds, each once, however often a round is begun. */
  private void expect(PairState work, Set<Integer> missing) {
    int count = (int) missing.stream().filter(index -> !work.expected.contains(index)).count();
    if (count > 0) {
      record.expectPoints(count);
      work.expected.addAll(missing);
    }
  }

  /** Takes over what others know of what is missing, which becomes less. */
  private void takePoints(PairState work, TreeSet<Integer> missing) {
    var pair = work.pair;
    var others = work.others.orElseGet(() -> record.knownPair(sample, work.digestA, work.digestB));
    work.others = Optional.of(others);
    if (!work.distanceKnown && others.euclideanDistance().isPresent()) {
      record.keepDistance(pair, others.euclideanDistance().getAsDouble());
      work.distanceKnown = true;
    }
    var taken = new TreeMap<>(others.points());
    taken.keySet().retainAll(missing);
    taken.values().removeIf(point -> plan.keepsLosses() && point.lacksLosses());
    if (!taken.isEmpty()) {
      record
          .takePoints(pair, sample, taken, true)
          .forEach(point -> work.stored.put(point.alphaIndex(), point.metrics().getMeanLossNats()));
      missing.removeAll(taken.keySet());
    }
  }

  private void ask(PairState work, TreeSet<Integer> indices, Calls calls) {
    var missing = new TreeMap<Double, Integer>();
    indices.forEach(index -> missing.put(plan.grid().alpha(index), index));
    readPoints(
        calls.evaluator().evaluateInterpolation(points(work, missing)), work, missing, calls);
    IncompleteAnswer.refuse(plan.checkpoint(work.pair.a()), missing.size());
  }

  private EvaluateInterpolationRequest points(PairState work, Map<Double, Integer> missing) {
    var pair = work.pair;
    // A curve of its two ends alone needs the distance, which comes with any point; model A's is
    // known to the evaluator.
    Collection<Double> alphas = missing.isEmpty() ? List.of(1.0) : missing.keySet();
    return EvaluateInterpolationRequest.newBuilder()
        .setModelA(plan.checkpoint(pair.a()))
        .setModelB(plan.checkpoint(pair.b()))
        .addAllAlphas(alphas)
        .addSamples(plan.samples().get(sample))
        .setPrecision(plan.spec().getPrecision())
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision())
        .setIncludeEuclideanDistance(!work.distanceKnown)
        .setIncludeExampleLosses(plan.keepsLosses())
        .build();
  }

  private void readPoints(
      Iterator<EvaluateInterpolationResponse> responses,
      PairState work,
      Map<Double, Integer> missing,
      Calls calls) {
    var pair = work.pair;
    var point = InterpolationPoint.getDefaultInstance();
    var losses = new ExampleFloats.Builder();
    int examples = 0;
    while (responses.hasNext()) {
      var response = responses.next();
      switch (response.getPayloadCase()) {
        case HEADER -> {
          readHeader(response.getHeader(), work, calls);
          examples = plan.keepsLosses() ? response.getHeader().getSamples(0).getExampleCount() : 0;
          continue;
        }
        case POINT -> {
          point = response.getPoint();
          losses = new ExampleFloats.Builder();
        }
        case EXAMPLE_LOSSES -> losses.add(response.getExampleLosses().getLossesNatsList());
        default -> throw new IllegalStateException("an answer without a payload");
      }
      // A point without all its losses counts as missing.
      var index = losses.count() == examples ? missing.remove(point.getAlpha()) : null;
      if (index != null) {
        record.addPoint(
            new Point(pair.a(), pair.b(), sample, index, point.getMetrics(), losses.build()));
        work.stored.put(index, point.getMetrics().getMeanLossNats());
        calls.progressed();
      }
    }
  }

  private void readHeader(InterpolationHeader header, PairState work, Calls calls) {
    record.requireArithmetic(header.getProvenance(), calls.place());
    var pair = work.pair;
    record.checkModel(pair.a(), header.getModelA());
    record.checkModel(pair.b(), header.getModelB());
    record.checkSamples(List.of(sample), header.getSamplesList());
    record.keepProvenance(header.getProvenance());
    if (header.hasEuclideanDistance()) {
      record.keepDistance(pair, header.getEuclideanDistance());
      work.distanceKnown = true;
    }
  }
}
