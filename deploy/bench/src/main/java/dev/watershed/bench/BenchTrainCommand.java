package dev.watershed.bench;

import static dev.watershed.bench.BenchOptions.between;
import static dev.watershed.bench.BenchOptions.duration;
import static dev.watershed.bench.BenchOptions.mebibytes;
import static dev.watershed.bench.BenchOptions.percent;
import static dev.watershed.bench.BenchOptions.text;
import static dev.watershed.bench.BenchOptions.times;

import dev.watershed.bench.TrainingResult.Steps;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.terminal.TextTable;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The training program's speed. */
@Command(
    name = "train",
    description = {
      "Time steps of the training program on random weights, and compare with the best rate of"
          + " matrix products and with eager operations that update each tensor by itself. Drives"
          + " the program directly: a run through the service also reads data and writes"
          + " checkpoints (--run measures one)."
    },
    footer = {
      "",
      "Examples:",
      "  watershed bench train",
      "  watershed bench train --size base --batch 32 --tokens 64 --bf16 --threads 1 --json",
      "  watershed bench train --size mini --run"
    })
final class BenchTrainCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private BenchOptions options;

  @Option(
      names = "--size",
      description = "Of the model: mini, base or large. Default: base.",
      defaultValue = "base")
  private ModelSize size = ModelSize.BASE;

  @Option(names = "--batch", description = "Examples of a step. Default: 32.", defaultValue = "32")
  private int batch;

  @Option(names = "--tokens", description = "Of each example. Default: 64.", defaultValue = "64")
  private int tokens;

  @Option(
      names = "--steps",
      description =
          "Timed steps of each contestant, in two rounds that begin with one to warm up."
              + " Default: 5.",
      defaultValue = "5")
  private int steps;

  @Option(
      names = "--dropout",
      description = "Of hidden states, attention and head, in all contestants. Default: 0.1.",
      defaultValue = "0.1")
  private double dropout;

  @Option(names = "--bf16", description = "Measure bfloat16 too.")
  private boolean bf16;

  @Option(
      names = "--profile",
      description = "Account for the time of a step by operations, with libtorch's profiler.")
  private boolean profile;

  @Option(names = "--run", description = "Measure a run through the service too.")
  private boolean run;

  private final CommandContext context;

  BenchTrainCommand(CommandContext context) {
    this.context = context;
    this.output = new OutputOptions(context);
    this.options = new BenchOptions(context);
  }

  @Override
  public Integer call() throws IOException {
    if (!(dropout >= 0 && dropout < 1)) {
      throw CommandException.badInput("--dropout " + dropout + " is not at least 0 and below 1");
    }
    var settings =
        new TrainingBenchmark.Settings(
            size,
            between("--batch", batch, 1, 65_536),
            between("--tokens", tokens, 2, 512),
            between("--steps", steps, 2, 1_000_000),
            options.threads(),
            bf16,
            dropout,
            options.seed);
    Double examplesPerSecond = run ? served(settings) : null;
    TrainingResult result = TrainingBenchmark.run(settings, options::say, examplesPerSecond);
    if (output.json()) {
      output.line(BenchOptions.json(result));
    } else {
      show(result);
    }
    return ExitCode.OK;
  }

  private Double served(TrainingBenchmark.Settings settings) throws IOException {
    options.say("run through the service");
    return options.within(
        () -> BenchServer.open(settings.threads(), Map.of(), context.channels()),
        server -> ServedRun.examplesPerSecond(settings, server));
  }

  private void show(TrainingResult result) {
    output.line(
        text(
            "BERT-%s, %.1f million parameters; batch %d of %d tokens, dropout %s; threads %d,"
                + " processors %d; %d steps, seed %d",
            result.size(),
            result.parameterCount() / 1e6,
            result.batch(),
            result.tokens(),
            result.dropout(),
            result.threads(),
            result.processors(),
            result.steps(),
            result.seed()));
    output.line("");
    TextTable table =
        new TextTable(
            "median step",
            "time",
            "examples/s",
            "GFLOP/s",
            "best rate",
            "fraction",
            "optimiser",
            "peak memory",
            "processors had");
    Steps bf16Steps = result.bf16();
    row(table, "training program, fp32", result.fp32(), result.fp32BestRate().gigaflops());
    if (bf16Steps != null && result.bf16BestRate() != null) {
      row(table, "training program, bf16", bf16Steps, result.bf16BestRate().gigaflops());
    }
    row(table, "eager operations, fp32", result.eager(), 0);
    output.table(table);
    ratio("fp32", result.ratioToEager());
    Ratio bf16Ratio = result.ratioBf16ToEager();
    if (bf16Ratio != null) {
      ratio("bf16", bf16Ratio);
    }
    Double examplesPerSecond = result.runExamplesPerSecond();
    if (examplesPerSecond != null) {
      output.line(text("A run through the service: %.1f examples/s", examplesPerSecond));
    }
    output.line("");
    output.table(BenchOptions.goals("goals at size base, batch 32 of 64 tokens", result.goals()));
    if (profile) {
      output.line("");
      output.table(
          BenchOptions.operations("operations of a step, fp32", result.fp32().operations()));
      if (bf16Steps != null) {
        output.line("");
        output.table(BenchOptions.operations("operations of a step, bf16", bf16Steps.operations()));
      }
    }
  }

  private void ratio(String precision, Ratio ratio) {
    output.line(
        text(
            "In %s it is faster than eager operations %s, by processor time %s",
            precision, times(ratio.byWallTime()), times(ratio.byProcessorTime())));
  }

  private static void row(TextTable table, String name, Steps steps, double best) {
    boolean counted = steps.gigaflops() > 0;
    table.row(
        name,
        duration(steps.secondsPerStep()),
        text("%.1f", steps.examplesPerSecond()),
        counted ? text("%.1f", steps.gigaflops()) : "-",
        counted ? text("%.1f", best) : "-",
        counted ? text("%.3f", steps.fractionOfBestRate()) : "-",
        counted ? percent(steps.optimizerShare()) : "-",
        mebibytes(steps.peakResidentBytes()),
        percent(steps.processorShare()));
  }
}
