package dev.watershed.cli;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.AnalyzeCurveResponse;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.CurveUncertainty;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.MetricUncertainty;
import dev.watershed.analysis.v1.Resampling;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The metrics of a curve on standard input. */
@Command(
    name = "metrics",
    description = {
      "Read a curve of losses on standard input and write its connectivity metrics as JSON.",
      "The curve is JSON, {\"alphas\": [...], \"losses_nats\": [...]}, or CSV with the columns"
          + " alpha and loss, or Parquet with these. Without --address it is computed here, no server is needed.",
      "With the loss of every example the answer has intervals over examples too: JSON with"
          + " \"curve\" and \"example_losses\", CSV or Parquet (plain, snappy, gzip or zstd) with the"
          + " columns alpha, example and loss, or what 'watershed evaluate --json"
          + " --example-losses' wrote.",
      "As a table (--csv, --output tsv): a line of names, a line of values."
    },
    footer = {
      "",
      "Examples:",
      "  echo '{\"alphas\":[0,0.5,1],\"losses_nats\":[0.4,0.7,0.5]}' | watershed metrics",
      "  watershed evaluate A B --sample builtin:miniature/validation --csv | watershed metrics",
      "  watershed evaluate A B --sample builtin:miniature/validation --json --example-losses |"
          + " watershed metrics",
      "  watershed metrics <losses.parquet"
    })
final class MetricsCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Option(
      names = "--resamples",
      paramLabel = "N",
      description = "How often examples are drawn anew; 2000 unless said otherwise, 0 for never.")
  private @Nullable Integer resamples;

  @Option(names = "--seed", description = "Seed of the draws (default: 0).")
  private long seed;

  @Option(names = "--level", description = "Level of the intervals (default: .95).")
  private @Nullable Double level;

  @Option(
      names = "--bca",
      description = "Bias-corrected and accelerated intervals too, as a second opinion.")
  private boolean bca;

  private final CommandContext context;

  MetricsCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    AnalyzeCurveRequest.Builder request = ExampleLossesInput.read(NumbersInput.bytes(context.in()));
    Resampling.Builder resampling = request.getResamplingBuilder().setSeed(seed);
    if (resamples != null) {
      resampling.setResampleCount(resamples);
    }
    if (level != null) {
      resampling.setLevel(level);
    }
    request.setBcaIntervals(bca);
    AnalyzeCurveResponse response =
        MetricServiceGrpc.newBlockingStub(server.metricChannel()).analyzeCurve(request.build());
    if (table.wanted()) {
      table(response).forEach(row -> output.line(table.row(row)));
    } else if (response.hasUncertainty()) {
      output.message(response);
    } else {
      output.message(response.getMetrics());
    }
    return ExitCode.OK;
  }

  private static List<List<String>> table(AnalyzeCurveResponse response) {
    CurveMetrics metrics = response.getMetrics();
    List<String> names =
        new ArrayList<>(
            List.of(
                "barrier_height_nats",
                "barrier_alpha",
                "convexity_gap_nats",
                "improved_convexity_gap_nats",
                "nested_grid_intervals",
                "area_nats"));
    List<String> values =
        new ArrayList<>(
            List.of(
                String.valueOf(metrics.getBarrierHeightNats()),
                String.valueOf(metrics.getBarrierAlpha()),
                String.valueOf(metrics.getConvexityGapNats()),
                metrics.hasImprovedConvexityGapNats()
                    ? String.valueOf(metrics.getImprovedConvexityGapNats())
                    : "",
                String.valueOf(metrics.getNestedGridIntervals()),
                String.valueOf(metrics.getAreaNats())));
    if (response.hasUncertainty()) {
      CurveUncertainty uncertainty = response.getUncertainty();
      add(names, values, "barrier_height", uncertainty.getBarrierHeight());
      add(names, values, "convexity_gap", uncertainty.getConvexityGap());
      if (uncertainty.hasImprovedConvexityGap()) {
        add(names, values, "improved_convexity_gap", uncertainty.getImprovedConvexityGap());
      }
      add(names, values, "area", uncertainty.getArea());
      names.add("zero_test_p");
      values.add(String.valueOf(uncertainty.getZeroTestP()));
      names.add("example_count");
      values.add(String.valueOf(response.getExampleCount()));
      names.add("resample_count");
      values.add(String.valueOf(response.getResampling().getResampleCount()));
    }
    return List.of(names, values);
  }

  private static void add(
      List<String> names, List<String> values, String metric, MetricUncertainty uncertainty) {
    names.add(metric + "_low_nats");
    values.add(String.valueOf(uncertainty.getInterval().getLow()));
    names.add(metric + "_high_nats");
    values.add(String.valueOf(uncertainty.getInterval().getHigh()));
    if (uncertainty.hasBcaInterval()) {
      names.add(metric + "_bca_low_nats");
      values.add(String.valueOf(uncertainty.getBcaInterval().getLow()));
      names.add(metric + "_bca_high_nats");
      values.add(String.valueOf(uncertainty.getBcaInterval().getHigh()));
    }
  }
}
