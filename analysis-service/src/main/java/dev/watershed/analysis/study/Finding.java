package dev.watershed.analysis.study;

import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReportOrBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Says in a sentence what a report's numbers say. */
final class Finding {
  /** A weaker correlation is not told. */
  private static final double TOLD_CORRELATION = .5;

  private final StudyReportOrBuilder report;

  private Finding(StudyReportOrBuilder report) {
    this.report = report;
  }

  /** Everything but the finding of {@code report} must be there. */
  static String of(StudyReportOrBuilder report) {
    return new Finding(report).sentence();
  }

  private String sentence() {
    var clauses = new ArrayList<String>();
    if (report.getClustering().getOneBasin()) {
      clauses.add(oneBasin());
    } else {
      clauses.add(basins());
      clauses.add(medians());
      clauses.addAll(strongestDiagnostic());
    }
    clauses.addAll(divergence());
    return String.join("; ", clauses) + ".";
  }

  private String oneBasin() {
    int models = report.getModelsCount();
    var median = "median " + metric() + " " + number(median(report.getPairsList()));
    return report.getSpec().getClusterCount() < models && report.getSpec().getClusterCount() > 1
        ? String.format(
            Locale.ROOT,
            "%d models show no split into %d basins (silhouette %s): %s",
            models,
            report.getSpec().getClusterCount(),
            number(report.getClustering().getSilhouette()),
            median)
        : String.format(
            Locale.ROOT,
            "%d models in %d clusters say nothing about basins: %s",
            models,
            report.getSpec().getClusterCount(),
            median);
  }

  private String basins() {
    var sizes =
        IntStream.range(0, report.getSpec().getClusterCount())
            .mapToObj(cluster -> Long.toString(size(cluster)))
            .toList();
    int last = sizes.size() - 1;
    return String.format(
        Locale.ROOT,
        "%d models fall into %d basins of %s and %s (silhouette %s)",
        report.getModelsCount(),
        sizes.size(),
        String.join(", ", sizes.subList(0, last)),
        sizes.get(last),
        number(report.getClustering().getSilhouette()));
  }

  private long size(int cluster) {
    return report.getModelsList().stream().filter(model -> model.getCluster() == cluster).count();
  }

  private String medians() {
    var within = report.getPairsList().stream().filter(this::within).toList();
    var across = report.getPairsList().stream().filter(pair -> !within(pair)).toList();
    return "median %s %s within and %s across"
        .formatted(metric(), number(median(within)), number(median(across)));
  }

  private boolean within(PairReport pair) {
    return report.getModels(pair.getModelA()).getCluster()
        == report.getModels(pair.getModelB()).getCluster();
  }

  private List<String> strongestDiagnostic() {
    return report.getDiagnosticsList().stream()
        .filter(diagnostic -> correlation(diagnostic) >= TOLD_CORRELATION)
        .max(Comparator.comparingDouble(Finding::correlation))
        .map(
            diagnostic ->
                "the centroid-distance feature goes with %s (r = %s)"
                    .formatted(diagnostic.getName(), number(diagnostic.getFit().getPearsonR())))
        .stream()
        .toList();
  }

  private static double correlation(DiagnosticReport diagnostic) {
    return Math.abs(diagnostic.getFit().getPearsonR());
  }

  private List<String> divergence() {
    long diverged =
        report.getPairsList().stream()
            .filter(pair -> Double.isInfinite(pair.getMetrics().getBarrierHeightNats()))
            .count();
    return diverged == 0
        ? List.of()
        : List.of(
            String.format(
                Locale.ROOT,
                "the loss is not finite somewhere between the models of %d of %d pairs",
                diverged,
                report.getPairsCount()));
  }

  private String metric() {
    return switch (report.getSpec().getDistance()) {
      case DISTANCE_METRIC_BARRIER_HEIGHT -> "barrier height";
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP -> "improved convexity gap";
      case DISTANCE_METRIC_AREA -> "area";
      case DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN -> "area times distance";
      case DISTANCE_METRIC_EUCLIDEAN -> "Euclidean distance";
      default -> "convexity gap";
    };
  }

  private static double median(List<PairReport> pairs) {
    return Summary.median(pairs.stream().mapToDouble(PairReport::getDistance).toArray());
  }

  static String number(double value) {
    double size = Math.abs(value);
    if (Double.isNaN(value)) {
      return "undefined";
    }
    if (Double.isInfinite(value)) {
      return "infinite";
    }
    if (size == 0) {
      return "0";
    }
    var format = size >= 100 ? "%.0f" : size >= .1 ? "%.2f" : "%.2g";
    return String.format(Locale.ROOT, format, value);
  }
}
