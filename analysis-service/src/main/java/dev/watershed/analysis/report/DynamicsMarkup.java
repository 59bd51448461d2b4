package dev.watershed.analysis.report;

import dev.watershed.analysis.report.HtmlTable.Markup;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.StepChange;
import dev.watershed.analysis.v1.StepSummary;
import dev.watershed.analysis.v1.UncertaintyUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** What a comparison over steps says without a script: everything but the figures. */
final class DynamicsMarkup {
  private static final String NOTHING = "\u2013";

  /** Colours of clusters that the style sheet has. */
  private static final int COLOURS = 8;

  private final Dynamics dynamics;

  /** Whether the studies' alphas are a nested grid, so that there are improved gaps. */
  private final boolean nested;

  private DynamicsMarkup(Dynamics dynamics) {
    this.dynamics = dynamics;
    this.nested =
        dynamics.getStepsList().stream().anyMatch(StepSummary::hasMeanImprovedConvexityGapNats);
  }

  /** Returns HTML by the place in the template. */
  static Map<String, String> of(Dynamics dynamics) {
    var markup = new DynamicsMarkup(dynamics);
    boolean told = dynamics.getStepsList().stream().anyMatch(StepSummary::hasForecast);
    return Map.of(
        "tiles", markup.tiles(),
        "moves", markup.moves(),
        "clusters", markup.clusters(),
        "forecast", markup.forecast(),
        "forecastHidden", told ? "" : " hidden",
        "steps", markup.steps(),
        "changes", markup.changes());
  }

  private String tiles() {
    var tiles = new Tiles();
    long models = dynamics.getLabelsCount();
    tiles.add("Models", Shown.whole(models), Shown.plural(models * (models - 1) / 2, "pair"));
    int count = dynamics.getStepsCount();
    tiles.add(
        "Steps",
        Shown.whole(count),
        count == 0 ? "" : Shown.whole(first().getStep()) + " to " + Shown.whole(last().getStep()));
    dynamics.getChangesList().stream()
        .filter(change -> change.getFromStep() == first().getStep())
        .filter(change -> change.getToStep() == last().getStep())
        .forEach(change -> addChanges(tiles, change));
    if (count > 0) {
      tiles.add(
          "Median gap within",
          Shown.number(last().getMedianConvexityGapWithinNats()),
          "nats, last step");
      tiles.add(
          "Median gap across",
          Shown.number(last().getMedianConvexityGapAcrossNats()),
          "nats, last step");
    }
    return tiles.html();
  }

  private void addChanges(Tiles tiles, StepChange change) {
    changed()
        .forEach(
            (name, of) ->
                tiles.add(
                    "\u0394 " + name,
                    Shown.signed(of.apply(change).getMeanNats(), Shown::number),
                    "nats, mean"));
  }

  private StepSummary first() {
    return dynamics.getSteps(0);
  }

  private StepSummary last() {
    return dynamics.getSteps(dynamics.getStepsCount() - 1);
  }

  /** The papers' metrics, by their names. */
  private Map<String, Function<StepChange, Change>> changed() {
    var changed = new LinkedHashMap<String, Function<StepChange, Change>>();
    changed.put("convexity gap", StepChange::getConvexityGap);
    changed.put("barrier height", StepChange::getBarrierHeight);
    if (nested) {
      changed.put("improved convexity gap", StepChange::getImprovedConvexityGap);
    }
    return changed;
  }

  private String steps() {
    var table =
        new HtmlTable(
                "step-table",
                "Means over pairs (nats), medians within and across the clusters of the last step, and"
                    + " the agreement of clusters with them")
            .number("Step")
            .number("Mean BH")
            .number("Mean CG");
    if (nested) {
      table.number("Mean ICG");
    }
    table
        .number("Median CG within")
        .number("Median CG across")
        .number("Adjusted Rand index")
        .number("Mean loss")
        .number("Mean accuracy")
        .text("Study");
    for (var step : dynamics.getStepsList()) {
      var row = new ArrayList<Object>();
      row.add(step(step));
      row.add(step.getMeanBarrierHeightNats());
      row.add(step.getMeanConvexityGapNats());
      if (nested) {
        row.add(
            step.hasMeanImprovedConvexityGapNats()
                ? step.getMeanImprovedConvexityGapNats()
                : Double.NaN);
      }
      row.add(step.getMedianConvexityGapWithinNats());
      row.add(step.getMedianConvexityGapAcrossNats());
      row.add(step.getAdjustedRandIndex());
      row.add(step.getMeanLossNats());
      row.add(step.getMeanAccuracy());
      row.add(step.getStudy());
      table.row(row);
    }
    return table.html();
  }

  private static String step(StepSummary step) {
    return Shown.whole(step.getStep()) + (step.getOneBasin() ? " (no split)" : "");
  }

  private String changes() {
    var changes = dynamics.getChangesList();
    var columns = changed();
    columns.put("area", StepChange::getArea);
    if (changes.stream().anyMatch(StepChange::hasConvexityGapWithin)) {
      columns.put("convexity gap within basins", StepChange::getConvexityGapWithin);
      columns.put("convexity gap across basins", StepChange::getConvexityGapAcross);
    }
    var table =
        new HtmlTable(
                "change-table",
                "Later minus earlier (nats): mean over pairs with its 95 % interval; pale: not"
                    + " distinguishable from 0. \u00b1 SD is a spread over pairs, where no interval is"
                    + " known")
            .number("Steps");
    columns.keySet().forEach(name -> table.number("\u0394 " + name));
    table.number("Pairs").text("Interval over");
    var cells =
        columns.values().stream().map(of -> cells(changes.stream().map(of).toList())).toList();
    for (int i = 0; i < changes.size(); i++) {
      var change = changes.get(i);
      var row = new ArrayList<Object>();
      row.add(Shown.whole(change.getFromStep()) + " to " + Shown.whole(change.getToStep()));
      for (var column : cells) {
        row.add(column.get(i));
      }
      row.add(Shown.whole(change.getConvexityGap().getPairCount()));
      row.add(over(change.getConvexityGap().getUnit()));
      table.row(row);
    }
    return table.html();
  }

