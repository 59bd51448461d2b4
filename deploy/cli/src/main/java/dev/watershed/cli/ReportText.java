package dev.watershed.cli;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.LinearFit;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyCost;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.cli.terminal.Heatmap;
import dev.watershed.cli.terminal.Terminal;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.input.ResourceName;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** A study's report as text for a terminal. */
public final class ReportText {
  private ReportText() {}

  /** The models, the picture of the distances, the fits, the finding and what to doubt. */
  public static List<String> lines(StudyReport report, Terminal terminal) {
    List<String> lines = new ArrayList<>(models(report).lines());
    lines.add("");
    lines.addAll(samples(report));
    lines.add("");
    lines.addAll(matrix(report, terminal));
    lines.add("");
    lines.add(
        String.format(
            Locale.ROOT,
            "asked for %d clusters: silhouette %.3f, eigengap %.3f",
            report.getSpec().getClusterCount(),
            report.getClustering().getSilhouette(),
            report.getClustering().getEigengap()));
    lines.add(report.getVerdict().getSentence());
    for (DiagnosticReport diagnostic : report.getDiagnosticsList()) {
      lines.add(correlation(diagnostic, report.getDiagnosticsCount()));
    }
    lines.addAll(comparisons(report));
    if (report.hasCost()) {
      lines.add(cost(report));
    }
    lines.add("");
    lines.add(report.getFinding());
    report.getWarningsList().forEach(warning -> lines.add("warning: " + warning.getMessage()));
    return lines;
  }

  /** A diagnostic's score against the feature, one of so many diagnostics. */
  static String correlation(DiagnosticReport diagnostic, int count) {
    return Double.isNaN(diagnostic.getFit().getPearsonR())
        ? diagnostic.getName()
            + " against the centroid distance: no correlation, because the score or the distance is"
            + " alike of all models or not finite"
        : String.format(
            Locale.ROOT,
            "%s against the centroid distance: r = %.3f%s (p = %.2g%s)",
            diagnostic.getName(),
            diagnostic.getFit().getPearsonR(),
            interval(diagnostic.getFit()),
            diagnostic.getPearsonPHolm(),
            count == 1 ? "" : ", corrected for " + count + " diagnostics");
  }

  /** Other distances against the chosen one. Pairs are not independent: p is over models. */
  public static List<String> comparisons(StudyReport report) {
    List<String> lines = new ArrayList<>();
    for (GroupReport group : report.getGroupsList()) {
      lines.add(comparison(group.getName() + " distance", group));
    }
    if (report.hasEuclidean()) {
      lines.add(comparison(report.getEuclidean().getName(), report.getEuclidean()));
    }
    return lines;
  }

  private static String comparison(String name, GroupReport group) {
    return String.format(
        Locale.ROOT,
        "%s against the chosen distance over %d pairs: Spearman %.3f, r = %.3f%s%s",
        name,
        group.getFit().getPointCount(),
        group.getFit().getSpearmanRho(),
        group.getFit().getPearsonR(),
        interval(group.getFit()),
        group.hasMantel()
            ? String.format(
                Locale.ROOT,
                " (Mantel p = %.2g, %d models permuted)",
                group.getMantel().getP(),
                group.getMantel().getModelCount())
            : "");
  }

  /** Where r lies; nothing in reports of before. */
  private static String interval(LinearFit fit) {
    return fit.hasPearsonInterval()
        ? String.format(
            Locale.ROOT,
            " [%.3f, %.3f]",
            fit.getPearsonInterval().getLow(),
            fit.getPearsonInterval().getHigh())
        : "";
  }

