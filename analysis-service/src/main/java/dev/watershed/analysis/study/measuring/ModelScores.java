package dev.watershed.analysis.study.measuring;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.PairWork;
import dev.watershed.analysis.store.KnownPoints.Known;
import dev.watershed.analysis.store.Losses;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.CombinationPoint;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.type.v1.EvaluationSample;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Scores of single models on all samples of a study: taken over where known, else asked for. */
final class ModelScores implements PairWork {
  /** What the evaluator takes in a call. */
  private static final int SAMPLES_PER_CALL = 100;

  /** Its index in the plan. */
  private static final int IN_DOMAIN = 0;

  private final StudyPlan plan;
  private final List<EvaluationSample> samples;
  private final StudyRecord record;
  private final List<TreeSet<Integer>> missing;

  /**
   * @param missing samples of each model, by index in the plan; become empty
   */
  ModelScores(StudyPlan plan, StudyRecord record, List<TreeSet<Integer>> missing) {
    this.plan = plan;
    this.samples = plan.samples();
    this.record = record;
    this.missing = missing;
  }

  @Override
  public String subject(ModelPair pair) {
    return plan.checkpoint(pair.a());
  }

  @Override
  public long modelBytes() {
    return record.modelBytes();
  }

  @Override
  public void measure(ModelPair alone, Calls calls) {
    int model = alone.a();
    var checkpoint = plan.checkpoint(model);
    var missing = this.missing.get(model);
    while (!missing.isEmpty()) {
      var asked = asked(missing);
      missing.removeAll(takeScores(calls, model, asked));
      var unknown = asked.stream().filter(missing::contains).toList();
      if (!unknown.isEmpty()) {
        var request =
            scoresOf(checkpoint, unknown)
                .addCombinations(Combination.newBuilder().addCoefficients(1));
        var responses = calls.evaluator().evaluateCombinations(request.build());
        readScores(responses, model, unknown, missing, calls);
        IncompleteAnswer.refuse(checkpoint, unknown.stream().filter(missing::contains).count());
      }
    }
  }

  /** The in-domain sample alone where the losses of its examples are wanted, then the others. */
  private List<Integer> asked(TreeSet<Integer> missing) {
    boolean inDomain = plan.keepsLosses() && missing.first() == IN_DOMAIN;
    return missing.stream().limit(inDomain ? 1 : SAMPLES_PER_CALL).toList();
  }

  private EvaluateCombinationsRequest.Builder scoresOf(String checkpoint, List<Integer> asked) {
    return EvaluateCombinationsRequest.newBuilder()
        .addModels(checkpoint)
        .setIncludeExampleLosses(plan.keepsLosses() && asked.contains(IN_DOMAIN))
        .addAllSamples(asked.stream().map(samples::get).toList())
        .setPrecision(plan.spec().getPrecision())
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision());
  }

  /** Takes over what other studies know of a model; returns the samples that they know. */
  private Set<Integer> takeScores(Calls calls, int model, List<Integer> asked) {
    var responses =
        calls.evaluator().evaluateCombinations(scoresOf(plan.checkpoint(model), asked).build());
    if (!responses.hasNext()) {
      IncompleteAnswer.refuse(plan.checkpoint(model), asked.size());
    }
    var header = responses.next().getHeader();
    readHeader(model, asked, header, calls);
    var scores = record.knownScores(header.getModels(0).getDigest(), header.getProvenance());
    var taken = new TreeMap<Integer, Known>();
    for (int i = 0; i < asked.size(); i++) {
      var score = scores.get(record.identity(asked.get(i), header.getSamples(i)));
      boolean withLosses = plan.keepsLosses() && asked.get(i) == IN_DOMAIN;
      if (score != null && !(withLosses && score.lacksLosses())) {
        taken.put(asked.get(i), score);
      }
    }
    if (!taken.isEmpty()) {
      var added =
          taken.entrySet().stream()
              .map(
                  entry ->
                      new Score(
                          model,
                          entry.getKey(),
                          entry.getValue().metrics(),
                          entry.getValue().losses()))
              .toList();
      record.takeScores(added, taken.values());
    }
    return taken.keySet();
  }

  private void readScores(
      Iterator<EvaluateCombinationsResponse> responses,
      int model,
      List<Integer> asked,
      TreeSet<Integer> missing,
      Calls calls) {
    var point = CombinationPoint.getDefaultInstance();
    var losses = new Losses.Builder();
    int examples = 0;
    while (responses.hasNext()) {
      var response = responses.next();
      switch (response.getPayloadCase()) {
        case HEADER -> {
          readHeader(model, asked, response.getHeader(), calls);
          record.keepProvenance(response.getHeader().getProvenance());
          examples = plan.keptLosses(response.getHeader().getSamples(0));
          continue;
        }
        case POINT -> {
          point = response.getPoint();
          losses = new Losses.Builder();
        }
        case EXAMPLE_LOSSES -> losses.add(response.getExampleLosses().getLossesNatsList());
        default -> throw new IllegalStateException("an answer without a payload");
      }
      int sample = asked.get(point.getSampleIndex());
      if (sample != IN_DOMAIN || losses.count() == examples) {
        record.addScore(new Score(model, sample, point.getMetrics(), losses.build()));
        missing.remove(sample);
        calls.progressed();
      }
    }
  }

  private void readHeader(int model, List<Integer> asked, CombinationHeader header, Calls calls) {
    record.requireArithmetic(header.getProvenance(), calls.place());
    record.checkModel(model, header.getModels(0));
    record.checkSamples(asked, header.getSamplesList());
    record.keepLabelCount(asked, header.getSamplesList());
    record.keepNotices(model, header.getModels(0), asked, header.getSamplesList());
  }
}
