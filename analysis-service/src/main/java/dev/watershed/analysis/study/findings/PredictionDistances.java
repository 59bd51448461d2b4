package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ResampledMeans;
import dev.watershed.analysis.statistics.Predictions;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.study.findings.ResampledDistances.Replicates;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.PairReport;
import java.util.ArrayList;
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

  /**
   * Returns the distances of all pairs over resampled examples; none where predictions are not
   * known, or one is no number.
   *
   * @param metric disagreement or Jensen-Shannon divergence
   * @param resamples how many; the first of those that a study's curves have
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  List<Replicates> replicates(
      DistanceMetric metric, long seed, int resamples, Runnable throwIfUnwanted) {
    if (models.isEmpty()
        || resamples == 0
        || !ResampledMeans.fits(resamples, models.getFirst().examples())) {
      return List.of();
    }
    var means = new ResampledMeans(Draws.of(seed, resamples, models.getFirst().examples()));
    var found = new ArrayList<Replicates>();
    for (int a = 0; a < models.size(); a++) {
      for (int b = a + 1; b < models.size(); b++) {
        var distances = means.of(byExample(metric, models.get(a), models.get(b)), throwIfUnwanted);
        if (Arrays.stream(distances).anyMatch(Double::isNaN)) {
          return List.of();
        }
        found.add(new Replicates(a, b, distances));
      }
    }
    return found;
  }

  private static double[] byExample(DistanceMetric metric, Predictions a, Predictions b) {
    return metric == DistanceMetric.DISTANCE_METRIC_DISAGREEMENT
        ? a.disagreements(b)
        : a.jensenShannonsNats(b);
  }
}
