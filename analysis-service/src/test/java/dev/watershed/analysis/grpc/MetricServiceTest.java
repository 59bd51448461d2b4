package dev.watershed.analysis.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import com.google.gson.JsonObject;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.Golden;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.ClusterModelsRequest;
import dev.watershed.analysis.v1.ClusterModelsResponse;
import dev.watershed.analysis.v1.CompareGroupsRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.LossRow;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.Row;
import dev.watershed.server.Computations;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ServerConfiguration;
import dev.watershed.server.ValidationInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class MetricServiceTest {
  private Server server;
  private ManagedChannel channel;
  private MetricServiceGrpc.MetricServiceBlockingStub metrics;

  @BeforeEach
  void serve() throws Exception {
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .addService(new MetricService(new Computations(ServerConfiguration.DEFAULTS)))
            .intercept(new ValidationInterceptor())
            .intercept(new ErrorInterceptor(new Errors(List.of())))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
    metrics = MetricServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  @Test
  void compareGroups_goldenGroups_haveTheirDifference() {
    for (var golden : Golden.objects(Golden.statistics("comparison"), "groups")) {
      var request =
          CompareGroupsRequest.newBuilder()
              .addAllFirst(rows(Golden.matrix(golden, "first")))
              .addAllSecond(rows(Golden.matrix(golden, "second")));
      var expected = golden.getAsJsonObject("expected");
      var found = metrics.compareGroups(request.build()).getComparison();
      assertThat(found.getDifference())
          .isCloseTo(Golden.number(expected, "difference"), within(1e-10));
      assertThat(found.getP()).isCloseTo(Golden.number(expected, "p"), within(1e-8));
      assertThat(found.getDifferenceInterval().getLow())
          .isCloseTo(Golden.number(expected, "low"), within(1e-8));
      assertThat(found.getPaired()).isFalse();
    }
  }

  @Test
  void compareGroups_thatAreNone_areRefused() throws Exception {
    var two = rows(new double[][] {{0, 1}, {1, 0}});
    var three = rows(new double[][] {{0, 1, 2}, {1, 0, 3}, {2, 3, 0}});
    var skewed = rows(new double[][] {{0, 1, 2}, {1, 0, 3}, {2, 9, 0}});
    var four = rows(new double[][] {{0, 1, 2, 1}, {1, 0, 3, 1}, {2, 3, 0, 1}, {1, 1, 1, 0}});
    assertGroupsRefused(two, three, "TOO_FEW_MODELS", "first");
    assertGroupsRefused(three, two, "TOO_FEW_MODELS", "second");
    assertGroupsRefused(three, skewed, "DISTANCE_NOT_SYMMETRIC", "second[2].values[1]");
    assertGroupsRefused(three, four, "COUNTS_UNEQUAL", "second");
  }

  private void assertGroupsRefused(List<Row> first, List<Row> second, String reason, String field)
      throws Exception {
    var request =
        CompareGroupsRequest.newBuilder()
            .addAllFirst(first)
            .addAllSecond(second)
            .setPaired(true)
            .build();
    assertRefused(reason, field, () -> metrics.compareGroups(request));
  }

  private static List<Row> rows(double[][] matrix) {
    return Arrays.stream(matrix)
        .map(row -> Row.newBuilder().addAllValues(Doubles.asList(row)).build())
        .toList();
  }

  @Test
  void analyzeCurve_goldenCurves_equalTheDefinitions() {
    for (var golden : Golden.curves()) {
      var found = analyze(Golden.doubles(golden, "alphas"), Golden.doubles(golden, "losses"));
      assertThat(found.getBarrierHeightNats())
          .isCloseTo(golden.get("barrier_height").getAsDouble(), within(1e-9));
      assertThat(found.getConvexityGapNats())
          .isCloseTo(golden.get("convexity_gap").getAsDouble(), within(1e-9));
      assertThat(found.getAreaNats())
          .isCloseTo(golden.get("area_above_minimum_unit_step").getAsDouble(), within(1e-9));
    }
  }

  @Test
  void analyzeCurve_nestedGrid_givesTheImprovedGapAndACertificate() {
    var found = analyze(new double[] {0, .25, .5, .75, 1}, new double[] {.4, .1, .5, .1, .4});
    assertThat(found.getNestedGridIntervals()).isEqualTo(2);
    assertThat(found.getImprovedConvexityGapNats()).isCloseTo(.1, within(1e-12));
    assertThat(found.getBarrierHeightNats()).isCloseTo(.1, within(1e-12));
    assertThat(found.getBarrierAlpha()).isEqualTo(.5);
    assertThat(found.getConvexityGapNats()).isCloseTo(.4, within(1e-12));
    assertThat(found.getConvexityGapCertificate().getGamma()).isEqualTo(.25);
    assertThat(found.getConvexityGapCertificate().getAlpha()).isEqualTo(.5);
    assertThat(found.getConvexityGapCertificate().getBeta()).isEqualTo(.75);
  }

  @Test
  void analyzeCurve_gridNotNested_hasNoImprovedGap() {
    var found = analyze(new double[] {0, .3, 1}, new double[] {1, 2, 1});
    assertThat(found.hasImprovedConvexityGapNats()).isFalse();
    assertThat(found.getNestedGridIntervals()).isZero();
  }

  @Test
  void analyzeCurve_badCurve_isRefusedWithItsField() throws Exception {
    assertCurveRefused(
        "ALPHAS_NOT_ASCENDING", "curve.alphas[2]", new double[] {0, .7, .5, 1}, new double[4]);
    assertCurveRefused(
        "ALPHAS_NOT_SPANNING", "curve.alphas[0]", new double[] {.2, 1}, new double[2]);
    assertCurveRefused(
        "ALPHAS_NOT_SPANNING", "curve.alphas[1]", new double[] {0, 2}, new double[2]);
    assertCurveRefused("COUNTS_UNEQUAL", "curve.losses_nats", new double[] {0, 1}, new double[3]);
    assertCurveRefused(
        "LOSS_NOT_FINITE",
        "curve.losses_nats[1]",
        new double[] {0, 1},
        new double[] {1, Double.POSITIVE_INFINITY});
    assertCurveRefused("REQUEST_INVALID", "curve.alphas", new double[] {0}, new double[2]);
    assertRefused(
        "REQUEST_INVALID",
        "curve",
        () -> metrics.analyzeCurve(AnalyzeCurveRequest.getDefaultInstance()));
  }

  @Test
  void analyzeCurve_lossesOfExamples_comesWithIntervals() {
    var examples = examples(64);
    var means = examples.means();

    var found =
        metrics.analyzeCurve(
            request(examples)
                .setResampling(Resampling.newBuilder().setResampleCount(300).setSeed(7))
                .build());

    assertThat(found.getMetrics()).isEqualTo(analyze(examples.alphas(), means));
    var direct =
        new PairedBootstrap(Draws.of(7, 300, 64), .95).of(List.of(examples), () -> {}).getFirst();
    assertThat(found.getUncertainty()).isEqualTo(MetricMessages.uncertainty(direct));
    assertThat(found.getUncertainty().getBandLowNatsList()).hasSize(5);
    assertThat(found.getExampleCount()).isEqualTo(64);
    assertThat(found.getResampling())
        .isEqualTo(Resampling.newBuilder().setResampleCount(300).setSeed(7).setLevel(.95).build());

    var plain =
        metrics.analyzeCurve(
            request(examples).setResampling(Resampling.newBuilder().setResampleCount(0)).build());
    assertThat(plain.getMetrics()).isEqualTo(found.getMetrics());
    assertThat(plain.hasUncertainty()).isFalse();
  }

  @Test
  void analyzeCurve_bcaAskedFor_comesBesideTheIntervals() {
    var examples = examples(64);
    var resampling = Resampling.newBuilder().setResampleCount(300).setSeed(7);

    var found =
        metrics
            .analyzeCurve(request(examples).setResampling(resampling).setBcaIntervals(true).build())
            .getUncertainty();

    var direct =
        new PairedBootstrap(Draws.of(7, 300, 64), .95).of(List.of(examples), () -> {}).getFirst();
    var area =
        direct
            .area()
            .bca(.95, PairedBootstrap.leavingOneOut(examples, LossCurve::areaNats, () -> {}));
    assertThat(found.getArea().getBcaInterval()).isEqualTo(MetricMessages.interval(area));
    assertThat(area.low()).isFinite().isNotEqualTo(direct.area().percentile(.95).low());
    assertThat(found.getBarrierHeight().hasBcaInterval()).isTrue();
    assertThat(found.getConvexityGap().hasBcaInterval()).isTrue();
    assertThat(found.getBarrierHeight().getInterval())
        .isEqualTo(MetricMessages.uncertainty(direct).getBarrierHeight().getInterval());
  }

  @Test
  void analyzeCurve_badLossesOfExamples_areRefusedWithTheirField() throws Exception {
    var good = request(examples(8));
    assertRefused(
        "COUNTS_UNEQUAL",
        "example_losses",
        () -> metrics.analyzeCurve(good.clone().removeExampleLosses(4).build()));
    var fewer = good.clone();
    fewer.setExampleLosses(3, LossRow.newBuilder().addLossesNats(1));
    assertRefused("COUNTS_UNEQUAL", "example_losses[3]", () -> metrics.analyzeCurve(fewer.build()));
    var diverged = good.clone();
    diverged.getExampleLossesBuilder(2).setLossesNats(5, Float.POSITIVE_INFINITY);
    assertRefused(
        "LOSS_NOT_FINITE",
        "example_losses[2].losses_nats[5]",
        () -> metrics.analyzeCurve(diverged.build()));
    var both = good.clone();
    both.getCurveBuilder().addAllLossesNats(List.of(1., 2., 3., 4., 5.));
    assertRefused("COUNTS_UNEQUAL", "curve.losses_nats", () -> metrics.analyzeCurve(both.build()));
    var many = AnalyzeCurveRequest.newBuilder();
    for (int a = 0; a <= 2000; a++) {
      many.getCurveBuilder().addAlphas(a / 2000.0);
      many.addExampleLosses(LossRow.newBuilder().addLossesNats(1));
    }
    many.setResampling(Resampling.newBuilder().setResampleCount(20000));
    assertRefused(
        "SAMPLE_TOO_LARGE_TO_RESAMPLE",
        "resampling.resample_count",
        () -> metrics.analyzeCurve(many.build()));
  }

  private static ExampleCurve examples(int n) {
    var random = new Random(4);
    var losses = new double[5][n];
    for (var row : losses) {
      Arrays.setAll(row, i -> (float) random.nextDouble());
    }
    return new ExampleCurve(new double[] {0, .25, .5, .75, 1}, losses);
  }

  private static AnalyzeCurveRequest.Builder request(ExampleCurve examples) {
    var request = AnalyzeCurveRequest.newBuilder();
    request.getCurveBuilder().addAllAlphas(Doubles.asList(examples.alphas()));
    for (var losses : examples.losses()) {
      var row = request.addExampleLossesBuilder();
      for (double loss : losses) {
        row.addLossesNats((float) loss);
      }
    }
    return request;
  }

  @Test
  void clusterModels_anyDistances_comeWithTheVerdict() {
    for (var golden : Golden.objects(Golden.statistics("clustering"), "cases")) {
      var request = ClusterModelsRequest.newBuilder();
      for (var row : Golden.matrix(golden, "distances")) {
        request.addDistances(Row.newBuilder().addAllValues(Doubles.asList(row)));
      }
      var verdict = metrics.clusterModels(request.build()).getVerdict();
      assertThat(verdict.getState().name())
          .isEqualTo(
              "BASIN_STATE_"
                  + golden
                      .getAsJsonObject("verdict")
                      .get("state")
                      .getAsString()
                      .toUpperCase(Locale.ROOT)
                      .replace(' ', '_'));
      assertThat(verdict.getLinkageCount()).isEqualTo(request.getDistancesCount() - 1);
      assertThat(verdict.getSentence()).contains("separation ").endsWith(".");
    }
  }

  @Test
  void clusterModels_goldenCases_equalScikitLearn() {
    for (var golden : Golden.clusterings()) {
      var response = cluster(golden);
      var clustering = response.getClustering();
      var expected = Golden.ints(golden, "assignment");
      int n = expected.length;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
          assertThat(clustering.getAssignments(i) == clustering.getAssignments(j))
              .isEqualTo(expected[i] == expected[j]);
        }
      }
      assertThat(Doubles.toArray(clustering.getEigenvaluesList()))
          .containsExactly(
              Golden.doubles(golden, "normalized_laplacian_eigenvalues"), within(1e-8));
      assertThat(clustering.getEmbeddingCount()).isEqualTo(n);
      assertThat(clustering.getCentroidDistances(0).getValuesCount())
          .isEqualTo(golden.get("cluster_count").getAsInt());

      assertThat(response.hasFit()).isEqualTo(!golden.get("linear_fit").isJsonNull());
      if (response.hasFit()) {
        assertThat(Math.abs(response.getFit().getPearsonR()))
            .isCloseTo(
                Math.abs(golden.getAsJsonObject("linear_fit").get("pearson_r").getAsDouble()),
                within(1e-6));
        assertThat(response.getFit().getPointCount()).isEqualTo(n);
      }
    }
  }

  @Test
  void clusterModels_nothingButDistances_takesTwoClustersAndNoFit() {
    var response =
        metrics.clusterModels(request(new double[][] {{0, 1, 9}, {1, 0, 9}, {9, 9, 0}}).build());
    assertThat(response.getClustering().getAssignmentsList()).isEqualTo(Ints.asList(0, 0, 1));
    assertThat(response.hasFit()).isFalse();
  }

  @Test
  void clusterModels_badMatrix_isRefusedWithItsField() throws Exception {
    assertClustersRefused(
        "NOT_SQUARE", "distances[1]", request(new double[][] {{0, 1}, {1, 0, 2}}));
    assertClustersRefused(
        "DISTANCE_NOT_SYMMETRIC",
        "distances[1].values[0]",
        request(new double[][] {{0, 1}, {2, 0}}));
    assertClustersRefused(
        "DISTANCE_DIAGONAL_NOT_ZERO",
        "distances[0].values[0]",
        request(new double[][] {{1, 1}, {1, 0}}));
    assertClustersRefused(
        "DISTANCE_NEGATIVE", "distances[1].values[0]", request(new double[][] {{0, -1}, {-1, 0}}));
    assertClustersRefused(
        "DISTANCE_NOT_FINITE",
        "distances[1].values[0]",
        request(new double[][] {{0, Double.NaN}, {Double.NaN, 0}}));
    assertClustersRefused("REQUEST_INVALID", "distances", request(new double[][] {{0}}));
  }

  @Test
  void clusterModels_badOptions_areRefusedWithTheirField() throws Exception {
    double[][] right = {{0, 1}, {1, 0}};
    assertClustersRefused(
        "CLUSTER_COUNT_OUT_OF_RANGE", "cluster_count", request(right).setClusterCount(3));
    assertClustersRefused("REQUEST_INVALID", "cluster_count", request(right).setClusterCount(-1));
    assertClustersRefused("REQUEST_INVALID", "kernel_width", request(right).setKernelWidth(-1));
    assertClustersRefused(
        "KERNEL_WIDTH_TWICE",
        "kernel_width",
        request(right).setKernelWidth(1).setMedianKernelWidth(true));
    assertClustersRefused("COUNTS_UNEQUAL", "scores", request(right).addScores(1));
    assertClustersRefused(
        "SCORE_NOT_FINITE", "scores[1]", request(right).addScores(1).addScores(Double.NaN));
  }

  /**
   * There is one thread that computes. Were it not freed at the deadline, the last call would wait
   * for nine tenths of a whole clustering, and it has half of that.
   */
  @Test
  void clusterModels_largestWithAShortDeadline_endsAndLeavesTheServerToOthers() throws Exception {
    var largest = request(apart(1000)).build();
    long began = System.nanoTime();
    metrics.withDeadlineAfter(5, TimeUnit.MINUTES).clusterModels(largest);
    long whole = System.nanoTime() - began;

    var ended =
        MetricServiceGrpc.newFutureStub(channel)
            .withDeadlineAfter(whole / 10, TimeUnit.NANOSECONDS)
            .clusterModels(largest);
    assertRefused(
        "REQUEST_INVALID",
        "curve",
        () -> metrics.analyzeCurve(AnalyzeCurveRequest.getDefaultInstance()));
    assertThat(catchThrowableOfType(ExecutionException.class, ended::get).getCause())
        .extracting(Status::fromThrowable)
        .extracting(Status::getCode)
        .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    metrics = metrics.withDeadlineAfter(whole / 2, TimeUnit.NANOSECONDS);
    assertThat(analyze(new double[] {0, .5, 1}, new double[] {1, 2, 1}).getBarrierHeightNats())
        .isEqualTo(1);
  }

  /** Two clusters of random distances. */
  private static double[][] apart(int models) {
    var random = new Random(1);
    var distances = new double[models][models];
    for (int i = 0; i < models; i++) {
      for (int j = 0; j < i; j++) {
        distances[i][j] = random.nextDouble() + (i % 2 == j % 2 ? 0 : 1);
        distances[j][i] = distances[i][j];
      }
    }
    return distances;
  }

  private CurveMetrics analyze(double[] alphas, double[] losses) {
    var curve =
        Curve.newBuilder()
            .addAllAlphas(Doubles.asList(alphas))
            .addAllLossesNats(Doubles.asList(losses));
    return metrics
        .analyzeCurve(AnalyzeCurveRequest.newBuilder().setCurve(curve).build())
        .getMetrics();
  }

  private ClusterModelsResponse cluster(JsonObject golden) {
    return metrics.clusterModels(
        request(Golden.matrix(golden, "distances"))
            .setClusterCount(golden.get("cluster_count").getAsInt())
            .setKernelWidth(golden.get("kernel_width").getAsDouble())
            .addAllScores(Doubles.asList(Golden.doubles(golden, "performance")))
            .build());
  }

  private static ClusterModelsRequest.Builder request(double[][] distances) {
    var request = ClusterModelsRequest.newBuilder();
    for (var row : distances) {
      request.addDistances(Row.newBuilder().addAllValues(Doubles.asList(row)));
    }
    return request;
  }

  private void assertCurveRefused(String reason, String field, double[] alphas, double[] losses)
      throws Exception {
    assertRefused(reason, field, () -> analyze(alphas, losses));
  }

  private void assertClustersRefused(
      String reason, String field, ClusterModelsRequest.Builder request) throws Exception {
    assertRefused(reason, field, () -> metrics.clusterModels(request.build()));
  }

  private static void assertRefused(String reason, String field, ThrowingCallable call)
      throws Exception {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(thrown).as(field).isNotNull();
    var status = StatusProto.fromThrowable(thrown);
    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    ErrorInfo info = null;
    BadRequest fields = null;
    for (var any : status.getDetailsList()) {
      if (any.is(ErrorInfo.class)) {
        info = any.unpack(ErrorInfo.class);
      } else if (any.is(BadRequest.class)) {
        fields = any.unpack(BadRequest.class);
      }
    }
    assertThat(info).isNotNull();
    assertThat(info.getReason()).isEqualTo(reason);
    assertThat(fields).isNotNull();
    assertThat(fields.getFieldViolations(0).getField()).isEqualTo(field);
  }
}
