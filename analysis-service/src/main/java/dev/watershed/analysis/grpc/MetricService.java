package dev.watershed.analysis.grpc;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.Assignments;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.cluster.Clustering;
import dev.watershed.analysis.cluster.DistanceMatrix;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.GroupComparison;
import dev.watershed.analysis.statistics.Holm;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.MantelTest;
import dev.watershed.analysis.statistics.RecipeComparison;
import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.AnalyzeCurveResponse;
import dev.watershed.analysis.v1.ClusterModelsRequest;
import dev.watershed.analysis.v1.ClusterModelsResponse;
import dev.watershed.analysis.v1.CompareClustersRequest;
import dev.watershed.analysis.v1.CompareClustersResponse;
import dev.watershed.analysis.v1.CompareGroupsRequest;
import dev.watershed.analysis.v1.CompareGroupsResponse;
import dev.watershed.analysis.v1.LossRow;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.ModelScores;
import dev.watershed.analysis.v1.Row;
import dev.watershed.server.Computations;
import dev.watershed.server.RefusedException;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Answers with the metrics of numbers that callers bring. */
@Singleton
public final class MetricService extends MetricServiceGrpc.MetricServiceImplBase {
  private static final int DEFAULT_CLUSTER_COUNT = 2;

  private final Computations computations;

  public MetricService(Computations computations) {
    this.computations = computations;
  }

  @Override
  public void analyzeCurve(
      AnalyzeCurveRequest request, StreamObserver<AnalyzeCurveResponse> observer) {
    observer.onNext(computations.run(throwIfUnwanted -> analyzed(request, throwIfUnwanted)));
    observer.onCompleted();
  }

  @Override
  public void clusterModels(
      ClusterModelsRequest request, StreamObserver<ClusterModelsResponse> observer) {
    if (request.getScoresCount() > 0) {
      checkScores("scores", request.getScoresList(), request.getDistancesCount());
    }
    observer.onNext(computations.run(throwIfUnwanted -> clustered(request, throwIfUnwanted)));
    observer.onCompleted();
  }

  @Override
  public void compareClusters(
      CompareClustersRequest request, StreamObserver<CompareClustersResponse> observer) {
    for (int s = 0; s < request.getScoresCount(); s++) {
      checkScores(
          "scores[" + s + "].values",
          request.getScores(s).getValuesList(),
          request.getAssignmentsCount());
    }
    observer.onNext(computations.run(throwIfUnwanted -> compared(request, throwIfUnwanted)));
    observer.onCompleted();
  }

  @Override
  public void compareGroups(
      CompareGroupsRequest request, StreamObserver<CompareGroupsResponse> observer) {
    observer.onNext(computations.run(throwIfUnwanted -> compared(request)));
    observer.onCompleted();
  }

  private static CompareGroupsResponse compared(CompareGroupsRequest request) {
    var first = checked("first", request.getFirstList());
    var second = checked("second", request.getSecondList());
    if (request.getPaired() && first.length != second.length) {
      throw RefusedException.invalidArgument(
          "COUNTS_UNEQUAL",
          "second",
          second.length
              + " models for the first group's "
              + first.length
              + "; paired groups have as many models in the same order.");
    }
    var found =
        request.getPaired()
            ? RecipeComparison.paired(first, second)
            : RecipeComparison.independent(first, second);
    return CompareGroupsResponse.newBuilder()
        .setComparison(MetricMessages.recipeComparison(found, "distance", ""))
        .build();
  }

  private static double[][] checked(String group, List<Row> rows) {
    if (rows.size() < RecipeComparison.LEAST_MODELS) {
      throw RefusedException.invalidArgument(
          "TOO_FEW_MODELS",
          group,
          rows.size()
              + " models; what is said of a group takes "
              + RecipeComparison.LEAST_MODELS
              + ".");
    }
    try {
      return DistanceMatrix.of(matrix(rows)).values();
    } catch (UnusableNumbersException e) {
      // An entry of the matrix is a value of a row on the wire.
      throw refused(e, e.parameter().replace("distances", group).replace("][", "].values["));
    }
  }

  private static CompareClustersResponse compared(
      CompareClustersRequest request, Runnable throwIfUnwanted) {
    var assignments = Assignments.bySize(Ints.toArray(request.getAssignmentsList()));
    int clusters = Assignments.count(assignments);
    if (clusters != 2) {
      throw RefusedException.invalidArgument(
          "NOT_TWO_CLUSTERS",
          "assignments",
          "There are models of "
              + clusters
              + " clusters; compare two, and leave the others out with an assignment below 0.");
    }
    int permutations =
        request.hasPermutationCount()
            ? request.getPermutationCount()
            : MantelTest.DEFAULT_PERMUTATIONS;
    var found = new ArrayList<GroupComparison>();
    var permuted = new ArrayList<Double>();
    for (var scores : request.getScoresList()) {
      throwIfUnwanted.run();
      var first = of(scores, assignments, 0);
      var second = of(scores, assignments, 1);
      found.add(GroupComparison.of(first, second));
      permuted.add(
          permutations == 0
              ? Double.NaN
              : GroupComparison.permutationP(first, second, permutations, request.getSeed()));
    }
    var holm = Holm.adjusted(found.stream().mapToDouble(one -> one.difference().p()).toArray());
    var response = CompareClustersResponse.newBuilder();
    for (int s = 0; s < found.size(); s++) {
      response.addComparisons(
          MetricMessages.comparison(
              request.getScores(s).getName(), found.get(s), holm[s], permuted.get(s)));
    }
    return response.build();
  }

