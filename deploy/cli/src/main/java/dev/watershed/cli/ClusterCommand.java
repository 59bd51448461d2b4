package dev.watershed.cli;

import dev.watershed.analysis.v1.ClusterModelsRequest;
import dev.watershed.analysis.v1.ClusterModelsResponse;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The clusters of a matrix of distances on standard input. */
@Command(
    name = "cluster",
    description = {
      "Read a symmetric matrix of distances on standard input and write its clusters as JSON.",
      "The matrix is JSON, [[0, 1], [1, 0]] or a ClusterModelsRequest, or CSV with one row a"
          + " line. Without --address it is computed here, no server is needed.",
      "As a table (--csv, --output tsv): a line a model, counted from 1, with its cluster and, for"
          + " two clusters, its centroid-distance feature."
    },
    footer = {
      "",
      "Examples:",
      "  echo '[[0,0.1,0.9],[0.1,0,0.8],[0.9,0.8,0]]' | watershed cluster",
      "  watershed cluster --clusters 3 --kernel-width median <distances.csv"
    })
final class ClusterCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Option(names = "--clusters", description = "How many. Default: 2.")
  private @Nullable Integer clusters;

  @Option(
      names = "--kernel-width",
      paramLabel = "median|W",
      converter = KernelWidth.Converter.class,
      description =
          "Width delta of the affinity exp(-d^2 / (2 delta^2)): a number in the unit of the"
              + " distances, or their median, which suits any unit. Default: 1, for nats.")
  private @Nullable KernelWidth kernelWidth;

  @Option(names = "--seed", description = "Seed of k-means. Default: 0.")
  private @Nullable Long seed;

  @Option(
      names = "--scores",
      paramLabel = "S,S,..",
      description = "A score per model, to correlate with the centroid-distance feature.")
  private @Nullable String scores;

  private final CommandContext context;

  ClusterCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    ClusterModelsRequest.Builder request = NumbersInput.distances(NumbersInput.read(context.in()));
    if (clusters != null) {
      request.setClusterCount(clusters);
    }
    if (kernelWidth != null) {
      request.setMedianKernelWidth(kernelWidth.median()).setKernelWidth(kernelWidth.value());
    }
    if (seed != null) {
      request.setSeed(seed);
    }
    if (scores != null) {
      request.clearScores().addAllScores(EvaluateCommand.numbers(scores, "--scores"));
    }
    ClusterModelsResponse found =
        MetricServiceGrpc.newBlockingStub(server.metricChannel()).clusterModels(request.build());
    if (table.wanted()) {
      table(found.getClustering()).forEach(row -> output.line(table.row(row)));
    } else {
      output.message(found);
    }
    return ExitCode.OK;
  }

  private static List<List<String>> table(Clustering clustering) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("model", "cluster", "centroid_distance_difference"));
    boolean two = clustering.getCentroidDistanceDifferencesCount() > 0;
    for (int model = 0; model < clustering.getAssignmentsCount(); model++) {
      rows.add(
          List.of(
              String.valueOf(model + 1),
              String.valueOf(clustering.getAssignments(model)),
              two ? String.valueOf(clustering.getCentroidDistanceDifferences(model)) : ""));
    }
    return rows;
  }
}
