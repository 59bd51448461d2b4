package dev.watershed.bench;

import static dev.watershed.bench.BenchOptions.between;

import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.statistics.SampleGrowth;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How far intervals and verdicts can be trusted. */
@Command(
    name = "statistics",
    description = {
      "Simulate samples and models whose truth is known: how often the default intervals of"
          + " convexity gaps hold it, also where a study looks at them several times until they are"
          + " narrow, and how often the verdict on basins is right. Seeded: the"
          + " same command prints the same tables."
    },
    footer = {
      "",
      "Examples:",
      "  watershed bench statistics",
      "  watershed bench statistics --replicates 1000 --resamples 1000"
    })
final class BenchStatisticsCommand implements Callable<Integer> {
  private static final double[] GAPS = {0, .01, .05, .3};
  private static final int[] EXAMPLES = {64, 256, 512};
  private static final int TIMED_CURVES = 320;
  private static final int TIMED_EXAMPLES = 512;
  private static final double[] GROWN_GAPS = {0, .1};
  private static final int[] FIRST_BLOCKS = {256, 512};
  private static final SampleGrowth GROWTH = new SampleGrowth(.012, 20_000);
  private static final int[] MODELS = {8, 16, 48, 100};

  @Mixin private OutputOptions output;
  @Mixin private BenchOptions options;

  @Option(
      names = "--replicates",
      description = "Samples and sets of models of each kind. Default: 200.",
      defaultValue = "200")
  private int replicates;

  @Option(
      names = "--resamples",
      description = "Resamples of each sample. Default: 500.",
      defaultValue = "500")
  private int resamples;

  BenchStatisticsCommand(CommandContext context) {
    this.output = new OutputOptions(context);
    this.options = new BenchOptions(context);
  }

  @Override
  public Integer call() {
    between("--replicates", replicates, 10, 100_000);
    between("--resamples", resamples, 100, 20_000);
    output.line("Coverage of 95 % intervals of the convexity gap (over examples)");
    output.table(coverage());
    output.line("");
    output.line(
        String.format(
            Locale.ROOT,
            "Studies of three pairs that grow until intervals are +-%s nats wide",
            GROWTH.halfWidth()));
    output.table(growth());
    output.line("");
    options.say("the time that resampling takes");
    double seconds =
        StatisticsBenchmark.seconds(
            TIMED_CURVES, TIMED_EXAMPLES, Draws.DEFAULT_COUNT, options.seed);
    output.line(
        String.format(
            Locale.ROOT,
            "Resampling %d curves of 11 points, %d examples, %d times takes %.1f s on %d"
                + " processors: %.0f s for the 4950 pairs of 100 models",
            TIMED_CURVES,
            TIMED_EXAMPLES,
            Draws.DEFAULT_COUNT,
            seconds,
            Runtime.getRuntime().availableProcessors(),
            seconds * 4950 / TIMED_CURVES));
    output.line("");
    output.line("Verdicts; of no clusters right means that no split is said");
    output.table(verdicts());
    return ExitCode.OK;
  }

  private TextTable coverage() {
    var table = new TextTable("true gap", "examples", "coverage", "mean half width", "told from 0");
    for (double gap : GAPS) {
      for (int examples : EXAMPLES) {
        options.say("gaps of " + gap + " from " + examples + " examples");
        var found =
            StatisticsBenchmark.coverage(gap, examples, replicates, resamples, options.seed);
        table.row(
            String.valueOf(gap),
            String.valueOf(examples),
            share(found.coverage()),
            String.format(Locale.ROOT, "%.4f", found.meanHalfWidth()),
            share(found.zeroRejected()));
      }
    }
    return table;
  }

  private TextTable growth() {
    var table =
        new TextTable(
            "true gap",
            "first block",
            "looks",
            "median examples",
            "coverage",
            "of a fresh sample",
            "of the first block",
            "told from 0",
            "at some look");
    for (double gap : GROWN_GAPS) {
      for (int first : FIRST_BLOCKS) {
        options.say("studies of gaps of " + gap + " that begin with " + first + " examples");
        var found =
            StatisticsBenchmark.growth(gap, first, GROWTH, replicates, resamples, options.seed);
        table.row(
            String.valueOf(gap),
            String.valueOf(first),
            String.format(Locale.ROOT, "%.1f", found.meanLooks()),
            String.format(Locale.ROOT, "%.0f", found.medianExamples()),
            permille(found.coverage()),
            permille(found.fresh()),
            permille(found.firstBlock()),
            permille(found.toldAtLast()),
            permille(found.toldAtSome()));
      }
    }
    return table;
  }

  private TextTable verdicts() {
    List<String> header = new ArrayList<>(List.of("truth"));
    for (int models : MODELS) {
      header.add("right, " + models);
      header.add("undecided");
    }
    var table = new TextTable(header.toArray(String[]::new));
    for (var truth : SimulatedDistances.values()) {
      options.say("models of " + truth.title());
      List<String> row = new ArrayList<>(List.of(truth.title()));
      for (int models : MODELS) {
        var found = StatisticsBenchmark.verdicts(truth, models, replicates, options.seed);
        row.add(share(found.right()));
        row.add(share(found.undecided()));
      }
      table.row(row.toArray(String[]::new));
    }
    return table;
  }

  private static String permille(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String share(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
