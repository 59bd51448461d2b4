package dev.watershed.analysis.report;

import static dev.watershed.analysis.report.ReportTables.FORMAT;
import static dev.watershed.analysis.report.ReportTables.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.PairDynamics;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import org.apache.commons.csv.CSVPrinter;

/**
 * How connectivity changed over steps, as files: a self-contained page, JSON, and CSV tables in the
 * form of a study's.
 */
public final class DynamicsFiles {
  private static final String HTML = "dynamics.html";
  private static final String JSON = "dynamics.json";
  private static final String PAIRS = "dynamics.csv";
  private static final String CHANGES = "changes.csv";

  /** Beyond so many pairs the page draws some, evenly in the order of their last gap. */
  private static final int MOST_PAIRS = 300;

  private static final SelfContainedPage PAGE =
      new SelfContainedPage("dynamics.html", List.of("dynamics/dynamics.js"));

  private DynamicsFiles() {}

  /** Returns the names of the files, the page first. */
  public static List<String> names() {
    return List.of(HTML, JSON, PAIRS, CHANGES);
  }

  /**
   * Writes one file in UTF-8; flushes but does not close {@code out}.
   *
   * @param name one of {@link #names()}
   * @param title of the page; may be hostile, as any text of {@code dynamics} may
   * @throws IllegalArgumentException for another name
   */
  public static void write(String name, String title, Dynamics dynamics, OutputStream out)
      throws IOException {
    var writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
    switch (name) {
      case HTML ->
          PAGE.write(
              title,
              dynamics.getFinding(),
              dynamics.getWarningsList(),
              DynamicsMarkup.of(dynamics),
              slimmed(dynamics),
              writer);
      case JSON ->
          JsonFormat.printer().alwaysPrintFieldsWithNoPresence().appendTo(dynamics, writer);
      case PAIRS -> pairs(dynamics, writer);
      case CHANGES -> changes(dynamics, writer);
      default ->
          throw new IllegalArgumentException(
              "No file \"" + name + "\"; there are " + String.join(", ", names()) + ".");
    }
    writer.flush();
  }

  private static Dynamics slimmed(Dynamics dynamics) {
    int count = dynamics.getPairsCount();
    if (count <= MOST_PAIRS) {
      return dynamics;
    }
    var sorted = new ArrayList<>(dynamics.getPairsList());
    sorted.sort(Comparator.comparingDouble(DynamicsFiles::lastGap));
    var slim = dynamics.toBuilder().clearPairs();
    for (int i = 0; i < MOST_PAIRS; i++) {
      slim.addPairs(sorted.get((int) ((long) i * (count - 1) / (MOST_PAIRS - 1))));
    }
    return slim.build();
  }

  private static double lastGap(PairDynamics pair) {
    return pair.getMetrics(pair.getMetricsCount() - 1).getConvexityGapNats();
  }

  /** One row for each pair and step. */
  private static void pairs(Dynamics dynamics, Appendable out) throws IOException {
    var places = new HashMap<String, Integer>();
    for (int i = 0; i < dynamics.getLabelsCount(); i++) {
      places.put(dynamics.getLabels(i), i);
    }
    var printer = new CSVPrinter(out, FORMAT);
    printer.printRecord(
        "step",
        "study",
        "label_a",
        "label_b",
        "cluster_a",
        "cluster_b",
        "barrier_height_nats",
        "barrier_alpha",
        "convexity_gap_nats",
        "improved_convexity_gap_nats",
        "area_nats");
    for (int i = 0; i < dynamics.getStepsCount(); i++) {
      var step = dynamics.getSteps(i);
      for (var pair : dynamics.getPairsList()) {
        var metrics = pair.getMetrics(i);
        printer.printRecord(
            step.getStep(),
            step.getStudy(),
            text(pair.getLabelA()),
            text(pair.getLabelB()),
            step.getAssignments(requireNonNull(places.get(pair.getLabelA()))),
            step.getAssignments(requireNonNull(places.get(pair.getLabelB()))),
            metrics.getBarrierHeightNats(),
            metrics.getBarrierAlpha(),
            metrics.getConvexityGapNats(),
            metrics.hasImprovedConvexityGapNats() ? metrics.getImprovedConvexityGapNats() : "",
            metrics.getAreaNats());
      }
    }
  }

  /** One row for each two steps and metric. */
  private static void changes(Dynamics dynamics, Appendable out) throws IOException {
    var printer = new CSVPrinter(out, FORMAT);
    printer.printRecord(
        "from_step",
        "to_step",
        "metric",
        "mean_nats",
        "standard_deviation_nats",
        "minimum_nats",
        "maximum_nats",
        "pair_count",
        "low_nats",
        "high_nats",
        "interval_over",
        "p");
    for (var change : dynamics.getChangesList()) {
      long from = change.getFromStep();
      long to = change.getToStep();
      row(printer, from, to, "barrier_height", change.getBarrierHeight());
      row(printer, from, to, "convexity_gap", change.getConvexityGap());
      if (change.hasImprovedConvexityGap()) {
        row(printer, from, to, "improved_convexity_gap", change.getImprovedConvexityGap());
      }
      row(printer, from, to, "area", change.getArea());
      if (change.hasConvexityGapWithin()) {
        row(printer, from, to, "convexity_gap_within", change.getConvexityGapWithin());
        row(printer, from, to, "convexity_gap_across", change.getConvexityGapAcross());
      }
    }
  }

  private static void row(CSVPrinter printer, long from, long to, String metric, Change change)
      throws IOException {
    printer.printRecord(
        from,
        to,
        metric,
        change.getMeanNats(),
        change.getStandardDeviationNats(),
        change.getMinimumNats(),
        change.getMaximumNats(),
        change.getPairCount(),
        number(change.getInterval().getLow()),
        number(change.getInterval().getHigh()),
        switch (change.getUnit()) {
          case UNCERTAINTY_UNIT_MODELS -> "models";
          case UNCERTAINTY_UNIT_EXAMPLES -> "examples";
          default -> "";
        },
        number(change.getP()));
  }

  /** Empty where it is unknown. */
  private static Object number(double value) {
    return Double.isNaN(value) ? "" : value;
  }
}
