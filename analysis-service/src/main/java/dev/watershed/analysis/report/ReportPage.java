package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** A study's report as a page; of a large study it draws a part. */
final class ReportPage {
  /** The page holds so many curves to pick one from, evenly by distance. */
  private static final int MOST_CURVES = 5_000;

  /** Beyond so many pairs, curves go into the page with six digits: more than a figure shows. */
  private static final int MOST_EXACT_CURVES = 300;

  /** Beyond so many pairs only their distance goes into the page. */
  private static final int MOST_PAIRS_WITH_METRICS = 20_000;

  private static final MathContext SIX_DIGITS = new MathContext(6);

  private static final SelfContainedPage PAGE =
      new SelfContainedPage(
          "report.html",
          List.of(
              "study/labels.js",
              "study/report.js",
              "study/distances.js",
              "study/pair.js",
              "study/curves.js",
              "study/diagnostics.js",
              "study/estimates.js",
              "study/against.js",
              "study/factors.js",
              "study/draw.js"));

  private ReportPage() {}

  static void write(StudyReport report, Appendable out) throws IOException {
    String name = report.getSpec().getDisplayName();
    PAGE.write(
        name.isBlank() ? report.getStudy() : name,
        report.getFinding(),
        report.getWarningsList(),
        ReportMarkup.of(report),
        slimmed(report),
        out);
  }

  /** Leaves out what the page does not draw, so that a large study's page opens. */
  private static StudyReport slimmed(StudyReport report) {
    var drawn = drawn(report);
    var slim = report.toBuilder().clearPairs();
    for (int i = 0; i < report.getPairsCount(); i++) {
      var pair = report.getPairs(i).toBuilder();
      if (!drawn.get(i)) {
        pair.clearCurve().clearAccuracies().clearUncertainty();
        pair.getDiagnosticCurvesBuilderList().forEach(along -> along.clearCurve().clearScores());
      } else if (report.getPairsCount() > MOST_EXACT_CURVES) {
        shorten(pair);
      }
      if (report.getPairsCount() > MOST_PAIRS_WITH_METRICS) {
        pair.clearMetrics().clearDiagnosticCurves();
      }
      slim.addPairs(pair);
    }
    return slim.build();
  }

  private static void shorten(PairReport.Builder pair) {
    shorten(pair.getCurveBuilder());
    pair.getDiagnosticCurvesBuilderList().forEach(along -> shorten(along.getCurveBuilder()));
    var accuracies = shortened(pair.getAccuraciesList());
    pair.clearAccuracies().addAllAccuracies(accuracies);
    if (pair.hasUncertainty()) {
      var known = pair.getUncertaintyBuilder();
      var lows = shortened(known.getBandLowNatsList());
      var highs = shortened(known.getBandHighNatsList());
      known.clearBandLowNats().addAllBandLowNats(lows);
      known.clearBandHighNats().addAllBandHighNats(highs);
    }
  }

  private static void shorten(Curve.Builder curve) {
    var losses = shortened(curve.getLossesNatsList());
    curve.clearLossesNats().addAllLossesNats(losses);
  }

  private static List<Double> shortened(List<Double> values) {
    return values.stream()
        .map(
            value ->
                Double.isFinite(value)
                    ? BigDecimal.valueOf(value).round(SIX_DIGITS).doubleValue()
                    : value)
        .toList();
  }

  /** Which pairs' curves the page holds: all, or so many evenly spaced in the order of distance. */
  private static BitSet drawn(StudyReport report) {
    int count = report.getPairsCount();
    var drawn = new BitSet(count);
    if (count <= MOST_CURVES) {
      drawn.set(0, count);
      return drawn;
    }
    var byDistance =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> distance(report.getPairs(i))))
            .toList();
    for (int i = 0; i < MOST_CURVES; i++) {
      drawn.set(byDistance.get((int) ((long) i * (count - 1) / (MOST_CURVES - 1))));
    }
    return drawn;
  }

  private static double distance(PairReport pair) {
    return pair.getDistance();
  }
}
