package dev.watershed.cli;

import dev.watershed.analysis.v1.BasinForecast;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.StepChange;
import dev.watershed.analysis.v1.StepSummary;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How connectivity changed over steps, as text for a terminal. */
final class DynamicsText {
  private final Dynamics dynamics;
  private final boolean nested;

  private DynamicsText(Dynamics dynamics) {
    this.dynamics = dynamics;
    this.nested = dynamics.getSteps(0).hasMeanImprovedConvexityGapNats();
  }

  /** The steps, the clusters of each model, the changes, the finding and what to doubt. */
  static List<String> lines(Dynamics dynamics) {
    DynamicsText text = new DynamicsText(dynamics);
    List<String> lines = new ArrayList<>();
    lines.add(
        "Means over "
            + dynamics.getPairsCount()
            + (dynamics.getPairsCount() == 1 ? " pair" : " pairs")
            + " in nats; median CG within and across the clusters of the last step;");
    lines.add("ARI: agreement of the clusters with those of the last step.");
    lines.addAll(text.steps().lines());
    lines.add("");
    lines.add("Cluster of each model at each step (* no split there: an artefact):");
    lines.addAll(text.clusters().lines());
    lines.add("");
    lines.addAll(text.forecasts());
    lines.add("Changes, later minus earlier, in nats (negative: more connected):");
    lines.addAll(text.changes().lines());
    lines.addAll(text.uncertainties());
    lines.add("");
    lines.add(dynamics.getFinding());
    dynamics.getWarningsList().forEach(warning -> lines.add("warning: " + warning.getMessage()));
    return lines;
  }

  private TextTable steps() {
    List<String> titles = new ArrayList<>(List.of("step", "BH", "CG"));
    if (nested) {
      titles.add("ICG");
    }
    titles.addAll(List.of("within", "across", "ARI", "loss", "accuracy"));
    TextTable table = new TextTable(titles.toArray(String[]::new));
    for (StepSummary step : dynamics.getStepsList()) {
      List<String> cells = new ArrayList<>();
      cells.add(String.valueOf(step.getStep()));
      cells.add(number("%.4f", step.getMeanBarrierHeightNats()));
      cells.add(number("%.4f", step.getMeanConvexityGapNats()));
      if (nested) {
        cells.add(number("%.4f", step.getMeanImprovedConvexityGapNats()));
      }
      cells.add(number("%.4f", step.getMedianConvexityGapWithinNats()));
      cells.add(number("%.4f", step.getMedianConvexityGapAcrossNats()));
      cells.add(number("%.2f", step.getAdjustedRandIndex()));
      cells.add(number("%.4f", step.getMeanLossNats()));
      cells.add(number("%.4f", step.getMeanAccuracy()));
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }

  private TextTable clusters() {
    List<String> titles = new ArrayList<>(List.of("model"));
    for (StepSummary step : dynamics.getStepsList()) {
      titles.add(step.getStep() + (step.getOneBasin() ? "*" : ""));
    }
    TextTable table = new TextTable(titles.toArray(String[]::new));
    for (int model = 0; model < dynamics.getLabelsCount(); model++) {
      List<String> cells = new ArrayList<>(List.of(dynamics.getLabels(model)));
      for (StepSummary step : dynamics.getStepsList()) {
        cells.add(step.getOneBasin() ? "-" : ReportText.basin(step.getAssignments(model)));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }

  /** From the first step to the last, and from each to the next. */
  private TextTable changes() {
    List<String> titles = new ArrayList<>(List.of("from", "to", "dBH", "SD", "dCG", "SD"));
    if (nested) {
      titles.addAll(List.of("dICG", "SD"));
    }
    titles.add("pairs");
    TextTable table = new TextTable(titles.toArray(String[]::new));
    int last = dynamics.getStepsCount() - 1;
    add(table, 0, last);
    for (int from = 0; last > 1 && from < last; from++) {
      add(table, from, from + 1);
    }
    return table;
  }

  /** The whole change with its intervals; nothing where none is known. */
  private List<String> uncertainties() {
    StepChange whole =
        dynamics.getChangesList().stream()
            .filter(change -> change.getFromStep() == dynamics.getSteps(0).getStep())
            .reduce((earlier, later) -> later)
            .orElse(StepChange.getDefaultInstance());
    String over = DeltasCommand.unit(whole.getConvexityGap());
    if (over.equals("-")) {
      return List.of();
    }
    TextTable table = new TextTable("", "change [95 %]");
    table.row("dBH", DeltasCommand.cell(whole.getBarrierHeight()));
    table.row("dCG", DeltasCommand.cell(whole.getConvexityGap()));
    if (whole.hasImprovedConvexityGap()) {
      table.row("dICG", DeltasCommand.cell(whole.getImprovedConvexityGap()));
    }
    table.row("darea", DeltasCommand.cell(whole.getArea()));
    if (whole.hasConvexityGapWithin()) {
      table.row("dCG within basins", DeltasCommand.cell(whole.getConvexityGapWithin()));
      table.row("dCG across basins", DeltasCommand.cell(whole.getConvexityGapAcross()));
    }
    List<String> lines = new ArrayList<>(List.of(""));
    lines.add(
        "From first to last, with intervals over "
            + over
            + " (~ not distinguishable from 0; SD above is a spread over pairs):");
    lines.addAll(table.lines());
    return lines;
  }

  /** How early gaps tell the last basins; nothing where there are none. */
  private List<String> forecasts() {
    if (dynamics.getStepsList().stream().noneMatch(StepSummary::hasForecast)) {
      return List.of();
    }
    TextTable table =
        new TextTable("step", "right", "accuracy [95 %]", "balanced", "majority", "p");
    for (StepSummary step : dynamics.getStepsList()) {
      if (step.hasForecast()) {
        BasinForecast told = step.getForecast();
        table.row(
            String.valueOf(step.getStep()),
            told.getRightCount() + " of " + told.getModelCount(),
            number("%.2f", told.getAccuracy())
                + GroupsText.interval("%.2f", told.getAccuracyInterval()),
            number("%.2f", told.getBalancedAccuracy()),
            number("%.2f", told.getMajorityAccuracy()),
            number("%.2g", told.getPBetterThanMajority()));
      }
    }
    List<String> lines = new ArrayList<>();
    lines.add("Last basin of each model, told from the gaps of a step without it (p: better than");
    lines.add("saying the larger basin always; predictions share models, so p is approximate):");
    lines.addAll(table.lines());
    lines.add("");
    return lines;
  }

  private void add(TextTable table, int from, int to) {
    long fromStep = dynamics.getSteps(from).getStep();
    long toStep = dynamics.getSteps(to).getStep();
    for (StepChange change : dynamics.getChangesList()) {
      if (change.getFromStep() == fromStep && change.getToStep() == toStep) {
        List<String> cells = new ArrayList<>();
        cells.add(String.valueOf(fromStep));
        cells.add(String.valueOf(toStep));
        add(cells, change.getBarrierHeight());
        add(cells, change.getConvexityGap());
        if (nested) {
          add(cells, change.getImprovedConvexityGap());
        }
        cells.add(String.valueOf(change.getConvexityGap().getPairCount()));
        table.row(cells.toArray(String[]::new));
      }
    }
  }

  private static void add(List<String> cells, Change change) {
    cells.add(number("%+.4f", change.getMeanNats()));
    cells.add(number("%.4f", change.getStandardDeviationNats()));
  }

  private static String number(String format, double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    return Double.isInfinite(value)
        ? value > 0 ? "inf" : "-inf"
        : String.format(Locale.ROOT, format, value);
  }
}
