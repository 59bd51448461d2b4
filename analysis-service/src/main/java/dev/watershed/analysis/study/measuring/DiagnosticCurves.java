package dev.watershed.analysis.study.measuring;

import static java.util.Objects.requireNonNull;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.PairWork.Calls;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.Measurements.Point;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.type.v1.Digest;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Diagnostics between the ends of curves, at the alphas that all curves have, after the curve
 * itself: points are taken over where known, else asked for.
 */
final class DiagnosticCurves {
  private final StudyPlan plan;
  private final StudyRecord record;
  private final List<Digest> digests;
  private final List<Integer> samples;

  /**
   * @param digests of all models
   */
  DiagnosticCurves(StudyPlan plan, StudyRecord record, List<Digest> digests) {
    this.plan = plan;
    this.record = record;
    this.digests = digests;
    this.samples = plan.samplesAlongCurves();
  }

  /** Measures what is not stored of a pair. */
  void measure(ModelPair pair, Calls calls) {
    if (samples.isEmpty() || plan.grid().firstInteriorCount() == 0) {
      return;
    }
    // By alpha, the samples that lack it.
    var missing = new TreeMap<Integer, TreeSet<Integer>>();
    plan.grid().firstInterior().forEach(index -> missing.put(index, new TreeSet<>(samples)));
    for (int sample : samples) {
      for (var point : record.points(pair, sample)) {
        requireNonNull(missing.get(point.alphaIndex())).remove(sample);
      }
    }
    missing.values().removeIf(TreeSet::isEmpty);
    takePoints(pair, missing);
    if (missing.isEmpty()) {
      return;
    }
    // An attempt that broke off left whole alphas, and one in parts: that one is asked for whole.
    var asked = missing.values().stream().flatMap(TreeSet::stream).distinct().sorted().toList();
    read(
        calls.evaluator().evaluateInterpolation(request(pair, asked, missing)),
        pair,
        asked,
        missing,
        calls);
    IncompleteAnswer.refuse(
        plan.checkpoint(pair.a()), missing.values().stream().mapToLong(TreeSet::size).sum());
  }

  /** Takes over what others know of what is missing, which becomes less. */
  private void takePoints(ModelPair pair, Map<Integer, TreeSet<Integer>> missing) {
    var wanted = missing.values().stream().flatMap(TreeSet::stream).distinct().sorted().toList();
    for (int sample : wanted) {
      var others = record.knownPair(sample, digests.get(pair.a()), digests.get(pair.b()));
      var taken = new TreeMap<>(others.points());
      taken.keySet().removeIf(index -> !isMissing(missing, index, sample));
      if (!taken.isEmpty()) {
        record.takePoints(pair, sample, taken, false);
        taken.keySet().forEach(index -> requireNonNull(missing.get(index)).remove(sample));
      }
    }
    missing.values().removeIf(TreeSet::isEmpty);
  }

  private static boolean isMissing(Map<Integer, TreeSet<Integer>> missing, int index, int sample) {
    var lacking = missing.get(index);
    return lacking != null && lacking.contains(sample);
  }

  private EvaluateInterpolationRequest request(
      ModelPair pair, List<Integer> asked, Map<Integer, ?> missing) {
    return EvaluateInterpolationRequest.newBuilder()
        .setModelA(plan.checkpoint(pair.a()))
        .setModelB(plan.checkpoint(pair.b()))
        .addAllAlphas(missing.keySet().stream().map(plan.grid()::alpha).toList())
        .addAllSamples(asked.stream().map(plan.samples()::get).toList())
        .setPrecision(plan.spec().getPrecision())
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision())
        .build();
  }

  private void read(
      Iterator<EvaluateInterpolationResponse> responses,
      ModelPair pair,
      List<Integer> asked,
      Map<Integer, TreeSet<Integer>> missing,
      Calls calls) {
    while (responses.hasNext()) {
      var response = responses.next();
      switch (response.getPayloadCase()) {
        case HEADER -> check(response.getHeader(), pair, asked, calls);
        case POINT -> add(response.getPoint(), pair, asked, missing, calls);
        default -> throw new IllegalStateException("an answer that was not asked for");
      }
    }
  }

  private void check(InterpolationHeader header, ModelPair pair, List<Integer> asked, Calls calls) {
    record.requireArithmetic(header.getProvenance(), calls.place());
    record.checkModel(pair.a(), header.getModelA());
    record.checkModel(pair.b(), header.getModelB());
    record.checkSamples(asked, header.getSamplesList());
    record.keepProvenance(header.getProvenance());
  }

  private void add(
      InterpolationPoint point,
      ModelPair pair,
      List<Integer> asked,
      Map<Integer, TreeSet<Integer>> missing,
      Calls calls) {
    int index = (int) Math.round(point.getAlpha() * plan.grid().intervals());
    int sample = asked.get(point.getSampleIndex());
    var lacking = missing.get(index);
    if (lacking != null && lacking.remove(sample)) {
      record.addPoint(
          new Point(pair.a(), pair.b(), sample, index, point.getMetrics(), ExampleFloats.NONE));
      calls.progressed();
    }
  }
}
