package dev.watershed.analysis.study.dynamics;

import static java.util.Objects.requireNonNull;

import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * One study as the comparison over steps needs it: without curves, and its models in the order of
 * the first study.
 *
 * @param metrics every pair a &lt; b by a and then b; alpha = 1 is a
 * @param assignments (models) cluster of each model
 * @param labels of the models
 * @param onlyPair the uncertainty of a single pair over examples, where there is no other
 * @param exampleCount examples that curves are means of
 * @param warnings the study's, but for those about fits, which a comparison over steps has none of
 */
record DynamicsStep(
    long step,
    String study,
    StudySpec spec,
    List<String> labels,
    List<CurveMetrics> metrics,
    int[] assignments,
    boolean oneBasin,
    double meanLossNats,
    double meanAccuracy,
    Optional<CurveUncertainty> onlyPair,
    int exampleCount,
    List<Warning> warnings) {

  /**
   * @param labels the same as those of {@code report}, in the order wanted
   */
  static DynamicsStep of(
      long step, StudyReport report, List<String> labels, Optional<CurveUncertainty> onlyPair) {
    int count = labels.size();
    var places = places(report, labels);
    var assignments = new int[count];
    for (int i = 0; i < count; i++) {
      assignments[places[i]] = report.getModels(i).getCluster();
    }
    var metrics = new CurveMetrics[count * (count - 1) / 2];
    for (var pair : report.getPairsList()) {
      int a = places[pair.getModelA()];
      int b = places[pair.getModelB()];
      metrics[pairIndex(Math.min(a, b), Math.max(a, b), count)] =
          a < b ? pair.getMetrics() : mirrored(pair.getMetrics());
    }
    return new DynamicsStep(
        step,
        report.getStudy(),
        report.getSpec().toBuilder().clearModels().build(),
        labels,
        List.of(metrics),
        assignments,
        report.getVerdict().getState() != BasinState.BASIN_STATE_SPLIT,
        mean(report, model -> model.getInDomain().getMeanLossNats()),
        mean(report, model -> model.getInDomain().getAccuracy()),
        onlyPair,
        report.getInDomainExampleCount(),
        report.getWarningsList().stream()
            .filter(warning -> warning.getReason() != WarningReason.WARNING_REASON_FEW_MODELS)
            .toList());
  }

  /** Returns the place in {@code labels} of each of the report's models. */
  private static int[] places(StudyReport report, List<String> labels) {
    var indexes = new HashMap<String, Integer>();
    for (int i = 0; i < labels.size(); i++) {
      indexes.put(labels.get(i), i);
    }
    return report.getModelsList().stream()
        .mapToInt(model -> requireNonNull(indexes.get(model.getLabel())))
        .toArray();
  }

  private static int pairIndex(int a, int b, int count) {
    return a * (2 * count - a - 1) / 2 + b - a - 1;
  }

  /** The metrics of the same line walked from its other end. */
  private static CurveMetrics mirrored(CurveMetrics metrics) {
    var mirrored = metrics.toBuilder().setBarrierAlpha(1 - metrics.getBarrierAlpha());
    var gap = metrics.getConvexityGapCertificate();
    mirrored
        .getConvexityGapCertificateBuilder()
        .setGamma(1 - gap.getBeta())
        .setAlpha(1 - gap.getAlpha())
        .setBeta(1 - gap.getGamma());
    return mirrored.build();
  }

  private static double mean(StudyReport report, ToDoubleFunction<ModelReport> value) {
    return Summary.of(report.getModelsList().stream().mapToDouble(value).toArray()).mean();
  }
}
