package dev.watershed.bench;

import static dev.watershed.bench.BenchOptions.between;
import static dev.watershed.bench.BenchOptions.text;

import dev.watershed.bench.FleetSimulation.Evaluator;
import dev.watershed.bench.FleetSimulation.Machine;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How well a study is spread over evaluators. */
@Command(
    name = "fleet",
    description = {
      "Simulate a study on many evaluators: the pairs are handed out as the analysis service hands"
          + " them out, the times of computing and reading are given. The ideal is that nobody"
          + " ever waits or reads. The same command prints the same tables."
    },
    footer = {
      "",
      "Examples:",
      "  watershed bench fleet",
      "  watershed bench fleet --models 100 --evaluators 8"
    })
final class BenchFleetCommand implements Callable<Integer> {
  private static final List<Machine> MACHINES =
      List.of(
          new Machine("base on a GPU", .25, .44, .44, 32),
          new Machine("5 GB a model", 3, 5, 5, 12));

  /** A small study, of which the plan is to be met. */
  private static final Machine SMALL = new Machine("memory for 8", 1, 1, .1, 8);

  private static final int SMALL_MODELS = 32;
  private static final double THIRD = 1. / 3;

  @Mixin private OutputOptions output;
  @Mixin private BenchOptions options;

  @Option(
      names = "--models",
      description = "Models of the study, 10 to 2000. Default: 1000.",
      defaultValue = "1000")
  private int models;

  @Option(
      names = "--evaluators",
      description =
          "The most evaluators, 2 to 256; a quarter as often as there are any. Default: 64.",
      defaultValue = "64")
  private int evaluators;

  BenchFleetCommand(CommandContext context) {
    this.output = new OutputOptions(context);
    this.options = new BenchOptions(context);
  }

  @Override
  public Integer call() {
    between("--models", models, 10, 2000);
    between("--evaluators", evaluators, 2, 256);
    var goals = new ArrayList<Goal>();
    var table =
        new TextTable(
            models + " models, " + (long) models * (models - 1) / 2 + " pairs",
            "evaluators",
            "time / ideal",
            "in turn",
            "reads / plan",
            "TB read",
            "one at a third",
            "one lost",
            "one joins");
    for (var machine : MACHINES) {
      for (int count : counts()) {
        options.say(machine.name() + ", " + count + " evaluators");
        row(table, goals, machine, count);
      }
    }
    output.line("Time of a study over the ideal, each column with its own ideal");
    output.table(table);
    output.line("");
    for (int count : new int[] {1, 2, 3}) {
      var small = FleetSimulation.run(SMALL_MODELS, SMALL, FleetSimulation.steady(count));
      goals.add(
          Goal.atMost(
              text(
                  "reads / plan, %d models, memory for %d, %d evaluators (%d of %d)",
                  SMALL_MODELS, SMALL.held(), count, small.reads(), small.plannedReads()),
              (double) small.reads() / small.plannedReads(),
              1.2));
    }
    output.table(BenchOptions.goals("goal", goals));
    return ExitCode.OK;
  }

  private int[] counts() {
    return IntStream.iterate(evaluators, count -> count / 4)
        .takeWhile(count -> count >= 1)
        .sorted()
        .toArray();
  }

  private void row(TextTable table, List<Goal> goals, Machine machine, int count) {
    var steady = FleetSimulation.run(models, machine, FleetSimulation.steady(count));
    double half = steady.idealSeconds() / 2;
    var inTurn = FleetSimulation.roundRobin(models, machine, count);
    double straggler = with(machine, count, new Evaluator(THIRD, 0, Double.POSITIVE_INFINITY));
    String lost = count == 1 ? "-" : text("%.3f", with(machine, count, new Evaluator(1, 0, half)));
    double joined = with(machine, count, new Evaluator(1, half, Double.POSITIVE_INFINITY));
    table.row(
        machine.name(),
        String.valueOf(count),
        text("%.3f", steady.overIdeal()),
        text("%.2f", inTurn.overIdeal()),
        text("%.2f", (double) steady.reads() / steady.plannedReads()),
        text("%.1f", steady.reads() * machine.modelGigabytes() / 1000),
        text("%.3f", straggler),
        lost,
        text("%.3f", joined));
    String where = machine.name() + ", " + count + " evaluators";
    goals.add(Goal.atMost("time / ideal, " + where, steady.overIdeal(), 1.05));
    goals.add(Goal.atMost("one at a third of the speed, " + where, straggler, 1.1));
  }

  /** Time over the ideal where one of so many is another. */
  private double with(Machine machine, int count, Evaluator other) {
    var fleet = FleetSimulation.steady(count);
    fleet.set(count - 1, other);
    return FleetSimulation.run(models, machine, fleet).overIdeal();
  }
}
