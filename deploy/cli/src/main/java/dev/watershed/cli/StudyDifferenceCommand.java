package dev.watershed.cli;

import static dev.watershed.cli.GroupsText.exact;
import static dev.watershed.cli.GroupsText.interval;
import static dev.watershed.cli.GroupsText.number;

import dev.watershed.analysis.v1.ComparePairsRequest;
import dev.watershed.analysis.v1.ComparePairsResponse;
import dev.watershed.analysis.v1.MetricDifference;
import dev.watershed.analysis.v1.PairOfStudy;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Two pairs of models over the same draws of examples. */
@Command(
    name = "difference",
    description = {
      "How much more barrier, gap and area one pair of models has than another, with intervals over"
          + " examples: both are resampled with the same draws of the same examples. Two pairs of one"
          + " study, or one pair in two studies, such as before and after.",
      "It speaks of these models, and says nothing of other seeds."
    },
    footer = {
      "",
      "Examples:",
      "  watershed study difference STUDY 'seed 1' 'seed 2' --against 'seed 1' 'seed 3'",
      "  watershed study difference LATER 'seed 1' 'seed 2' --in EARLIER"
    })
final class StudyDifferenceCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Parameters(index = "0", paramLabel = "STUDY", description = "A study that has succeeded.")
  private String study = "";

  @Parameters(index = "1", paramLabel = "MODEL", description = "Label of a model.")
  private String labelA = "";

  @Parameters(index = "2", paramLabel = "MODEL", description = "Label of another.")
  private String labelB = "";

  @Option(
      names = "--against",
      paramLabel = "MODEL",
      arity = "2",
      description = "Labels of the pair that is taken away. Default: the same.")
  private @Nullable List<String> against;

  @Option(
      names = "--in",
      paramLabel = "STUDY",
      description = "The study of the pair that is taken away. Default: the same.")
  private @Nullable String other;

  StudyDifferenceCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    List<String> taken = against == null ? List.of(labelA, labelB) : against;
    if (taken.size() != 2) {
      throw CommandException.badInput("--against wants two models, once");
    }
    if (against == null && other == null) {
      throw CommandException.badInput(
          "a difference wants two pairs; say --against with two other models, --in with another"
              + " study, or both");
    }
    ComparePairsResponse found =
        StudyServiceGrpc.newBlockingStub(server.channel())
            .comparePairs(
                ComparePairsRequest.newBuilder()
                    .setFirst(pair(study, labelA, labelB))
                    .setSecond(pair(other == null ? study : other, taken.get(0), taken.get(1)))
                    .build());
    if (table.wanted()) {
      rows(found).forEach(row -> output.line(table.row(row)));
    } else if (output.json()) {
      output.message(found);
    } else {
      text(found).lines().forEach(output::line);
      output.line("");
      output.line(found.getSentence());
    }
    return ExitCode.OK;
  }

  private static PairOfStudy pair(String study, String labelA, String labelB) {
    return PairOfStudy.newBuilder()
        .setStudy(NameArguments.study(study))
        .setLabelA(labelA)
        .setLabelB(labelB)
        .build();
  }

  private static Map<String, MetricDifference> metrics(ComparePairsResponse found) {
    Map<String, MetricDifference> metrics = new LinkedHashMap<>();
    metrics.put("convexity_gap", found.getConvexityGap());
    metrics.put("barrier_height", found.getBarrierHeight());
    if (found.hasImprovedConvexityGap()) {
      metrics.put("improved_convexity_gap", found.getImprovedConvexityGap());
    }
    metrics.put("area", found.getArea());
    return metrics;
  }

  private static TextTable text(ComparePairsResponse found) {
    TextTable text = new TextTable("metric", "first", "second", "first - second", "");
    metrics(found)
        .forEach(
            (metric, one) ->
                text.row(
                    metric.replace('_', ' '),
                    number("%.4f", one.getFirst()),
                    number("%.4f", one.getSecond()),
                    number("%+.4f", one.getDifference()) + interval("%+.4f", one.getInterval()),
                    Double.isNaN(one.getInterval().getLow()) || one.getDistinguishable()
                        ? ""
                        : "not distinguishable from 0"));
    return text;
  }

  private static List<List<String>> rows(ComparePairsResponse found) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "metric",
            "first_nats",
            "second_nats",
            "difference_nats",
            "low_nats",
            "high_nats",
            "standard_error_nats",
            "bias_nats",
            "example_count",
            "resample_count"));
    metrics(found)
        .forEach(
            (metric, one) ->
                rows.add(
                    List.of(
                        metric,
                        exact(one.getFirst()),
                        exact(one.getSecond()),
                        exact(one.getDifference()),
                        exact(one.getInterval().getLow()),
                        exact(one.getInterval().getHigh()),
                        exact(one.getStandardError()),
                        exact(one.getBias()),
                        String.valueOf(found.getExampleCount()),
                        String.valueOf(found.getResampling().getResampleCount()))));
    return rows;
  }
}
