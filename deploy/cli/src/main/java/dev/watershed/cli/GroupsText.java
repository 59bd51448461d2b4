package dev.watershed.cli;

import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.MetricComparison;
import dev.watershed.analysis.v1.PairMean;
import dev.watershed.analysis.v1.RecipeComparison;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Two groups of models beside each other: for a terminal, and as a table for other programs. */
final class GroupsText {
  private GroupsText() {}

  static List<String> lines(List<MetricComparison> comparisons) {
    TextTable table =
        new TextTable(
            "metric",
            "first [95 %]",
            "second [95 %]",
            "first - second [95 %]",
            "second/first",
            "p");
    for (MetricComparison one : comparisons) {
      RecipeComparison found = one.getComparison();
      table.row(
          one.getMetric().replace('_', ' '),
          mean(found.getFirst()),
          mean(found.getSecond()),
          number("%+.4f", found.getDifference()) + interval("%+.4f", found.getDifferenceInterval()),
          number("%.3f", found.getRatio()),
          number("%.2g", found.getP()));
    }
    List<String> lines = new ArrayList<>(table.lines());
    RecipeComparison any = comparisons.get(0).getComparison();
    lines.add("");
    lines.add(
        String.format(
            Locale.ROOT,
            "%d models, %d pairs in the first; %d models, %d pairs in the second%s. Intervals and p are"
                + " over models, by leaving out each in turn.",
            any.getFirst().getModelCount(),
            any.getFirst().getPairCount(),
            any.getSecond().getModelCount(),
            any.getSecond().getPairCount(),
            any.getPaired() ? "; paired" : ""));
    lines.add(
        String.format(
            Locale.ROOT,
            "As many models show a halving with probability %s%s.",
            number("%.2f", any.getHalvingPower()),
            any.hasModelsNeeded()
                ? String.format(
                    Locale.ROOT,
                    "; the ratio seen takes about %d a group for .8",
                    any.getModelsNeeded())
                : ""));
    return lines;
  }

  static List<List<String>> rows(List<MetricComparison> comparisons) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "metric",
            "first_models",
            "first_mean",
            "first_low",
            "first_high",
            "second_models",
            "second_mean",
            "second_low",
            "second_high",
            "difference",
            "difference_low",
            "difference_high",
            "standard_error",
            "t",
            "degrees_of_freedom",
            "p",
            "ratio",
            "paired",
            "halving_power",
            "models_needed"));
    for (MetricComparison one : comparisons) {
      RecipeComparison found = one.getComparison();
      List<String> row = new ArrayList<>(List.of(one.getMetric()));
      add(row, found.getFirst());
      add(row, found.getSecond());
      row.add(exact(found.getDifference()));
      row.add(exact(found.getDifferenceInterval().getLow()));
      row.add(exact(found.getDifferenceInterval().getHigh()));
      row.add(exact(found.getStandardError()));
      row.add(exact(found.getT()));
      row.add(exact(found.getDegreesOfFreedom()));
      row.add(exact(found.getP()));
      row.add(exact(found.getRatio()));
      row.add(String.valueOf(found.getPaired()));
      row.add(exact(found.getHalvingPower()));
      row.add(found.hasModelsNeeded() ? String.valueOf(found.getModelsNeeded()) : "");
      rows.add(row);
    }
    return rows;
  }

  private static void add(List<String> row, PairMean mean) {
    row.add(String.valueOf(mean.getModelCount()));
    row.add(exact(mean.getMean()));
    row.add(exact(mean.getInterval().getLow()));
    row.add(exact(mean.getInterval().getHigh()));
  }

  private static String mean(PairMean mean) {
    return number("%.4f", mean.getMean()) + interval("%.4f", mean.getInterval());
  }

  /** An interval behind its number; nothing where it is unknown. */
  static String interval(String format, Interval interval) {
    return Double.isNaN(interval.getLow())
        ? ""
        : " ["
            + number(format, interval.getLow())
            + ", "
            + number(format, interval.getHigh())
            + "]";
  }

  static String number(String format, double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }

  /** So that it can be read back; empty where it is not known. */
  static String exact(double value) {
    return Double.isNaN(value) ? "" : String.valueOf(value);
  }
}