  private static double[] of(ModelScores scores, int[] assignments, int cluster) {
    return IntStream.range(0, assignments.length)
        .filter(model -> assignments[model] == cluster)
        .mapToDouble(scores::getValues)
        .toArray();
  }

  private static ClusterModelsResponse clustered(
      ClusterModelsRequest request, Runnable throwIfUnwanted) {
    var clustering = cluster(request, throwIfUnwanted);
    var response =
        ClusterModelsResponse.newBuilder().setClustering(MetricMessages.clustering(clustering));
    var feature = clustering.centroidDistanceDifferences();
    if (request.getScoresCount() > 0 && feature.length > 0) {
      var fit = LinearFit.of(feature, Doubles.toArray(request.getScoresList()));
      response.setFit(MetricMessages.linearFit(fit));
    }
    return response
        .setVerdict(
            MetricMessages.verdict(
                BasinVerdict.of(matrix(request.getDistancesList()), throwIfUnwanted)))
        .build();
  }

  private static AnalyzeCurveResponse analyzed(
      AnalyzeCurveRequest request, Runnable throwIfUnwanted) {
    var alphas = Doubles.toArray(request.getCurve().getAlphasList());
    var response = AnalyzeCurveResponse.newBuilder();
    try {
      if (request.getExampleLossesCount() == 0) {
        var losses = Doubles.toArray(request.getCurve().getLossesNatsList());
        return response
            .setMetrics(MetricMessages.curveMetrics(LossCurve.of(alphas, losses)))
            .build();
      }
      if (request.getCurve().getLossesNatsCount() > 0) {
        throw new UnusableNumbersException(
            "COUNTS_UNEQUAL",
            "losses_nats",
            request.getCurve().getLossesNatsCount()
                + " mean losses beside the losses of examples, which have means of their own; leave"
                + " one of them out.");
      }
      var examples = new ExampleCurve(alphas, losses(request.getExampleLossesList()));
      response
          .setMetrics(MetricMessages.curveMetrics(LossCurve.of(alphas, examples.means())))
          .setExampleCount(examples.exampleCount());
      var resampling = MetricMessages.resampling(request.getResampling());
      if (resampling.getResampleCount() == 0) {
        return response.build();
      }
      var draws =
          Draws.of(resampling.getSeed(), resampling.getResampleCount(), examples.exampleCount());
      var found =
          new PairedBootstrap(draws, resampling.getLevel()).of(List.of(examples), throwIfUnwanted);
      var uncertainty = MetricMessages.uncertainty(found.getFirst());
      return response
          .setResampling(resampling)
          .setUncertainty(
              request.getBcaIntervals()
                  ? MetricMessages.withBca(uncertainty, found.getFirst(), examples, throwIfUnwanted)
                  : uncertainty)
          .build();
    } catch (UnusableNumbersException e) {
      throw refused(e, analyzedField(e.parameter()));
    }
  }

  private static String analyzedField(String parameter) {
    if (parameter.equals("resamples")) {
      return "resampling.resample_count";
    }
    return parameter.startsWith("example_losses")
        ? parameter.replace("][", "].losses_nats[")
        : "curve." + parameter;
  }

  private static double[][] losses(List<LossRow> rows) {
    return rows.stream()
        .map(row -> Doubles.toArray(row.getLossesNatsList()))
        .toArray(double[][]::new);
  }

  private static Clustering cluster(ClusterModelsRequest request, Runnable throwIfUnwanted) {
    int k = request.hasClusterCount() ? request.getClusterCount() : DEFAULT_CLUSTER_COUNT;
    var distances = matrix(request.getDistancesList());
    try {
      return SpectralClustering.cluster(
          distances, k, kernelWidth(request, distances), request.getSeed(), throwIfUnwanted);
    } catch (UnusableNumbersException e) {
      // An entry of the matrix is a value of a row on the wire.
      throw refused(e, e.parameter().replace("][", "].values["));
    }
  }

  private static double kernelWidth(ClusterModelsRequest request, double[][] distances) {
    if (request.getMedianKernelWidth()) {
      if (request.hasKernelWidth()) {
        throw RefusedException.invalidArgument(
            "KERNEL_WIDTH_TWICE",
            "kernel_width",
            "A kernel width of "
                + request.getKernelWidth()
                + " and the median one are asked for; choose one.");
      }
      return SpectralClustering.medianKernelWidth(distances);
    }
    return request.hasKernelWidth()
        ? request.getKernelWidth()
        : SpectralClustering.DEFAULT_KERNEL_WIDTH;
  }

  private static void checkScores(String field, List<Double> scores, int models) {
    if (scores.size() != models) {
      throw RefusedException.invalidArgument(
          "COUNTS_UNEQUAL",
          field,
          scores.size() + " scores for " + models + " models; give one for each model.");
    }
    for (int i = 0; i < models; i++) {
      if (!Double.isFinite(scores.get(i))) {
        throw RefusedException.invalidArgument(
            "SCORE_NOT_FINITE",
            field + "[" + i + "]",
            "The score of model " + i + " is " + scores.get(i) + "; it must be finite.");
      }
    }
  }

  private static double[][] matrix(List<Row> rows) {
    return rows.stream().map(row -> Doubles.toArray(row.getValuesList())).toArray(double[][]::new);
  }

  private static RefusedException refused(UnusableNumbersException e, String field) {
    return RefusedException.invalidArgument(e.reason(), field, String.valueOf(e.getMessage()));
  }
}
