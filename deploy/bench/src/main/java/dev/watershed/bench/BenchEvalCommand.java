package dev.watershed.bench;

import static dev.watershed.bench.BenchOptions.between;
import static dev.watershed.bench.BenchOptions.duration;
import static dev.watershed.bench.BenchOptions.mebibytes;
import static dev.watershed.bench.BenchOptions.percent;
import static dev.watershed.bench.BenchOptions.text;
import static dev.watershed.bench.BenchOptions.times;

import dev.watershed.bench.EvaluationResult.Baseline;
import dev.watershed.bench.EvaluationResult.Pass;
import dev.watershed.bench.EvaluationResult.Profile;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.terminal.TextTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The evaluator's speed. */
@Command(
    name = "eval",
    description = {
      "Evaluate pairs of random models through the service, and compare with the best rate of"
          + " matrix products that libtorch reaches here, with the reference protocol (eager"
          + " operations, padded to 512 tokens, models read again for each pair) and with eager"
          + " operations padded to 128 tokens. Of both baselines a part is measured and scaled.",
      "Runs are interleaved, each begins with a fresh server; medians are shown."
    },
    footer = {
      "",
      "Examples:",
      "  watershed bench eval --quick",
      "  watershed bench eval --size base --threads 1 --bf16 --json > eval.json",
      "  watershed bench eval --profile --runs 1"
    })
final class BenchEvalCommand implements Callable<Integer> {
  private static final int QUICK = 10;

  @Mixin private OutputOptions output;
  @Mixin private BenchOptions options;

  @Option(
      names = "--size",
      description = "Of the models: mini, base or large. Default: base.",
      defaultValue = "base")
  private ModelSize size = ModelSize.BASE;

  @Option(
      names = "--examples",
      description = "Of the sample, with lengths as MNLI's. Default: 512.",
      defaultValue = "512")
  private int examples;

  @Option(
      names = "--alphas",
      description = "Equally spaced points of a pair, both ends among them. Default: 11.",
      defaultValue = "11")
  private int alphas;

  @Option(
      names = "--pairs",
      description = "Of as few models as have so many. Default: 1.",
      defaultValue = "1")
  private int pairs;

  @Option(
      names = "--runs",
      description = "Of each contestant; the median counts. Default: 3.",
      defaultValue = "3")
  private int runs;

  @Option(names = "--bf16", description = "Measure bfloat16 too.")
  private boolean bf16;

  @Option(names = "--quick", description = "A tenth of the examples.")
  private boolean quick;

  @Option(
      names = "--profile",
      description =
          "Account for the time of a forward pass by operations, with libtorch's profiler.")
  private boolean profile;

  private final CommandContext context;

  BenchEvalCommand(CommandContext context) {
    this.context = context;
    this.output = new OutputOptions(context);
    this.options = new BenchOptions(context);
  }

  @Override
  public Integer call() throws IOException {
    int count = between("--examples", examples, 2, 1_000_000);
    var settings =
        new EvaluationBenchmark.Settings(
            size,
            quick ? Math.max(2, count / QUICK) : count,
            between("--alphas", alphas, 2, 10_001),
            between("--pairs", pairs, 1, 1000),
            between("--runs", runs, 1, 100),
            options.threads(),
            bf16,
            profile,
            options.seed);
    EvaluationResult result =
        options.within(
            () -> EvaluationBenchmark.open(settings, context.channels()),
            server -> EvaluationBenchmark.run(settings, server, options::say));
    if (output.json()) {
      output.line(BenchOptions.json(result));
    } else {
      show(result);
    }
    return ExitCode.OK;
  }

  private void show(EvaluationResult result) {
    output.line(
        text(
            "BERT-%s, %.1f million parameters; %d pair%s of %d models, %d alphas, %d examples;"
                + " threads %d, processors %d; %d run%s, seed %d",
            result.size(),
            result.parameterCount() / 1e6,
            result.pairs(),
            result.pairs() == 1 ? "" : "s",
            result.models(),
            result.alphas(),
            result.examples(),
            result.threads(),
            result.processors(),
            result.runs(),
            result.runs() == 1 ? "" : "s",
            result.seed()));
    output.line("Kernels: " + result.kernels());
    output.line("");
    passes(result);
    output.line("");
    baselines(result);
    Ratio bf16Ratio = result.ratioBf16ToFp32();
    if (bf16Ratio != null) {
      output.line(
          text(
              "bf16 is faster than fp32 %s, by processor time %s",
              times(bf16Ratio.byWallTime()), times(bf16Ratio.byProcessorTime())));
    }
    output.line("");
    output.table(BenchOptions.goals("goals at size base, 512 examples, 11 alphas", result.goals()));
    Profile profiled = result.profile();
    if (profiled != null) {
      output.line("");
      show(profiled);
    }
  }

