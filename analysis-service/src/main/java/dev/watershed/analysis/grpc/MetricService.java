package dev.watershed.analysis.grpc;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.cluster.Clustering;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.AnalyzeCurveResponse;
import dev.watershed.analysis.v1.ClusterModelsRequest;
import dev.watershed.analysis.v1.ClusterModelsResponse;
import dev.watershed.analysis.v1.LossRow;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.Row;
import dev.watershed.server.Computations;
import dev.watershed.server.RefusedException;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;
import java.util.List;

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
    checkScores(request);
    observer.onNext(computations.run(throwIfUnwanted -> clustered(request, throwIfUnwanted)));
    observer.onCompleted();
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
      return response
          .setResampling(resampling)
          .setUncertainty(MetricMessages.uncertainty(found.getFirst()))
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

  private static void checkScores(ClusterModelsRequest request) {
    int count = request.getScoresCount();
    if (count != 0 && count != request.getDistancesCount()) {
      throw RefusedException.invalidArgument(
          "COUNTS_UNEQUAL",
          "scores",
          count
              + " scores for "
              + request.getDistancesCount()
              + " models; give one for each model, or none.");
    }
    for (int i = 0; i < count; i++) {
      if (!Double.isFinite(request.getScores(i))) {
        throw RefusedException.invalidArgument(
            "SCORE_NOT_FINITE",
            "scores[" + i + "]",
            "The score of model " + i + " is " + request.getScores(i) + "; it must be finite.");
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
