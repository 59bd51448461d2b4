package dev.watershed.cli;

import dev.watershed.analysis.v1.CompareGroupsRequest;
import dev.watershed.analysis.v1.CompareGroupsResponse;
import dev.watershed.analysis.v1.MetricComparison;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.Row;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Two matrices of distances, measured anywhere, as those of two recipes. */
@Command(
    name = "compare-groups",
    description = {
      "Compare two groups of models by their distances: do the fine-tunes of one recipe lie closer"
          + " together than those of another? Means over pairs, with models as the units, Welch's"
          + " t, and how many models would be needed.",
      "Each group is a file with a symmetric matrix as 'watershed cluster' reads it: JSON, or CSV"
          + " with one row a line. Without --address it is computed here, no server is needed."
          + " Studies are compared by 'watershed study compare'."
    },
    footer = {
      "",
      "Examples:",
      "  watershed compare-groups plain.csv swa.csv",
      "  watershed compare-groups --paired step-100k.json step-2m.json --json"
    })
final class CompareGroupsCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Parameters(
      index = "0",
      paramLabel = "FIRST",
      description = "The first matrix; - for standard input.")
  private Path first = Path.of("-");

  @Parameters(index = "1", paramLabel = "SECOND", description = "The second.")
  private Path second = Path.of("-");

  @Option(
      names = "--paired",
      description =
          "The models correspond, in the same order, as those of the same seeds do: every pair is"
              + " compared with its own.")
  private boolean paired;

  private final CommandContext context;

  CompareGroupsCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    CompareGroupsResponse found =
        MetricServiceGrpc.newBlockingStub(server.metricChannel())
            .compareGroups(
                CompareGroupsRequest.newBuilder()
                    .addAllFirst(matrix(first))
                    .addAllSecond(matrix(second))
                    .setPaired(paired)
                    .build());
    List<MetricComparison> only =
        List.of(
            MetricComparison.newBuilder()
                .setMetric("distance")
                .setComparison(found.getComparison())
                .build());
    if (table.wanted()) {
      GroupsText.rows(only).forEach(row -> output.line(table.row(row)));
    } else if (output.json()) {
      output.message(found);
    } else {
      GroupsText.lines(only).forEach(output::line);
      output.line(found.getComparison().getSentence());
    }
    return ExitCode.OK;
  }

  private List<Row> matrix(Path file) {
    if (file.equals(Path.of("-"))) {
      return NumbersInput.distances(NumbersInput.read(context.in())).getDistancesList();
    }
    try (InputStream in = Files.newInputStream(context.workingDirectory().resolve(file))) {
      String where = file.toString();
      return NumbersInput.distances(NumbersInput.read(in, where), where).getDistancesList();
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + file + ": " + Failures.sentence(e));
    }
  }
}
