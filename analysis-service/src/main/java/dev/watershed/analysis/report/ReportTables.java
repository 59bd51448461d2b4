package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.CurveUncertainty;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * A report's tables as RFC 4180 CSV with a header and LF line ends. Numbers are written so that
 * they read back to the same double; NaN is {@code NaN}, a value that does not exist is empty.
 */
final class ReportTables {
  static final CSVFormat FORMAT = CSVFormat.RFC4180.builder().setRecordSeparator('\n').get();

  /** What a spreadsheet would run as a formula. */
  private static final Pattern FORMULA = Pattern.compile("^[=+\\-@\\t\\r]");

  /** As many empty columns as an uncertainty fills. */
  private static final List<Object> NO_UNCERTAINTY = Collections.nCopies(11, "");

  /** Of every report's pairs. */
  private static final List<String> PAIR_COLUMNS =
      List.of(
          "model_a",
          "model_b",
          "label_a",
          "label_b",
          "cluster_a",
          "cluster_b",
          "distance",
          "barrier_height_nats",
          "barrier_alpha",
          "convexity_gap_nats",
          "convexity_gap_gamma",
          "convexity_gap_alpha",
          "convexity_gap_beta",
          "improved_convexity_gap_nats",
          "nested_grid_intervals",
          "area_nats",
          "euclidean_distance",
          "convexity_gap_tolerance_nats",
          "point_count",
          "area_times_euclidean_distance",
          "barrier_height_low_nats",
          "barrier_height_high_nats",
          "convexity_gap_low_nats",
          "convexity_gap_high_nats",
          "convexity_gap_standard_error_nats",
          "convexity_gap_bias_nats",
          "convexity_gap_zero_test_p",
          "improved_convexity_gap_low_nats",
          "improved_convexity_gap_high_nats",
          "area_low_nats",
          "area_high_nats",
          "disagreement",
          "jensen_shannon_nats");

  private final StudyReport report;

  ReportTables(StudyReport report) {
    this.report = report;
  }

  void models(Appendable out) throws IOException {
    var header =
        new ArrayList<>(
            List.of(
                "checkpoint",
                "label",
                "digest_sha256",
                "cluster",
                "in_domain_mean_loss_nats",
                "in_domain_accuracy",
                "in_domain_f1",
                "in_domain_positive_label",
                "in_domain_matthews_correlation",
                "in_domain_expected_calibration_error",
                "in_domain_example_count",
                "centroid_distance_difference"));
    for (var diagnostic : report.getSpec().getDiagnosticsList()) {
      header.add(text("score of " + diagnostic.getSample().getName()));
    }
    var facts = new TreeSet<String>();
    for (var model : report.getModelsList()) {
      facts.addAll(model.getOrigin().getFactsMap().keySet());
    }
    facts.forEach(fact -> header.add(text("origin " + fact)));
    var printer = new CSVPrinter(out, FORMAT);
    printer.printRecord(header);
    for (var model : report.getModelsList()) {
      var row = row(model);
      facts.forEach(fact -> row.add(text(model.getOrigin().getFactsOrDefault(fact, ""))));
      printer.printRecord(row);
    }
  }

  private static List<Object> row(ModelReport model) {
    var inDomain = model.getInDomain();
    var row = new ArrayList<Object>();
    row.add(text(model.getCheckpoint()));
    row.add(text(model.getLabel()));
    row.add(model.getDigest().getSha256());
    row.add(model.getCluster());
    row.add(inDomain.getMeanLossNats());
    row.add(inDomain.getAccuracy());
    row.add(inDomain.getF1());
    row.add(text(inDomain.getPositiveLabel()));
    row.add(inDomain.getMatthewsCorrelation());
    row.add(inDomain.getExpectedCalibrationError());
    row.add(inDomain.getExampleCount());
    row.add(model.hasCentroidDistanceDifference() ? model.getCentroidDistanceDifference() : "");
    row.addAll(model.getDiagnosticScoresList());
    return row;
  }

