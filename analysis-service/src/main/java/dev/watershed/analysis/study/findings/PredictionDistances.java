package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.statistics.Predictions;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.v1.PairReport;
import java.util.Arrays;
import java.util.List;

/**
 * How unlike the predictions of models are on the in-domain sample.
 *
 * @param models their predictions; none where those of one of them are not kept
 */
record PredictionDistances(List<Predictions> models) {
  /** The in-domain sample's index. */
  private static final int IN_DOMAIN = 0;

  /**
   * @param scores (model, sample)
   */
  static PredictionDistances of(Score[][] scores) {
    var inDomain = Arrays.stream(scores).map(ofModel -> ofModel[IN_DOMAIN]).toList();
    boolean known = inDomain.stream().allMatch(score -> score.probabilities().kept());
    return new PredictionDistances(
        known ? inDomain.stream().map(PredictionDistances::predictions).toList() : List.of());
  }

  private static Predictions predictions(Score score) {
    var probabilities = score.probabilities();
    return new Predictions(
        probabilities.array(), probabilities.count() / score.metrics().getExampleCount());
  }

  /** Adds the distances of a pair's models, where they are known. */
  void addTo(PairReport.Builder pair) {
    if (!models.isEmpty()) {
      var a = models.get(pair.getModelA());
      var b = models.get(pair.getModelB());
      pair.setDisagreement(a.disagreement(b)).setJensenShannonNats(a.jensenShannonNats(b));
    }
  }
}
