package dev.watershed.cli;

import static dev.watershed.cli.GroupsText.number;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.AnalyzeCurveResponse;
import dev.watershed.analysis.v1.BasinPlan;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.PilotInterval;
import dev.watershed.analysis.v1.PlanStudyRequest;
import dev.watershed.analysis.v1.PlanStudyResponse;
import dev.watershed.analysis.v1.RecipePlan;
import dev.watershed.analysis.v1.ScoreDifference;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.cli.terminal.TextTable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How large a study must be. */
@Command(
    name = "plan",
    description = {
      "How large a study must be: how many examples make intervals of convexity gaps as narrow as"
          + " wanted, how many models a claim about basins or about a recipe takes, how many"
          + " evaluations that is and about how long. Nothing is created.",
      "A pilot says most of it: a study of some of the models that has succeeded, with 256 examples"
          + " or more. Without one only what simulation says is told.",
      "'study create --half-width' needs no plan: it measures until intervals are as narrow."
    },
    footer = {
      "",
      "Examples:",
      "  watershed study plan --models 16 --diagnostics 2",
      "  watershed study plan --pilot STUDY --half-width 0.01 --models 16",
      "  watershed study plan --curve losses.csv --half-width 0.01",
      "  watershed study plan --score-difference 0.02 --disagreement 0.1"
    })
final class StudyPlanCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Option(
      names = "--pilot",
      paramLabel = "STUDY",
      description = "A study that has succeeded, by which is planned.")
  private @Nullable String pilot;

  @Option(
      names = "--curve",
      paramLabel = "FILE",
      description =
          "Losses of the examples of one curve instead, as 'watershed metrics' reads them; - for"
              + " standard input.")
  private @Nullable Path curve;

  @Option(
      names = "--half-width",
      paramLabel = "NATS",
      description = "Half of the width that intervals of convexity gaps shall have.")
  private @Nullable Double halfWidth;

  @Option(names = "--models", description = "Default: as many as the pilot's, or 16.")
  private @Nullable Integer models;

  @Option(
      names = "--intervals",
      paramLabel = "N",
      description = "Equal intervals of the curves. Default: as the pilot's, or 10.")
  private @Nullable Integer intervals;

  @Option(
      names = "--diagnostics",
      paramLabel = "N",
      description = "How many diagnostics. Default: as the pilot's, or none.")
  private @Nullable Integer diagnostics;

  @Option(
      names = "--ratio",
      description = "By what a recipe multiplies the gap, where that shall be shown. Default: 0.5.")
  private @Nullable Double ratio;

  @Option(
      names = "--score-difference",
      paramLabel = "D",
      description =
          "A difference of two models' accuracies that shall be shown, with --disagreement.")
  private @Nullable Double scoreDifference;

  @Option(
      names = "--disagreement",
      paramLabel = "SHARE",
      description = "Share of the examples on which one of the two is right and the other wrong.")
  private @Nullable Double disagreement;

  private final CommandContext context;

  StudyPlanCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    PlanStudyResponse plan =
        StudyServiceGrpc.newBlockingStub(server.channel()).planStudy(request());
    if (output.json()) {
      output.message(plan);
      return ExitCode.OK;
    }
    basins(plan).lines().forEach(output::line);
    output.line("");
    if (plan.getRecipe().getPowersCount() > 0) {
      recipe(plan.getRecipe()).lines().forEach(output::line);
      output.line("");
    }
    plan.getSentencesList().forEach(output::line);
    return ExitCode.OK;
  }

  private PlanStudyRequest request() {
    if (pilot != null && curve != null) {
      throw CommandException.badInput("--pilot and --curve exclude each other");
    }
    if (curve != null && halfWidth == null) {
      throw CommandException.badInput(
          "--curve says how many examples a --half-width takes; give it");
    }
    if ((scoreDifference == null) != (disagreement == null)) {
      throw CommandException.badInput("--score-difference and --disagreement go together");
    }
    PlanStudyRequest.Builder request = PlanStudyRequest.newBuilder();
    if (pilot != null) {
      request.setPilot(NameArguments.study(pilot));
    }
    if (curve != null) {
      request.setCurve(interval(curve));
    }
    if (halfWidth != null) {
      request.setHalfWidthNats(halfWidth);
    }
    if (models != null) {
      request.setModelCount(models);
    }
    if (intervals != null) {
      request.setIntervalCount(intervals);
    }
    if (diagnostics != null) {
      request.setDiagnosticCount(diagnostics);
    }
    if (ratio != null) {
      request.setRatio(ratio);
    }
    if (scoreDifference != null && disagreement != null) {
      request.setScore(
          ScoreDifference.newBuilder()
              .setDifference(scoreDifference)
              .setDisagreement(disagreement));
    }
    return request.build();
  }

  private PilotInterval interval(Path file) {
    AnalyzeCurveRequest request = ExampleLossesInput.read(text(file)).build();
    AnalyzeCurveResponse found =
        MetricServiceGrpc.newBlockingStub(server.metricChannel()).analyzeCurve(request);
    if (!found.hasUncertainty()) {
      throw CommandException.badInput(
          file + " has no losses of examples, which tell how wide an interval is");
    }
    Interval interval = found.getUncertainty().getConvexityGap().getInterval();
    double half = (interval.getHigh() - interval.getLow()) / 2;
    if (!(half > 0)) {
      throw CommandException.badInput("the losses of " + file + " have no spread to plan by");
    }
    return PilotInterval.newBuilder()
        .setExampleCount(found.getExampleCount())
        .setHalfWidthNats(half)
        .build();
  }

  private String text(Path file) {
    if (file.equals(Path.of("-"))) {
      return NumbersInput.read(context.in());
    }
    try (InputStream in = Files.newInputStream(context.workingDirectory().resolve(file))) {
      return NumbersInput.read(in, file.toString());
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + file + ": " + Failures.sentence(e));
    }
  }

  private static TextTable basins(PlanStudyResponse plan) {
    TextTable table =
        new TextTable(
            "models",
            "needed",
            "two even",
            "88:12",
            "three",
            "two near",
            "false: cloud",
            "false: disc");
    for (BasinPlan row : plan.getBasinsList()) {
      table.row(
          String.valueOf(row.getModelCount()),
          number("%.3f", row.getSeparationNeeded()),
          number("%.2f", row.getEvenRate()),
          number("%.2f", row.getUnevenRate()),
          number("%.2f", row.getThreeRate()),
          number("%.2f", row.getNearRate()),
          number("%.2f", row.getFalseSplitRate()),
          number("%.2f", row.getFalseSplitOfDiscRate()));
    }
    return table;
  }

  private static TextTable recipe(RecipePlan recipe) {
    List<String> titles = new ArrayList<>(List.of("models a group"));
    List<String> cells = new ArrayList<>(List.of(number("power for x %.3g", recipe.getRatio())));
    recipe
        .getPowersList()
        .forEach(
            power -> {
              titles.add(String.valueOf(power.getModelCount()));
              cells.add(number("%.2f", power.getPower()));
            });
    TextTable table = new TextTable(titles.toArray(String[]::new));
    table.row(cells.toArray(String[]::new));
    return table;
  }
}
