package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReportOrBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Says in a sentence what a report's numbers say. */
final class Finding {
  /** A weaker correlation is not told. */
  private static final double TOLD_CORRELATION = .5;

  /** Mean adjusted Rand index below which clusters depend on the examples drawn. */
  private static final double LEAST_STABILITY = .8;

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
    clauses.add(verdict());
    clauses.add(
        split() ? medians() : "median " + metric() + " " + number(median(report.getPairsList())));
    if (report.hasEpsilonConvexNats()) {
      clauses.add("all pairs epsilon-convex at " + number(report.getEpsilonConvexNats()) + " nats");
    }
    clauses.addAll(strongestDiagnostic());
    clauses.addAll(divergence());
    return String.join("; ", clauses) + ".";
  }

  private boolean split() {
    return report.getVerdict().getState() == BasinState.BASIN_STATE_SPLIT;
  }

  /** What the rule says, with what it rests on. */
  private String verdict() {
    var verdict = report.getVerdict();
    var models = report.getModelsCount() + " models ";
    var said =
        switch (verdict.getState()) {
          case BASIN_STATE_SPLIT -> models + "fall into " + basins();
          case BASIN_STATE_UNDECIDED ->
              models
                  + "may fall into "
                  + (Collections.max(verdict.getLookedAtList()) + 1)
                  + " basins or be one cloud, which so few do not decide";
          default -> models + "show no split into basins, which is no proof of one";
        };
    var facts = new ArrayList<String>();
    if (Double.isFinite(verdict.getSeparation())) {
      facts.add(
          "separation %s of %s needed"
              .formatted(share(verdict.getSeparation()), share(verdict.getSeparationNeeded())));
      facts.add("silhouette " + number(verdict.getSilhouette()));
    }
    if (verdict.hasStability()) {
      facts.add(
          "stability "
              + number(verdict.getStability())
              + (verdict.getStability() < LEAST_STABILITY ? ", unstable at this sample size" : ""));
    }
    return facts.isEmpty() ? said : said + " (" + String.join(", ", facts) + ")";
  }

  /** To three digits, as what is needed differs in the third. */
  private static String share(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private String basins() {
    var sizes =
        IntStream.range(0, report.getVerdict().getClusterCount())
            .mapToObj(cluster -> Long.toString(size(cluster)))
            .toList();
    int last = sizes.size() - 1;
    long outliers = size(-1);
    return String.format(
        Locale.ROOT,
        "%d basins of %s and %s%s",
        sizes.size(),
        String.join(", ", sizes.subList(0, last)),
        sizes.get(last),
        outliers == 0 ? "" : outliers == 1 ? " and an outlier" : " and " + outliers + " outliers");
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

  /** Outliers belong to no basin. */
  private boolean within(PairReport pair) {
    int cluster = report.getModels(pair.getModelA()).getCluster();
    return cluster >= 0 && cluster == report.getModels(pair.getModelB()).getCluster();
  }

  /** The strongest correlation that holds however many were looked at. */
  private List<String> strongestDiagnostic() {
    var diagnostics = report.getDiagnosticsList();
    return diagnostics.stream()
        .filter(one -> correlation(one) >= TOLD_CORRELATION && one.getPearsonPHolm() < .05)
        .max(Comparator.comparingDouble(Finding::correlation))
        .map(
            one -> {
              var fit = one.getFit();
              return String.format(
                  Locale.ROOT,
                  "the centroid-distance feature goes with %s (r = %s [%s, %s]%s)",
                  one.getName(),
                  number(fit.getPearsonR()),
                  number(fit.getPearsonInterval().getLow()),
                  number(fit.getPearsonInterval().getHigh()),
                  diagnostics.size() == 1
                      ? ""
                      : ", the strongest of " + diagnostics.size() + ", p corrected for that");
            })
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
      case DISTANCE_METRIC_DISAGREEMENT -> "disagreement";
      case DISTANCE_METRIC_JENSEN_SHANNON -> "Jensen-Shannon divergence";
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
