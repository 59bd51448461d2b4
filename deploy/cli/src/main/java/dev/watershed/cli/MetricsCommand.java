package dev.watershed.cli;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The metrics of a curve on standard input. */
@Command(
    name = "metrics",
    description = {
      "Read a curve of losses on standard input and write its connectivity metrics as JSON.",
      "The curve is JSON, {\"alphas\": [...], \"losses_nats\": [...]}, or CSV with the columns"
          + " alpha and loss. Without --address it is computed here, no server is needed.",
      "As a table (--csv, --output tsv): a line of names, a line of values."
    },
    footer = {
      "",
      "Examples:",
      "  echo '{\"alphas\":[0,0.5,1],\"losses_nats\":[0.4,0.7,0.5]}' | watershed metrics",
      "  watershed evaluate A B --sample builtin:miniature/validation --csv | watershed metrics"
    })
final class MetricsCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  private final CommandContext context;

  MetricsCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    Curve curve = NumbersInput.curve(NumbersInput.read(context.in()));
    CurveMetrics metrics =
        MetricServiceGrpc.newBlockingStub(server.metricChannel())
            .analyzeCurve(AnalyzeCurveRequest.newBuilder().setCurve(curve).build())
            .getMetrics();
    if (table.wanted()) {
      table(metrics).forEach(row -> output.line(table.row(row)));
    } else {
      output.message(metrics);
    }
    return ExitCode.OK;
  }

  private static List<List<String>> table(CurveMetrics metrics) {
    return List.of(
        List.of(
            "barrier_height_nats",
            "barrier_alpha",
            "convexity_gap_nats",
            "improved_convexity_gap_nats",
            "nested_grid_intervals",
            "area_nats"),
        List.of(
            String.valueOf(metrics.getBarrierHeightNats()),
            String.valueOf(metrics.getBarrierAlpha()),
            String.valueOf(metrics.getConvexityGapNats()),
            metrics.hasImprovedConvexityGapNats()
                ? String.valueOf(metrics.getImprovedConvexityGapNats())
                : "",
            String.valueOf(metrics.getNestedGridIntervals()),
            String.valueOf(metrics.getAreaNats())));
  }
}