  /** Changes of one metric, all numbers alike. */
  private static List<Markup> cells(List<Change> changes) {
    var format =
        Shown.format(
            Shown.greatest(
                changes.stream()
                    .flatMapToDouble(
                        change ->
                            DoubleStream.of(
                                change.getMeanNats(),
                                change.getInterval().getLow(),
                                change.getInterval().getHigh()))),
            3,
            3);
    return changes.stream()
        .map(
            change -> {
              var mean = Shown.signed(change.getMeanNats(), format);
              double low = change.getInterval().getLow();
              if (!hasInterval(change)) {
                return new Markup(
                    mean + " \u00b1 " + format.apply(change.getStandardDeviationNats()) + " SD");
              }
              var text =
                  "%s [%s, %s]"
                      .formatted(
                          mean,
                          Shown.signed(low, format),
                          Shown.signed(change.getInterval().getHigh(), format));
              return new Markup(
                  change.getDistinguishable()
                      ? text
                      : "<span class=\"pale\" title=\"not distinguishable from 0\">"
                          + text
                          + "</span>");
            })
        .toList();
  }

  private static boolean hasInterval(Change change) {
    return change.getUnit() != UncertaintyUnit.UNCERTAINTY_UNIT_UNSPECIFIED
        && !Double.isNaN(change.getInterval().getLow());
  }

  private static String over(UncertaintyUnit unit) {
    return switch (unit) {
      case UNCERTAINTY_UNIT_MODELS -> "models";
      case UNCERTAINTY_UNIT_EXAMPLES -> "examples";
      default -> NOTHING;
    };
  }

  /** How many models go from which cluster of a step to which of the next. */
  private String moves() {
    var targets = new TreeSet<>(DynamicsMarkup::outliersLast);
    for (int s = 1; s < dynamics.getStepsCount(); s++) {
      targets.addAll(dynamics.getSteps(s).getAssignmentsList());
    }
    var table =
        new HtmlTable(
                "move-table",
                "Models that go from a cluster of a step, a row, to one of the next step, a column")
            .number("Steps")
            .text("From");
    targets.forEach(target -> table.number("To " + cluster(target)));
    for (int s = 0; s + 1 < dynamics.getStepsCount(); s++) {
      var from = dynamics.getSteps(s);
      var to = dynamics.getSteps(s + 1);
      var flows = new TreeMap<Integer, Map<Integer, Integer>>(DynamicsMarkup::outliersLast);
      for (int i = 0; i < from.getAssignmentsCount(); i++) {
        flows
            .computeIfAbsent(from.getAssignments(i), cluster -> new TreeMap<>())
            .merge(to.getAssignments(i), 1, Integer::sum);
      }
      flows.forEach(
          (source, moved) -> {
            var row = new ArrayList<Object>();
            row.add(step(from) + " to " + step(to));
            row.add(coloured(source));
            targets.forEach(target -> row.add(Shown.whole(moved.getOrDefault(target, 0))));
            table.row(row);
          });
    }
    return table.html();
  }

  private static int outliersLast(int one, int other) {
    return Integer.compareUnsigned(one, other);
  }

  private static String cluster(int cluster) {
    return cluster < 0 ? "apart" : "cluster " + (cluster + 1);
  }

  private static Markup coloured(int cluster) {
    return new Markup(
        "<span class=\"basin\"%s>%s</span>"
            .formatted(
                cluster < 0 ? "" : " data-basin=\"" + cluster % COLOURS + "\"", cluster(cluster)));
  }

  private String clusters() {
    var table =
        new HtmlTable(
                "cluster-table",
                "The cluster of each model at each step; at steps without a split it is an artefact")
            .number("Model");
    dynamics.getStepsList().forEach(step -> table.number(step(step)));
    for (int i = 0; i < dynamics.getLabelsCount(); i++) {
      int model = i;
      var row = new ArrayList<Object>();
      row.add(dynamics.getLabels(i));
      dynamics.getStepsList().stream()
          .map(step -> step.getAssignments(model))
          .forEach(cluster -> row.add(cluster < 0 ? "apart" : Integer.toString(cluster + 1)));
      table.row(row);
    }
    return table.html();
  }

  private String forecast() {
    var table =
        new HtmlTable("forecast-table", "Basins of the last step told from an earlier one")
            .number("Step")
            .number("Right")
            .number("Accuracy [95 %]")
            .number("Balanced accuracy")
            .number("Majority")
            .number("p");
    for (var step : dynamics.getStepsList()) {
      if (step.hasForecast()) {
        var found = step.getForecast();
        table.row(
            List.of(
                Shown.whole(step.getStep()),
                found.getRightCount() + " of " + found.getModelCount(),
                "%s [%s, %s]"
                    .formatted(
                        Shown.number(found.getAccuracy(), 2),
                        Shown.number(found.getAccuracyInterval().getLow(), 2),
                        Shown.number(found.getAccuracyInterval().getHigh(), 2)),
                Shown.number(found.getBalancedAccuracy(), 2),
                Shown.number(found.getMajorityAccuracy(), 2),
                Shown.p(found.getPBetterThanMajority())));
      }
    }
    return table.html();
  }
}
