package dev.watershed.analysis.study.measuring;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.PairWork;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.KnownPoints.Known;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.CombinationPoint;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.EvaluationSample;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Scores of single models on all samples of a study: taken over where known, else asked for. */
final class ModelScores implements PairWork {
  /** What the evaluator takes in a call. */
  private static final int SAMPLES_PER_CALL = 100;

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
  public void leftOut(String why) {
    record.keepLeftOut(why);
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
                .setIncludeExampleProbabilities(probabilities(unknown.getFirst()) > 0)
                .addCombinations(Combination.newBuilder().addCoefficients(1));
        var responses = calls.evaluator().evaluateCombinations(request.build());
        readScores(responses, model, unknown, missing, calls);
        IncompleteAnswer.refuse(checkpoint, unknown.stream().filter(missing::contains).count());
      }
    }
  }

  /** A block alone, of whose examples more is wanted, then the others. */
  private List<Integer> asked(TreeSet<Integer> missing) {
    return missing.stream()
        .filter(plan::isBlock)
        .findFirst()
        .map(List::of)
        .orElseGet(() -> missing.stream().limit(SAMPLES_PER_CALL).toList());
  }

  /**
   * How many probabilities are wanted of a sample: none where they are more than are kept, unless
   * the chosen distance needs them. Then the evaluator, which sends no more either, says so.
   */
  private int probabilities(int sample) {
    if (!plan.isBlock(sample)) {
      return 0;
    }
    var described = record.sample(sample);
    long count = (long) described.getExampleCount() * described.getLabelsCount();
    return count <= ExampleFloats.MOST || plan.needsProbabilities() ? Math.toIntExact(count) : 0;
  }

  private EvaluateCombinationsRequest.Builder scoresOf(String checkpoint, List<Integer> asked) {
    return EvaluateCombinationsRequest.newBuilder()
        .addModels(checkpoint)
        .setIncludeExampleLosses(plan.keepsLosses(asked.getFirst()))
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
      if (score != null && isWhole(asked.get(i), score)) {
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
                          entry.getValue().losses(),
                          entry.getValue().probabilities()))
              .toList();
      record.takeScores(added, taken.values());
    }
    return taken.keySet();
  }

  /** Whether what is known of a sample is all that is wanted. */
  private boolean isWhole(int sample, Known score) {
    boolean lacksLosses = plan.keepsLosses(sample) && score.lacksLosses();
    return !lacksLosses && score.probabilities().count() >= probabilities(sample);
  }

  /** A score as it comes: the point, then the losses of its examples, then their probabilities. */
  private static final class Incoming {
    private final CombinationPoint point;
    private final ExampleFloats.Builder losses = new ExampleFloats.Builder();
    private final ExampleFloats.Builder probabilities = new ExampleFloats.Builder();

    private Incoming(CombinationPoint point) {
      this.point = point;
    }

    private Score score(int model, int sample) {
      return new Score(model, sample, point.getMetrics(), losses.build(), probabilities.build());
    }
  }

  private void readScores(
      Iterator<EvaluateCombinationsResponse> responses,
      int model,
      List<Integer> asked,
      TreeSet<Integer> missing,
      Calls calls) {
    var incoming = new Incoming(CombinationPoint.getDefaultInstance());
    boolean pointed = false;
    int losses = 0;
    while (responses.hasNext()) {
      var response = responses.next();
      switch (response.getPayloadCase()) {
        case HEADER -> {
          readHeader(model, asked, response.getHeader(), calls);
          record.keepProvenance(response.getHeader().getProvenance());
          losses =
              plan.keepsLosses(asked.getFirst())
                  ? response.getHeader().getSamples(0).getExampleCount()
                  : 0;
          continue;
        }
        case POINT -> {
          incoming = new Incoming(response.getPoint());
          pointed = true;
        }
        case EXAMPLE_LOSSES -> incoming.losses.add(response.getExampleLosses().getLossesNatsList());
        case EXAMPLE_PROBABILITIES ->
            incoming.probabilities.add(response.getExampleProbabilities().getProbabilitiesList());
        default -> throw new IllegalStateException("an answer without a payload");
      }
      int sample = asked.get(incoming.point.getSampleIndex());
      boolean whole =
          !plan.isBlock(sample)
              || (incoming.losses.count() == losses
                  && incoming.probabilities.count() == probabilities(sample));
      if (whole) {
        add(incoming.score(model, sample), missing, calls);
      }
    }
    boolean without =
        pointed
            && plan.isBlock(asked.getFirst())
            && missing.contains(asked.getFirst())
            && incoming.losses.count() == losses
            && incoming.probabilities.count() == 0;
    if (without) {
      requireNoProbabilities(calls.place());
      add(incoming.score(model, asked.getFirst()), missing, calls);
    }
  }

  private void add(Score score, TreeSet<Integer> missing, Calls calls) {
    record.addScore(score);
    missing.remove(score.sample());
    calls.progressed();
  }

  /**
   * An evaluator of an earlier version knows nothing of probabilities: other distances need none.
   */
  private void requireNoProbabilities(String place) {
    if (plan.needsProbabilities()) {
      throw RefusedException.refused(
          RefusedException.Kind.INTERNAL,
          "PROBABILITIES_NOT_TOLD",
          "The evaluator at "
              + place
              + " tells no probabilities of examples, which the distance of predictions is made of;"
              + " it may be of an earlier version. Update it, or choose another distance.",
          Map.of());
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
