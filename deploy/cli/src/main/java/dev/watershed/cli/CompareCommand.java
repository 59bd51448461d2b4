package dev.watershed.cli;

import dev.watershed.analysis.v1.ClusterComparison;
import dev.watershed.analysis.v1.CompareClustersRequest;
import dev.watershed.analysis.v1.CompareClustersResponse;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.ModelScores;
import dev.watershed.analysis.v1.ScoreSummary;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Scores of two clusters of models, measured anywhere, on standard input. */
@Command(
    name = "compare",
    description = {
      "Read a table of models and scores (CSV) on standard input and compare two clusters of them:"
          + " means, the papers' ratios, Welch's test with Holm's correction, Hedges' g, the area"
          + " under the ROC curve, permutations.",
      "The first column, or one named 'label' or 'model', names the models. The cluster of each is"
          + " in the column 'cluster', as in a study's models.csv, or is said by --second. Without"
          + " --address it is computed here, no server is needed."
    },
    footer = {
      "",
      "Examples:",
      "  watershed compare --score 'score of diagnostic' <report/models.csv",
      "  watershed compare --models Run --second 'Run 15,Run 25' --score accuracy <by_run.csv"
    })
final class CompareCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Option(
      names = "--second",
      paramLabel = "MODEL,..",
      description = "The models of the second cluster; all others are of the first.")
  private @Nullable String second;

  @Option(
      names = "--models",
      paramLabel = "PREFIX",
      description =
          "Only models whose names begin so: leaves out rows of sums below a table. Rows without"
              + " anything are left out anyway.")
  private String prefix = "";

  @Option(
      names = "--score",
      paramLabel = "COLUMN",
      description = "A column to compare; again for more. Default: every column of numbers.")
  private @Nullable List<String> scores;

  @Option(
      names = "--permutations",
      paramLabel = "N",
      description = "How often models are dealt to clusters by chance. Default: 1999.")
  private @Nullable Integer permutations;

  @Option(names = "--seed", description = "Seed of the permutations. Default: 0.")
  private long seed;

  private final CommandContext context;

  CompareCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    CompareClustersRequest.Builder request = request(NumbersInput.read(context.in()));
    if (permutations != null) {
      request.setPermutationCount(permutations);
    }
    CompareClustersResponse found =
        MetricServiceGrpc.newBlockingStub(server.metricChannel())
            .compareClusters(request.setSeed(seed).build());
    if (table.wanted()) {
      rows(found).forEach(row -> output.line(table.row(row)));
    } else if (output.json()) {
      output.message(found);
    } else {
      text(found).forEach(output::line);
    }
    return ExitCode.OK;
  }

  private CompareClustersRequest.Builder request(String text) {
    List<CSVRecord> records = NumbersInput.records(text);
    List<String> names = records.get(0).stream().toList();
    int model = Math.max(0, Math.max(names.indexOf("label"), names.indexOf("model")));
    List<CSVRecord> rows =
        records.subList(1, records.size()).stream()
            .filter(row -> row.stream().anyMatch(cell -> !cell.isEmpty()))
            .filter(row -> row.size() <= model || row.get(model).startsWith(prefix))
            .toList();
    for (CSVRecord row : rows) {
      if (row.size() != names.size()) {
        throw CommandException.badInput(
            "line "
                + row.getRecordNumber()
                + " has "
                + row.size()
                + " columns, the first "
                + names.size());
      }
    }
    CompareClustersRequest.Builder request = CompareClustersRequest.newBuilder();
    request.addAllAssignments(assignments(names, rows, model));
    for (int column : columns(names, rows, model)) {
      ModelScores.Builder values = request.addScoresBuilder().setName(names.get(column));
      rows.forEach(row -> values.addValues(NumbersInput.number(row, column)));
    }
    return request;
  }

  private List<Integer> assignments(List<String> names, List<CSVRecord> rows, int model) {
    if (second == null) {
      int column = names.indexOf("cluster");
      if (column < 0) {
        throw CommandException.badInput(
            "the columns " + names + " lack 'cluster'; say which models are of the --second");
      }
      return rows.stream().map(row -> (int) NumbersInput.number(row, column)).toList();
    }
    Set<String> wanted = new LinkedHashSet<>();
    Arrays.stream(second.split(",")).map(String::strip).forEach(wanted::add);
    Set<String> missing = new LinkedHashSet<>(wanted);
    List<Integer> assignments = new ArrayList<>();
    for (CSVRecord row : rows) {
      assignments.add(wanted.contains(row.get(model)) ? 1 : 0);
      missing.remove(row.get(model));
    }
    if (!missing.isEmpty()) {
      throw CommandException.badInput(
          "--second names models that are not in the column '"
              + names.get(model)
              + "': "
              + missing);
    }
    return assignments;
  }

  private int[] columns(List<String> names, List<CSVRecord> rows, int model) {
    if (scores != null) {
      return scores.stream()
          .mapToInt(
              score -> {
                int column = names.indexOf(score);
                if (column < 0) {
                  throw CommandException.badInput(
                      "there is no column '" + score + "'; there are " + names);
                }
                return column;
              })
          .toArray();
    }
    int[] numbers =
        IntStream.range(0, names.size())
            .filter(column -> column != model && !names.get(column).equals("cluster"))
            .filter(column -> rows.stream().allMatch(row -> NumbersInput.isNumber(row.get(column))))
            .toArray();
    if (numbers.length == 0) {
      throw CommandException.badInput("no column of " + names + " holds numbers alone");
    }
    return numbers;
  }

  private static List<String> text(CompareClustersResponse found) {
    TextTable text =
        new TextTable(
            "score",
            "first",
            "second",
            "diff/sd1",
            "to best/sd1",
            "difference [95 %]",
            "p (Holm)",
            "Hedges g [95 %]",
            "AUC [95 %]",
            "p (perm.)");
    for (ClusterComparison one : found.getComparisonsList()) {
      text.row(
          one.getName(),
          moments(one.getFirst()),
          moments(one.getSecond()),
          number("%.3f", one.getDifferenceOverFirstDeviation()),
          number("%.3f", one.getDistanceToBestOfSecondOverFirstDeviation()),
          number("%.4f", one.getDifference()) + interval("%.4f", one.getDifferenceInterval()),
          number("%.2g", one.getWelchPHolm()),
          number("%.2f", one.getHedgesG()) + interval("%.2f", one.getHedgesGInterval()),
          number("%.3f", one.getAuc()) + interval("%.3f", one.getAucInterval()),
          one.hasPermutationP() ? number("%.2g", one.getPermutationP()) : "-");
    }
    List<String> lines = new ArrayList<>(text.lines());
    ClusterComparison any = found.getComparisons(0);
    lines.add("");
    lines.add(
        "The first cluster has "
            + any.getFirst().getModelCount()
            + " models, the second "
            + any.getSecond().getModelCount()
            + "; means with population standard deviations. p values are descriptive where the"
            + " clusters were found in the same scores.");
    return lines;
  }

  private static String moments(ScoreSummary summary) {
    return number("%.3f", summary.getMean())
        + " +- "
        + number("%.3f", summary.getPopulationStandardDeviation());
  }

  private static String interval(String format, Interval interval) {
    return Double.isNaN(interval.getLow())
        ? ""
        : " ["
            + number(format, interval.getLow())
            + ", "
            + number(format, interval.getHigh())
            + "]";
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }

  private static List<List<String>> rows(CompareClustersResponse found) {
    List<List<String>> rows = new ArrayList<>();
    for (ClusterComparison one : found.getComparisonsList()) {
      Map<String, String> row = new LinkedHashMap<>();
      row.put("score", one.getName());
      row.put("first_models", String.valueOf(one.getFirst().getModelCount()));
      row.put("first_mean", String.valueOf(one.getFirst().getMean()));
      row.put("first_sd", String.valueOf(one.getFirst().getPopulationStandardDeviation()));
      row.put("second_models", String.valueOf(one.getSecond().getModelCount()));
      row.put("second_mean", String.valueOf(one.getSecond().getMean()));
      row.put("second_sd", String.valueOf(one.getSecond().getPopulationStandardDeviation()));
      row.put("difference_over_first_sd", String.valueOf(one.getDifferenceOverFirstDeviation()));
      row.put(
          "distance_to_best_of_second_over_first_sd",
          String.valueOf(one.getDistanceToBestOfSecondOverFirstDeviation()));
      row.put("difference", String.valueOf(one.getDifference()));
      row.put("difference_low", String.valueOf(one.getDifferenceInterval().getLow()));
      row.put("difference_high", String.valueOf(one.getDifferenceInterval().getHigh()));
      row.put("welch_p", String.valueOf(one.getWelchP()));
      row.put("welch_p_holm", String.valueOf(one.getWelchPHolm()));
      row.put("hedges_g", String.valueOf(one.getHedgesG()));
      row.put("hedges_g_low", String.valueOf(one.getHedgesGInterval().getLow()));
      row.put("hedges_g_high", String.valueOf(one.getHedgesGInterval().getHigh()));
      row.put("auc", String.valueOf(one.getAuc()));
      row.put("auc_low", String.valueOf(one.getAucInterval().getLow()));
      row.put("auc_high", String.valueOf(one.getAucInterval().getHigh()));
      row.put("mann_whitney_p", String.valueOf(one.getMannWhitneyP()));
      row.put("permutation_p", one.hasPermutationP() ? String.valueOf(one.getPermutationP()) : "");
      if (rows.isEmpty()) {
        rows.add(List.copyOf(row.keySet()));
      }
      rows.add(List.copyOf(row.values()));
    }
    return rows;
  }
}
