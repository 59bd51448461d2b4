package dev.watershed.bench;

import static dev.watershed.bench.BenchOptions.between;
import static dev.watershed.bench.BenchOptions.text;

import dev.watershed.cli.CommandContext;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.terminal.Durations;
import dev.watershed.cli.terminal.TextTable;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether memory stays flat. */
@Command(
    name = "soak",
    description = {
      "Evaluate points that were never asked for before and train short runs, in turn, through the"
          + " service on miniature models, and watch memory. Fails (exit code 1) if resident"
          + " memory, the heap after a collection, native arrays or what the evaluator holds grow"
          + " beyond an allowance, once the first third has warmed everything up."
    },
    footer = {
      "",
      "Examples:",
      "  watershed bench soak",
      "  watershed bench soak --minutes 60 --json > soak.json"
    })
final class BenchSoakCommand implements Callable<Integer> {
  private static final int FEWEST = 24;

  @Mixin private OutputOptions output;
  @Mixin private BenchOptions options;

  @Option(
      names = "--evaluations",
      description = "Points to evaluate. Default: 2000.",
      defaultValue = "2000")
  private int evaluations;

  @Option(
      names = "--steps",
      description = "Optimiser steps to take. Default: 500.",
      defaultValue = "500")
  private int steps;

  @Option(
      names = "--minutes",
      description = "Go on so long instead, 100 points and 25 steps at a time.")
  private @Nullable Integer minutes;

  private final CommandContext context;

  BenchSoakCommand(CommandContext context) {
    this.context = context;
    this.output = new OutputOptions(context);
    this.options = new BenchOptions(context);
  }

  @Override
  public Integer call() throws IOException {
    Integer limit = minutes;
    var settings =
        new Soak.Settings(
            between("--evaluations", evaluations, FEWEST, 100_000_000),
            between("--steps", steps, 0, 100_000_000),
            limit == null ? null : Duration.ofMinutes(between("--minutes", limit, 1, 100_000)),
            options.threads(),
            options.seed);
    options.say(Soak.describe(settings));
    SoakResult result =
        options.within(
            () -> BenchServer.open(settings.threads(), Map.of(), context.channels()),
            server -> Soak.run(settings, server, options::say));
    if (output.json()) {
      output.line(BenchOptions.json(result));
    } else {
      show(result);
    }
    return result.flat() ? ExitCode.OK : ExitCode.FAILED;
  }

  private void show(SoakResult result) {
    TextTable points =
        new TextTable(
            "evaluations", "steps", "resident KiB", "heap KiB", "native arrays", "held KiB");
    for (MemoryPoint point : result.points()) {
      points.row(
          "" + point.evaluations(),
          "" + point.steps(),
          "" + (point.residentBytes() >> 10),
          "" + (point.heapBytes() >> 10),
          "" + point.nativeArrays(),
          "" + (point.heldBytes() >> 10));
    }
    output.table(points);
    output.line("");
    TextTable growth =
        new TextTable(
            "after the first third",
            "first half",
            "second half",
            "grew by",
            "allowed",
            "per 1,000 evaluations",
            "");
    for (MemoryGrowth kind : result.growth()) {
      growth.row(
          kind.what(),
          text("%.0f", kind.firstHalf()),
          text("%.0f", kind.secondHalf()),
          text("%.0f", kind.secondHalf() - kind.firstHalf()),
          text("%.0f", kind.allowance()),
          text("%.0f", kind.slopePerThousandEvaluations()),
          kind.flat() ? "flat" : "GROWS");
    }
    output.table(growth);
    output.line("");
    output.line(
        text(
            "%d evaluations and %d steps in %s: memory %s.",
            result.evaluations(),
            result.steps(),
            Durations.text(result.seconds()),
            result.flat() ? "is flat" : "GROWS"));
  }
}