  private void passes(EvaluationResult result) {
    Pass bf16Pass = result.bf16();
    TextTable table =
        bf16Pass == null
            ? new TextTable("through the service", "fp32")
            : new TextTable("through the service", "fp32", "bf16");
    row(table, result, "time per pair", pass -> duration(pass.secondsPerPair()));
    row(table, result, "useful tokens of a point", pass -> "" + pass.usefulTokens());
    row(table, result, "padded tokens of a point", pass -> "" + pass.paddedTokens());
    rates(table, result);
    row(table, result, "achieved", pass -> text("%.1f GFLOP/s", pass.gigaflops()));
    row(table, result, "fraction of the best rate", p -> text("%.3f", p.fractionOfBestRate()));
    row(
        table,
        result,
        "  in forward passes alone",
        pass -> text("%.3f", pass.forwardFractionOfBestRate()));
    row(table, result, "time loading", pass -> percent(pass.loadingShare()));
    row(table, result, "time interpolating", pass -> percent(pass.interpolatingShare()));
    row(table, result, "time in forward passes", pass -> percent(pass.forwardShare()));
    row(table, result, "everything else", pass -> percent(pass.otherShare()));
    row(table, result, "processors had", pass -> percent(pass.processorShare()));
    row(table, result, "peak memory of the process", p -> mebibytes(p.peakResidentBytes()));
    row(table, result, "peak held by the evaluator", p -> mebibytes(p.peakHeldBytes()));
    output.table(table);
  }

  private static void rates(TextTable table, EvaluationResult result) {
    ProductRate bf16Rate = result.bf16BestRate();
    String fp32 = rate(result.fp32BestRate());
    if (bf16Rate == null) {
      table.row("best rate of products", fp32);
    } else {
      table.row("best rate of products", fp32, rate(bf16Rate));
    }
  }

  private static String rate(ProductRate rate) {
    return text("%.1f GFLOP/s (%s, %s)", rate.gigaflops(), rate.kernel(), rate.shape());
  }

  private static void row(
      TextTable table, EvaluationResult result, String name, Function<Pass, String> text) {
    @Nullable Pass bf16Pass = result.bf16();
    List<String> cells = new ArrayList<>(List.of(name, text.apply(result.fp32())));
    if (bf16Pass != null) {
      cells.add(text.apply(bf16Pass));
    }
    table.row(cells.toArray(String[]::new));
  }

  private void baselines(EvaluationResult result) {
    TextTable table =
        new TextTable(
            "compared with (fp32)",
            "time per pair",
            "ours is faster",
            "by processor time",
            "processors had",
            "measured");
    baseline(
        table,
        "reference protocol, padded to 512",
        result.referenceProtocol(),
        result.ratioToReferenceProtocol(),
        result.examples());
    baseline(
        table,
        "eager operations, padded to 128",
        result.eager(),
        result.ratioToEager(),
        result.examples());
    output.table(table);
  }

  private static void baseline(
      TextTable table, String name, Baseline baseline, Ratio ratio, int examples) {
    table.row(
        name,
        duration(baseline.secondsPerPair()),
        times(ratio.byWallTime()),
        times(ratio.byProcessorTime()),
        percent(baseline.processorShare()),
        text("%d of %d examples of one point, then scaled", baseline.measuredExamples(), examples));
  }

  private void show(Profile profiled) {
    output.table(BenchOptions.operations("operations of a forward pass", profiled.operations()));
    output.line(
        text(
            "These operations are %s of the pass's %s, and with loading and interpolating %s of a"
                + " point's time through the service.",
            percent(profiled.accountedShare()),
            duration(profiled.forwardSeconds()),
            percent(profiled.accountedShareOfPoint())));
    Double added = profiled.profilerShare();
    if (added != null) {
      output.line(text("The profiler added %s to the pass.", percent(added)));
    }
  }
}