  private static List<String> samples(StudyReport report) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < report.getSampleTextsCount(); i++) {
      lines.add((i == 0 ? "measured on " : "diagnostic ") + report.getSampleTexts(i));
    }
    // Where it was not reached, that is a warning.
    if (report.getGrown().getReached()) {
      lines.add(report.getGrown().getSentence());
    }
    return lines;
  }

  private static String cost(StudyReport report) {
    StudyCost cost = report.getCost();
    String evaluations =
        cost.getComputedPoints()
            + cost.getReusedPoints()
            + " evaluations"
            + (cost.getReusedPoints() == 0
                ? ""
                : ", " + cost.getReusedPoints() + " of them known from other studies");
    if (!report.getSpec().hasAdaptive()) {
      return evaluations;
    }
    double tolerance =
        report.getPairsList().stream()
            .mapToDouble(PairReport::getConvexityGapToleranceNats)
            .reduce(report.getSpec().getAdaptive().getToleranceNats(), Math::max);
    return String.format(
        Locale.ROOT,
        "CG known to %s nats with %s; an equal grid of the same accuracy needs %d",
        BigDecimal.valueOf(tolerance)
            .round(new MathContext(2))
            .stripTrailingZeros()
            .toPlainString(),
        evaluations,
        cost.getEqualGridPoints());
  }

  private static TextTable models(StudyReport report) {
    List<String> titles = new ArrayList<>(List.of("model", "basin", "loss", "accuracy"));
    for (Diagnostic diagnostic : report.getSpec().getDiagnosticsList()) {
      titles.add(diagnostic.getSample().getName());
    }
    TextTable table = new TextTable(titles.toArray(String[]::new));
    for (ModelReport model : report.getModelsList()) {
      List<String> cells =
          new ArrayList<>(
              List.of(
                  label(model),
                  basin(report, model),
                  String.format(Locale.ROOT, "%.4f", model.getInDomain().getMeanLossNats()),
                  String.format(Locale.ROOT, "%.4f", model.getInDomain().getAccuracy())));
      for (double score : model.getDiagnosticScoresList()) {
        cells.add(String.format(Locale.ROOT, "%.4f", score));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }

  /** The distances, sorted by basin and then by the first diagnostic, as a picture. */
  public static List<String> matrix(StudyReport report, Terminal terminal) {
    List<ModelReport> models = report.getModelsList();
    List<Integer> order =
        IntStream.range(0, models.size())
            .boxed()
            .sorted(
                Comparator.<Integer>comparingInt(i -> models.get(i).getCluster())
                    .thenComparingDouble(i -> firstScore(models.get(i))))
            .toList();
    double[][] distances = distances(report);
    double[][] sorted = new double[models.size()][models.size()];
    List<String> labels = new ArrayList<>();
    for (int row = 0; row < sorted.length; row++) {
      ModelReport model = models.get(order.get(row));
      labels.add(label(model) + (split(report) ? " " + basin(model.getCluster()) : ""));
      for (int column = 0; column < sorted.length; column++) {
        sorted[row][column] = distances[order.get(row)][order.get(column)];
      }
    }
    return Heatmap.render(
        labels, sorted, terminal, title(report) + (split(report) ? ", sorted by basin:" : ":"));
  }

  private static String title(StudyReport report) {
    return switch (report.getSpec().getDistance()) {
      case DISTANCE_METRIC_BARRIER_HEIGHT -> "Barrier height (nats) of every pair";
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP -> "Improved convexity gap (nats) of every pair";
      case DISTANCE_METRIC_AREA -> "Area (nats) of every pair";
      case DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN -> "Area times Euclidean distance of every pair";
      case DISTANCE_METRIC_EUCLIDEAN -> "Euclidean distance of every pair";
      case DISTANCE_METRIC_DISAGREEMENT -> "Disagreement of predictions of every pair";
      case DISTANCE_METRIC_JENSEN_SHANNON -> "Jensen-Shannon divergence (nats) of every pair";
      default -> "Convexity gap (nats) of every pair";
    };
  }

  /** The chosen distances as a symmetric matrix (model, model) with zeros on the diagonal. */
  public static double[][] distances(StudyReport report) {
    int count = report.getModelsCount();
    double[][] distances = new double[count][count];
    for (PairReport pair : report.getPairsList()) {
      distances[pair.getModelA()][pair.getModelB()] = pair.getDistance();
      distances[pair.getModelB()][pair.getModelA()] = pair.getDistance();
    }
    return distances;
  }

  /** "B1" for the largest basin, "B2" for the next, as in the report's page; "out" for none. */
  public static String basin(int cluster) {
    return cluster < 0 ? "out" : "B" + (cluster + 1);
  }

  /** As {@link #basin(int)}; "-" in a report that shows no basins. */
  public static String basin(StudyReport report, ModelReport model) {
    return split(report) || model.getCluster() < 0 ? basin(model.getCluster()) : "-";
  }

  private static boolean split(StudyReport report) {
    return report.getVerdict().getState() == BasinState.BASIN_STATE_SPLIT;
  }

  private static String label(ModelReport model) {
    return model.getLabel().isEmpty() ? ResourceName.id(model.getCheckpoint()) : model.getLabel();
  }

  private static double firstScore(ModelReport model) {
    return model.getDiagnosticScoresCount() == 0 ? 0 : model.getDiagnosticScores(0);
  }
}