  void pairs(Appendable out) throws IOException {
    var printer = new CSVPrinter(out, FORMAT);
    var header = new ArrayList<>(PAIR_COLUMNS);
    for (int d : along()) {
      String name = report.getSpec().getDiagnostics(d).getSample().getName();
      header.add("barrier_height_nats on " + name);
      header.add("convexity_gap_nats on " + name);
    }
    printer.printRecord(header);
    for (var pair : report.getPairsList()) {
      var a = report.getModels(pair.getModelA());
      var b = report.getModels(pair.getModelB());
      var metrics = pair.getMetrics();
      var gap = metrics.getConvexityGapCertificate();
      boolean nested = metrics.hasImprovedConvexityGapNats();
      var row =
          new ArrayList<Object>(
              List.of(
                  text(a.getCheckpoint()),
                  text(b.getCheckpoint()),
                  text(a.getLabel()),
                  text(b.getLabel()),
                  a.getCluster(),
                  b.getCluster(),
                  pair.getDistance(),
                  metrics.getBarrierHeightNats(),
                  metrics.getBarrierAlpha(),
                  metrics.getConvexityGapNats(),
                  gap.getGamma(),
                  gap.getAlpha(),
                  gap.getBeta(),
                  nested ? metrics.getImprovedConvexityGapNats() : "",
                  nested ? metrics.getNestedGridIntervals() : "",
                  metrics.getAreaNats(),
                  pair.getEuclideanDistance(),
                  pair.hasConvexityGapToleranceNats() ? pair.getConvexityGapToleranceNats() : "",
                  pair.getCurve().getAlphasCount(),
                  pair.getAreaTimesEuclideanDistance()));
      row.addAll(pair.hasUncertainty() ? uncertainty(pair.getUncertainty()) : NO_UNCERTAINTY);
      row.add(pair.hasDisagreement() ? pair.getDisagreement() : "");
      row.add(pair.hasJensenShannonNats() ? pair.getJensenShannonNats() : "");
      for (var curve : pair.getDiagnosticCurvesList()) {
        var along = curve.getMetrics();
        row.add(curve.hasMetrics() ? along.getBarrierHeightNats() : Double.POSITIVE_INFINITY);
        row.add(curve.hasMetrics() ? along.getConvexityGapNats() : Double.POSITIVE_INFINITY);
      }
      printer.printRecord(row);
    }
  }

  /** Diagnostics that are measured along curves, whose curves a pair has in this order. */
  private int[] along() {
    var diagnostics = report.getSpec().getDiagnosticsList();
    return IntStream.range(0, diagnostics.size())
        .filter(d -> diagnostics.get(d).getAlongCurves())
        .toArray();
  }

  private static List<Object> uncertainty(CurveUncertainty known) {
    var gap = known.getConvexityGap();
    var improved = known.getImprovedConvexityGap();
    return List.of(
        known.getBarrierHeight().getInterval().getLow(),
        known.getBarrierHeight().getInterval().getHigh(),
        gap.getInterval().getLow(),
        gap.getInterval().getHigh(),
        gap.getStandardError(),
        gap.getBias(),
        known.getZeroTestP(),
        known.hasImprovedConvexityGap() ? improved.getInterval().getLow() : "",
        known.hasImprovedConvexityGap() ? improved.getInterval().getHigh() : "",
        known.getArea().getInterval().getLow(),
        known.getArea().getInterval().getHigh());
  }

  /** One row a point: alpha 1 is model A. */
  void curves(Appendable out) throws IOException {
    var printer = new CSVPrinter(out, FORMAT);
    printer.printRecord("model_a", "model_b", "alpha", "loss_nats", "accuracy");
    for (var pair : report.getPairsList()) {
      String a = text(report.getModels(pair.getModelA()).getCheckpoint());
      String b = text(report.getModels(pair.getModelB()).getCheckpoint());
      for (int i = 0; i < pair.getCurve().getAlphasCount(); i++) {
        printer.printRecord(
            a,
            b,
            pair.getCurve().getAlphas(i),
            pair.getCurve().getLossesNats(i),
            accuracy(pair, i));
      }
    }
  }

  /** One row a point of a diagnostic that is measured along curves: alpha 1 is model A. */
  void diagnosticCurves(Appendable out) throws IOException {
    var printer = new CSVPrinter(out, FORMAT);
    printer.printRecord("model_a", "model_b", "diagnostic", "alpha", "loss_nats", "score");
    for (var pair : report.getPairsList()) {
      String a = text(report.getModels(pair.getModelA()).getCheckpoint());
      String b = text(report.getModels(pair.getModelB()).getCheckpoint());
      for (var along : pair.getDiagnosticCurvesList()) {
        var diagnostic = report.getSpec().getDiagnostics(along.getDiagnostic());
        String name = text(diagnostic.getSample().getName());
        for (int i = 0; i < along.getCurve().getAlphasCount(); i++) {
          printer.printRecord(
              a,
              b,
              name,
              along.getCurve().getAlphas(i),
              along.getCurve().getLossesNats(i),
              along.getScores(i));
        }
      }
    }
  }

  private static Object accuracy(PairReport pair, int i) {
    return i < pair.getAccuraciesCount() ? pair.getAccuracies(i) : "";
  }

  /** Keeps a spreadsheet from running a text as a formula: an apostrophe goes before it. */
  static String text(String value) {
    return FORMULA.matcher(value).find() ? "'" + value : value;
  }
}
