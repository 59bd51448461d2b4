package dev.watershed.cli;

import static dev.watershed.cli.GroupsText.exact;
import static dev.watershed.cli.GroupsText.interval;
import static dev.watershed.cli.GroupsText.number;

import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.DynamicsServiceGrpc;
import dev.watershed.analysis.v1.StepChange;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.SweepChange;
import dev.watershed.analysis.v1.SweepEnds;
import dev.watershed.analysis.v1.TabulateChangesRequest;
import dev.watershed.analysis.v1.TabulateChangesResponse;
import dev.watershed.analysis.v1.UncertaintyUnit;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** How several sweeps' models changed from one step to another, in one table. */
@Command(
    name = "deltas",
    description = {
      "How the barrier height, the gaps and the area of several sweeps' models changed from one step"
          + " to a later one, on one task or on several: a row each, end minus start, so that a"
          + " negative change says more connected.",
      "Intervals of three models or more speak of models (leaving out each in turn), of one pair they"
          + " speak of examples (resampled with the same draws). ~ marks what is not distinguishable"
          + " from 0. The studies are those that 'watershed dynamics' made, or any others of the same"
          + " models; a sweep's all steps are shown by 'watershed dynamics --study'."
    },
    footer = {
      "",
      "Examples:",
      "  watershed deltas QQP=STUDY1@20000,STUDY2@160000 MNLI=STUDY3@20000,STUDY4@160000"
    })
final class DeltasCommand implements Callable<Integer> {
  private static final Pattern SWEEP =
      Pattern.compile("(?:(.*)=)?([^=@,]+)@(\\d{1,18}),([^=@,]+)@(\\d{1,18})");

  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Parameters(
      paramLabel = "[NAME=]STUDY@STEP,STUDY@STEP",
      arity = "1..*",
      description = "A row: two studies of the same models and their steps, the earlier first.")
  private List<String> sweeps = new ArrayList<>();

  DeltasCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    TabulateChangesRequest.Builder request = TabulateChangesRequest.newBuilder();
    sweeps.forEach(sweep -> request.addSweeps(ends(sweep)));
    TabulateChangesResponse found =
        DynamicsServiceGrpc.newBlockingStub(server.channel()).tabulateChanges(request.build());
    if (table.wanted()) {
      rows(found).forEach(row -> output.line(table.row(row)));
    } else if (output.json()) {
      output.message(found);
    } else {
      text(found).forEach(output::line);
    }
    return ExitCode.OK;
  }

  private static SweepEnds ends(String text) {
    Matcher parts = SWEEP.matcher(text);
    if (!parts.matches()) {
      throw CommandException.badInput("'" + text + "' is not NAME=STUDY@STEP,STUDY@STEP");
    }
    return SweepEnds.newBuilder()
        .setName(parts.group(1) == null ? "" : parts.group(1))
        .setStart(study(parts.group(2), parts.group(3)))
        .setEnd(study(parts.group(4), parts.group(5)))
        .build();
  }

  private static StepStudy study(String study, String step) {
    return StepStudy.newBuilder()
        .setStudy(NameArguments.study(study.strip()))
        .setStep(Long.parseLong(step))
        .build();
  }

  private static Map<String, Change> metrics(StepChange change) {
    Map<String, Change> metrics = new LinkedHashMap<>();
    metrics.put("barrier_height", change.getBarrierHeight());
    metrics.put("convexity_gap", change.getConvexityGap());
    if (change.hasImprovedConvexityGap()) {
      metrics.put("improved_convexity_gap", change.getImprovedConvexityGap());
    }
    metrics.put("area", change.getArea());
    if (change.hasConvexityGapWithin()) {
      metrics.put("convexity_gap_within", change.getConvexityGapWithin());
      metrics.put("convexity_gap_across", change.getConvexityGapAcross());
    }
    return metrics;
  }

  private static List<String> text(TabulateChangesResponse found) {
    boolean nested =
        found.getRowsList().stream().anyMatch(row -> row.getChange().hasImprovedConvexityGap());
    boolean split =
        found.getRowsList().stream().anyMatch(row -> row.getChange().hasConvexityGapWithin());
    List<String> columns = new ArrayList<>(List.of("", "steps", "models", "dBH", "dCG"));
    if (nested) {
      columns.add("dICG");
    }
    columns.add("darea");
    if (split) {
      columns.addAll(List.of("dCG within", "dCG across"));
    }
    columns.add("over");
    TextTable text = new TextTable(columns.toArray(String[]::new));
    for (SweepChange row : found.getRowsList()) {
      StepChange change = row.getChange();
      List<String> cells = new ArrayList<>();
      cells.add(row.getName());
      cells.add(change.getFromStep() + " to " + change.getToStep());
      cells.add(String.valueOf(row.getModelCount()));
      cells.add(cell(change.getBarrierHeight()));
      cells.add(cell(change.getConvexityGap()));
      if (nested) {
        cells.add(change.hasImprovedConvexityGap() ? cell(change.getImprovedConvexityGap()) : "-");
      }
      cells.add(cell(change.getArea()));
      if (split) {
        boolean told = change.hasConvexityGapWithin();
        cells.add(told ? cell(change.getConvexityGapWithin()) : "-");
        cells.add(told ? cell(change.getConvexityGapAcross()) : "-");
      }
      cells.add(unit(change.getConvexityGap()));
      text.row(cells.toArray(String[]::new));
    }
    List<String> lines = new ArrayList<>();
    lines.add("End minus start in nats, mean over pairs [95 %]; ~ not distinguishable from 0.");
    lines.addAll(text.lines());
    for (SweepChange row : found.getRowsList()) {
      row.getWarningsList()
          .forEach(one -> lines.add("warning: " + row.getName() + ": " + one.getMessage()));
    }
    return lines;
  }

  static String cell(Change change) {
    String mean = number("%+.4f", change.getMeanNats());
    return unit(change).equals("-")
        ? mean
        : mean
            + interval("%+.4f", change.getInterval())
            + (change.getDistinguishable() ? "" : " ~");
  }

  /** What an interval speaks of. */
  static String unit(Change change) {
    return change.getUnit() == UncertaintyUnit.UNCERTAINTY_UNIT_MODELS
        ? "models"
        : change.getUnit() == UncertaintyUnit.UNCERTAINTY_UNIT_EXAMPLES ? "examples" : "-";
  }

  private static List<List<String>> rows(TabulateChangesResponse found) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "name",
            "from_step",
            "to_step",
            "metric",
            "mean_nats",
            "low_nats",
            "high_nats",
            "interval_over",
            "distinguishable",
            "p",
            "standard_deviation_nats",
            "pair_count",
            "model_count",
            "example_count"));
    for (SweepChange row : found.getRowsList()) {
      metrics(row.getChange())
          .forEach(
              (metric, change) ->
                  rows.add(
                      List.of(
                          row.getName(),
                          String.valueOf(row.getChange().getFromStep()),
                          String.valueOf(row.getChange().getToStep()),
                          metric,
                          exact(change.getMeanNats()),
                          exact(change.getInterval().getLow()),
                          exact(change.getInterval().getHigh()),
                          unit(change).replace("-", ""),
                          String.valueOf(change.getDistinguishable()),
                          exact(change.getP()),
                          exact(change.getStandardDeviationNats()),
                          String.valueOf(change.getPairCount()),
                          String.valueOf(row.getModelCount()),
                          String.valueOf(row.getInDomainExampleCount()))));
    }
    return rows;
  }
}
