package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.type.v1.ClassificationMetrics;
import java.util.Locale;

/** What a report's models, basins, distances and scores are called. */
record ReportNames(StudyReport report) {
  private static final String PREFIX = "checkpoints/";
  private static final double DEFAULT_LEVEL = .95;

  String model(int i) {
    var model = report.getModels(i);
    return model.getLabel().isEmpty()
        ? model.getCheckpoint().replaceFirst("^" + PREFIX, "")
        : model.getLabel();
  }

  String pair(PairReport pair) {
    return model(pair.getModelA()) + " \u2013 " + model(pair.getModelB());
  }

  boolean split() {
    return report.getVerdict().getState() == BasinState.BASIN_STATE_SPLIT;
  }

  boolean undecided() {
    return report.getVerdict().getState() == BasinState.BASIN_STATE_UNDECIDED;
  }

  /** Clusters that a reader is told of: 1 unless there is a split. */
  int clusterCount() {
    return split() ? report.getVerdict().getClusterCount() : 1;
  }

  String basin(int cluster) {
    return cluster < 0 ? "Outlier" : split() ? "Basin " + (cluster + 1) : "All models";
  }

  int cluster(int model) {
    return report.getModels(model).getCluster();
  }

  /** Outliers belong to no basin. */
  boolean within(PairReport pair) {
    int cluster = cluster(pair.getModelA());
    return cluster >= 0 && cluster == cluster(pair.getModelB());
  }

  boolean ofOutlier(PairReport pair) {
    return cluster(pair.getModelA()) < 0 || cluster(pair.getModelB()) < 0;
  }

  String distance() {
    return distance(report.getSpec().getDistance());
  }

  /** With the diagnostic whose curves give it. */
  String distance(DistanceVariant variant) {
    return distance(variant.getDistance())
        + (variant.hasAlongDiagnostic() ? " on " + diagnostic(variant.getAlongDiagnostic()) : "");
  }

  static String distance(DistanceMetric metric) {
    return switch (metric) {
      case DISTANCE_METRIC_BARRIER_HEIGHT -> "barrier height";
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP -> "improved convexity gap";
      case DISTANCE_METRIC_AREA -> "area above the minimum";
      case DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN -> "area times distance";
      case DISTANCE_METRIC_EUCLIDEAN -> "Euclidean distance";
      case DISTANCE_METRIC_DISAGREEMENT -> "disagreement of predictions";
      case DISTANCE_METRIC_JENSEN_SHANNON -> "Jensen-Shannon divergence";
      default -> "convexity gap";
    };
  }

  /** Empty for a distance of weights and for a share of examples. */
  String unit() {
    return switch (report.getSpec().getDistance()) {
      case DISTANCE_METRIC_EUCLIDEAN, DISTANCE_METRIC_DISAGREEMENT -> "";
      default -> "nats";
    };
  }

  String distanceTitle() {
    return unit().isEmpty() ? distance() : distance() + " (" + unit() + ")";
  }

  /** "95 %". */
  String level() {
    double level = report.getSpec().getResampling().getLevel();
    return String.format(Locale.ROOT, "%.1f", 100 * (level == 0 ? DEFAULT_LEVEL : level))
            .replaceFirst("\\.0$", "")
        + " %";
  }

  String diagnostic(int d) {
    return report.getSpec().getDiagnostics(d).getSample().getName();
  }

  String score(int d) {
    var models = report.getModelsList();
    return switch (report.getSpec().getDiagnostics(d).getScore()) {
      case SCORE_F1 ->
          "F1"
              + (models.isEmpty() || models.get(0).getDiagnosticsCount() <= d
                  ? ""
                  : positive(models.get(0).getDiagnostics(d)));
      case SCORE_MATTHEWS_CORRELATION -> "Matthews correlation";
      case SCORE_MEAN_LOSS -> "mean loss (nats)";
      default -> "accuracy";
    };
  }

  static String positive(ClassificationMetrics metrics) {
    return metrics.getPositiveLabel().isEmpty() ? "" : " of '" + metrics.getPositiveLabel() + "'";
  }
}
