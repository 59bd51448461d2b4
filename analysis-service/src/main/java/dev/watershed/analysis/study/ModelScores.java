package dev.watershed.analysis.study;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.PairWork;
import dev.watershed.analysis.store.KnownPoints.Known;
import dev.watershed.analysis.store.StudyStore.Score;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceBlockingStub;
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
      var asked = missing.stream().limit(SAMPLES_PER_CALL).toList();
      missing.removeAll(takeScores(calls.evaluator(), model, asked));
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
      IncompleteAnswer.refuse(plan.checkpoint(model), asked.size());
    }
    var header = responses.next().getHeader();
    readHeader(model, asked, header);
    var scores = record.knownScores(header.getModels(0).getDigest(), header.getProvenance());
    var taken = new TreeMap<Integer, Known>();
    for (int i = 0; i < asked.size(); i++) {
      var score = scores.get(record.identity(asked.get(i), header.getSamples(i)));
      if (score != null) {
        taken.put(asked.get(i), score);
      }
    }
    if (!taken.isEmpty()) {
      var added =
          taken.entrySet().stream()
              .map(entry -> new Score(model, entry.getKey(), entry.getValue().metrics()))
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
    while (responses.hasNext()) {
      var response = responses.next();
      if (response.hasHeader()) {
        readHeader(model, asked, response.getHeader());
        record.keepProvenance(response.getHeader().getProvenance());
      } else {
        int sample = asked.get(response.getPoint().getSampleIndex());
        var score = new Score(model, sample, response.getPoint().getMetrics());
        record.addScore(score);
        missing.remove(sample);
        calls.progressed();
      }
    }
  }

  private void readHeader(int model, List<Integer> asked, CombinationHeader header) {
    record.checkModel(model, header.getModels(0));
    record.checkSamples(asked, header.getSamplesList());
    record.keepLabelCount(asked, header.getSamplesList());
    record.keepNotices(model, header.getModels(0), asked, header.getSamplesList());
  }
}
