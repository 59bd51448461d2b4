package dev.watershed.analysis.study;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.ExportDynamicsRequest;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.UncertaintyUnit;
import dev.watershed.type.v1.Warning;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Comparisons of studies over steps against sums over their reports by label. */
final class DynamicsTest {
  private static final double ROUNDING = 1e-12;

  private static FakeEvaluator evaluator;
  private static StudyProcess process;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    evaluator = new FakeEvaluator();
    process = new StudyProcess(directory, evaluator, Map.of());
  }

  @AfterAll
  static void stop() throws InterruptedException {
    process.close();
    evaluator.close();
  }

  @Test
  void analyze_modelsInAnotherOrder_agreesWithTheReportsByLabel() {
    // At first all lie on one side of the ridge; then two cross it; at last the order is another.
    var studies =
        List.of(
            study(spec("left-0=a", "left-1=b", "left-20=c", "left-30=d")),
            study(spec("left-0=a", "left-40=b", "right-2=c", "right-0=d")),
            study(spec("right-1=d", "left-2=b", "left-3=a", "right-4=c")));
    var dynamics = analyze(0, studies.get(0), 100, studies.get(1), 600, studies.get(2));

    assertThat(dynamics.getLabelsList()).containsExactly("a", "b", "c", "d");
    assertThat(dynamics.getPairsList())
        .extracting(pair -> pair.getLabelA() + pair.getLabelB())
        .containsExactly("ab", "ac", "ad", "bc", "bd", "cd");
    for (int step = 0; step < 3; step++) {
      var report = process.report(studies.get(step));
      var byLabels = byLabels(report);
      for (var pair : dynamics.getPairsList()) {
        assertThat(pair.getMetrics(step))
            .isEqualTo(byLabels.apply(pair.getLabelA() + pair.getLabelB()));
      }
      var summary = dynamics.getSteps(step);
      assertThat(summary.getStudy()).isEqualTo(studies.get(step));
      assertThat(summary.getMeanConvexityGapNats())
          .isCloseTo(mean(report, CurveMetrics::getConvexityGapNats), within(ROUNDING));
      assertThat(summary.getMeanBarrierHeightNats())
          .isCloseTo(mean(report, CurveMetrics::getBarrierHeightNats), within(ROUNDING));
      assertThat(summary.getMeanLossNats())
          .isCloseTo(
              report.getModelsList().stream()
                  .mapToDouble(model -> model.getInDomain().getMeanLossNats())
                  .average()
                  .orElseThrow(),
              within(ROUNDING));
      assertThat(summary.getMeanAccuracy()).isCloseTo(.9, within(ROUNDING));
      assertThat(summary.hasMeanImprovedConvexityGapNats()).isFalse();
      assertThat(summary.getInfinitePairCount()).isZero();
    }
    // Clusters of the last step: b and a, d and c.
    var middle = byLabels(process.report(studies.get(1)));
    assertThat(dynamics.getSteps(1).getMedianConvexityGapWithinNats())
        .isCloseTo((gap(middle, "ab") + gap(middle, "cd")) / 2, within(ROUNDING));
    assertThat(dynamics.getSteps(1).getMedianConvexityGapAcrossNats())
        .isCloseTo(
            median(gap(middle, "ac"), gap(middle, "ad"), gap(middle, "bc"), gap(middle, "bd")),
            within(ROUNDING));
  }

  @Test
  void analyze_changes_areLaterMinusEarlierOfTheSamePairs() {
    var first = study(spec("left-0=a", "left-1=b", "left-20=c"));
    var second = study(spec("right-0=c", "left-5=a", "left-1=b"));
    var third = study(spec("left-0=a", "right-1=b", "right-0=c"));
    var dynamics = analyze(10, first, 20, second, 40, third);

    assertThat(dynamics.getChangesList())
        .extracting(change -> change.getFromStep() + "-" + change.getToStep())
        .containsExactly("10-20", "10-40", "20-40");
    var change = dynamics.getChanges(1);
    assertChange(change.getConvexityGap(), first, third, CurveMetrics::getConvexityGapNats);
    assertChange(change.getBarrierHeight(), first, third, CurveMetrics::getBarrierHeightNats);
    assertThat(change.hasImprovedConvexityGap()).isFalse();
    assertThat(change.getConvexityGap().getMeanNats()).isGreaterThan(.1);
    assertThat(dynamics.getFinding()).startsWith("From step 10 to step 40 the convexity gap of 3");
  }

  @Test
  void analyze_finalSplit_hasChangesWithinAndAcrossWithIntervalsOverModels() {
    var first = study(spec("left-0=a", "left-1=b", "left-2=c", "left-3=d", "left-4=e"));
    var last = study(spec("left-0=a", "left-1=b", "right-2=c", "right-3=d", "right-4=e"));
    var change = analyze(0, first, 1, last).getChanges(0);

    assertThat(change.getConvexityGapWithin().getPairCount()).isEqualTo(4);
    assertThat(change.getConvexityGapAcross().getPairCount()).isEqualTo(6);
    double inside = change.getConvexityGapWithin().getMeanNats();
    double across = change.getConvexityGapAcross().getMeanNats();
    assertThat(change.getConvexityGap().getMeanNats())
        .isCloseTo((4 * inside + 6 * across) / 10, within(ROUNDING));
    assertThat(change.getConvexityGapAcross().getUnit())
        .isEqualTo(UncertaintyUnit.UNCERTAINTY_UNIT_MODELS);
    var earlier = byLabels(process.report(first));
    var later = byLabels(process.report(last));
    var differences =
        Stream.of("ab", "ac", "ad", "ae", "bc", "bd", "be", "cd", "ce", "de")
            .mapToDouble(labels -> gap(later, labels) - gap(earlier, labels))
            .toArray();
    var expected = PairMeans.of(5, differences).test();
    assertThat(change.getConvexityGap().getInterval().getLow())
        .isCloseTo(expected.interval().low(), within(1e-9));
    assertThat(change.getConvexityGap().getP()).isCloseTo(expected.p(), within(1e-9));
    // Without a split at the end there is nothing to be within or across.
    assertThat(analyze(0, last, 1, first).getChanges(0).hasConvexityGapWithin()).isFalse();
  }

  @Test
  void analyze_finalSplit_isForecastFromEarlierStepsAlone() {
    var first = study(spec("left-0=a", "left-1=b", "left-2=c", "left-3=d", "left-4=e"));
    var middle = study(spec("left-0=a", "left-1=b", "left-70=c", "left-71=d", "left-72=e"));
    var last = study(spec("left-0=a", "left-1=b", "right-2=c", "right-3=d", "right-4=e"));
    var dynamics = analyze(0, first, 5, middle, 9, last);

    var told = dynamics.getSteps(1).getForecast();
    assertThat(told.getModelCount()).isEqualTo(5);
    assertThat(told.getRightCount()).isEqualTo(5);
    assertThat(told.getMajorityAccuracy()).isEqualTo(.6);
    assertThat(told.getPBetterThanMajority()).isCloseTo(Math.pow(.6, 5), within(1e-9));
    assertThat(told.getAccuracyInterval().getHigh()).isEqualTo(1);
    assertThat(dynamics.getSteps(0).hasForecast()).isTrue();
    assertThat(dynamics.getSteps(2).hasForecast()).isFalse();
    assertThat(dynamics.getFinding())
        .contains("no earlier step tells them better than saying the larger basin always");
    assertThat(analyze(0, last, 9, first).getSteps(0).hasForecast()).isFalse();
  }

  @Test
  void analyze_nestedAlphas_hasTheImprovedGap() {
    var first = study(nested("left-0=a", "left-1=b", "left-20=c"));
    var second = study(nested("right-0=c", "left-5=a", "left-1=b"));
    var dynamics = analyze(0, first, 1, second);

    assertThat(dynamics.getSteps(1).getMeanImprovedConvexityGapNats())
        .isCloseTo(
            mean(process.report(second), CurveMetrics::getImprovedConvexityGapNats),
            within(ROUNDING));
    assertChange(
        dynamics.getChanges(0).getImprovedConvexityGap(),
        first,
        second,
        CurveMetrics::getImprovedConvexityGapNats);
  }

  @Test
  void analyze_clustersMove_areNumberedAfterTheLastStepAndScored() {
    // Models a and b end together though a begins with c, d and e; sizes swap on the way.
    var first = study(spec("left-0=a", "right-1=b", "left-2=c", "left-3=d", "left-4=e"));
    var last = study(spec("left-0=a", "left-1=b", "right-2=c", "right-3=d", "right-4=e"));
    var dynamics = analyze(0, first, 1, last);

    assertThat(dynamics.getSteps(1).getAssignmentsList()).containsExactly(1, 1, 0, 0, 0);
    // One model apart is an outlier, not a cluster.
    assertThat(dynamics.getSteps(0).getAssignmentsList()).containsExactly(0, -1, 0, 0, 0);
    assertThat(dynamics.getSteps(1).getAdjustedRandIndex()).isEqualTo(1);
    // Together in both: cd, ce, de; in the first ac to de are 6, in the last 4, of 10 pairs.
    assertThat(dynamics.getSteps(0).getAdjustedRandIndex())
        .isCloseTo((3 - 6 * 4 / 10.0) / (5 - 6 * 4 / 10.0), within(ROUNDING));
    assertThat(dynamics.getFinding())
        .contains("; the basins of the last step do not show at the step before; ");
  }

  @Test
  void analyze_pairsThatDiverge_areLeftOutOfMeansAndSaid() {
    var first = study(spec("left-0=a", "left-1=b", "left-20=c", "right-0=d"));
    var last = study(spec("left-0=a", "void-0=b", "right-3=c", "right-0=d"));
    var dynamics = analyze(0, first, 1, last);

    var summary = dynamics.getSteps(1);
    assertThat(summary.getInfinitePairCount()).isEqualTo(3);
    var report = byLabels(process.report(last));
    assertThat(summary.getMeanConvexityGapNats())
        .isCloseTo((gap(report, "ac") + gap(report, "ad") + gap(report, "cd")) / 3, within(1e-12));
    assertThat(dynamics.getPairs(0).getMetrics(1).getConvexityGapNats())
        .isEqualTo(Double.POSITIVE_INFINITY);
    var change = dynamics.getChanges(0).getConvexityGap();
    assertThat(change.getPairCount()).isEqualTo(3);
    assertThat(change.getMeanNats()).isFinite();
    assertThat(change.getMaximumNats()).isFinite();
    assertThat(dynamics.getWarningsList())
        .extracting(Warning::getMessage)
        .contains(
            "Step 1: the loss is not finite somewhere between the models of 3 of 6 pairs; means and"
                + " changes leave them out.");
  }

  @Test
  void analyze_onePairThatDiverges_isUndefinedAndStillExported() {
    var first = study(spec("left-0=a", "left-1=b"));
    var last = study(spec("left-0=a", "void-0=b"));
    var dynamics = analyze(0, first, 1, last);

    assertThat(dynamics.getSteps(1).getMeanConvexityGapNats()).isNaN();
    // Two models are no two clusters.
    assertThat(dynamics.getSteps(1).getMedianConvexityGapWithinNats())
        .isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(dynamics.getSteps(1).getMedianConvexityGapAcrossNats()).isNaN();
    assertThat(dynamics.getChanges(0).getConvexityGap().getPairCount()).isZero();
    assertThat(dynamics.getChanges(0).getConvexityGap().getMeanNats()).isNaN();
    assertThat(dynamics.getFinding()).contains("no pair has finite metrics at both ends");
    assertThat(export(dynamicsRequest(0, first, 1, last), "t")).hasSize(4);
  }

  @Test
  void analyze_studiesThatDifferInKernelOrWarn_saysAtWhichSteps() {
    var first = study(spec("left-0=a", "copy-0=b", "right-0=c"));
    var second =
        study(spec("left-3=a", "copy-3=b", "right-0=c").toBuilder().setKernelWidth(2).build());
    var third = study(spec("left-3=a", "left-4=b", "right-0=c"));
    var dynamics = analyze(0, first, 1, second, 2, third);

    // Each study warns of fits over three models too; a comparison has no fits.
    assertThat(process.report(third).getWarningsList()).hasSize(1);
    assertThat(dynamics.getWarningsList())
        .extracting(Warning::getMessage)
        .satisfiesExactly(
            kernel -> assertThat(kernel).contains("kernel width (1.0, 2.0)"),
            same -> assertThat(same).startsWith("Steps 0, 1: a, b are one model"));
  }

  @Test
  void analyze_otherLabels_isRefusedWithTheMissingOnes() throws Exception {
    var first = study(spec("left-0=a", "left-1=b", "right-0=c"));
    var second = study(spec("left-0=a", "left-1=b", "right-0=x"));
    var status = refusal(0, first, 1, second);

    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reason(status)).isEqualTo("MODELS_DIFFER");
    assertThat(field(status)).isEqualTo("studies[1].study");
    assertThat(status.getMessage())
        .contains(second + " has no model \"c\" and " + first + " has no model \"x\"");
  }

  @Test
  void analyze_otherAlphas_isRefused() throws Exception {
    var first = study(spec("left-0=a", "left-1=b"));
    var second = study(spec("left-0=a", "left-1=b").toBuilder().setIntervalCount(4).build());
    var status = refusal(0, first, 1, second);

    assertThat(reason(status)).isEqualTo("ALPHAS_DIFFER");
    assertThat(field(status)).isEqualTo("studies[1].study");
    assertThat(status.getMessage())
        .contains(
            first + " has curves of 11 equally spaced points and " + second + " of 5 equally");
  }

  @Test
  void analyze_otherInDomainSample_isRefusedWithBothDigests() throws Exception {
    var first = study(spec("left-0=a", "left-1=b"));
    evaluator.sampleVersion = "2";
    var second = study(spec("left-2=a", "left-1=b"));
    evaluator.sampleVersion = "";
    var status = refusal(0, first, 1, second);

    assertThat(reason(status)).isEqualTo("IN_DOMAIN_SAMPLE_DIFFERS");
    assertThat(field(status)).isEqualTo("studies[1].study");
    assertThat(status.getMessage())
        .contains(FakeEvaluator.digestOf("in-domain").getSha256())
        .contains(FakeEvaluator.digestOf("in-domain2").getSha256());
  }

  @Test
  void analyze_studiesOutOfOrderTwiceUnendedOrUnknown_isRefused() throws Exception {
    var first = study(spec("left-0=a", "left-1=b"));
    var second = study(spec("left-0=a", "left-2=b"));

    var order = refusal(5, first, 5, second);
    assertThat(reason(order)).isEqualTo("STEPS_NOT_ASCENDING");
    assertThat(field(order)).isEqualTo("studies[1].step");

    var twice = refusal(5, first, 6, first);
    assertThat(reason(twice)).isEqualTo("STUDY_TWICE");
    assertThat(field(twice)).isEqualTo("studies[1].study");

    var unknown = refusal(5, first, 6, "studies/none");
    assertThat(unknown.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);

    var failed = process.create(spec("left-0=a", "broken-1=b")).getName();
    assertThat(process.await(failed).getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    var unended = refusal(5, first, 6, failed);
    assertThat(unended.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(unended)).isEqualTo("STUDY_NOT_SUCCEEDED");

    var alone =
        refusal(
            AnalyzeDynamicsRequest.newBuilder()
                .addStudies(StepStudy.newBuilder().setStudy(first))
                .build());
    assertThat(field(alone)).isEqualTo("studies");
  }

  @Test
  void export_twoSteps_sendsThePageTheJsonAndTheTables() throws Exception {
    var first =
        study(
            spec("left-0=a", "left-1=b", "right-0=c").toBuilder()
                .setDisplayName("sweep step 0")
                .build());
    var second = study(spec("left-0=a", "left-2=b", "right-0=c"));
    var request = dynamicsRequest(0, first, 1, second);
    var files = export(request, "");

    assertThat(files)
        .containsOnlyKeys("dynamics.html", "dynamics.json", "dynamics.csv", "changes.csv");
    assertThat(files.get("dynamics.html")).contains("<title>sweep step 0</title>");
    assertThat(export(request, "mine").get("dynamics.html")).contains("<title>mine</title>");
    var parsed = Dynamics.newBuilder();
    JsonFormat.parser().merge(files.get("dynamics.json"), parsed);
    assertThat(parsed.build()).isEqualTo(analyze(0, first, 1, second));
  }

  private static String study(StudySpec spec) {
    var name = process.create(spec).getName();
    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    return name;
  }

  /** Models as "left-0=a". */
  private static StudySpec spec(String... models) {
    var spec = TestSpecs.spec().toBuilder();
    for (var model : models) {
      var parts = model.split("=");
      spec.addModelsBuilder().setCheckpoint("checkpoints/" + parts[0]).setLabel(parts[1]);
    }
    return spec.build();
  }

  private static StudySpec nested(String... models) {
    return spec(models).toBuilder().setProtocol(AlphaProtocol.ALPHA_PROTOCOL_NESTED).build();
  }

  /** Steps and studies in turn. */
  private static AnalyzeDynamicsRequest dynamicsRequest(Object... stepsAndStudies) {
    var request = AnalyzeDynamicsRequest.newBuilder();
    for (int i = 0; i < stepsAndStudies.length; i += 2) {
      request.addStudies(
          StepStudy.newBuilder()
              .setStep((Integer) stepsAndStudies[i])
              .setStudy((String) stepsAndStudies[i + 1]));
    }
    return request.build();
  }

  private static Dynamics analyze(Object... stepsAndStudies) {
    return process.analyze(dynamicsRequest(stepsAndStudies));
  }

  private static Map<String, String> export(AnalyzeDynamicsRequest request, String title) {
    var bytes = new TreeMap<String, ByteArrayOutputStream>();
    process
        .dynamicsStub()
        .exportDynamics(
            ExportDynamicsRequest.newBuilder()
                .addAllStudies(request.getStudiesList())
                .setTitle(title)
                .build())
        .forEachRemaining(
            part ->
                bytes
                    .computeIfAbsent(part.getFileName(), file -> new ByteArrayOutputStream())
                    .writeBytes(part.getContent().toByteArray()));
    var files = new TreeMap<String, String>();
    bytes.forEach((file, content) -> files.put(file, content.toString(StandardCharsets.UTF_8)));
    return files;
  }

  /** Each pair under its labels, both ways around. */
  private static Function<String, CurveMetrics> byLabels(StudyReport report) {
    var pairs = new TreeMap<String, CurveMetrics>();
    for (var pair : report.getPairsList()) {
      var a = report.getModels(pair.getModelA()).getLabel();
      var b = report.getModels(pair.getModelB()).getLabel();
      pairs.put(a + b, pair.getMetrics());
      pairs.put(b + a, turned(pair.getMetrics()));
    }
    return labels -> requireNonNull(pairs.get(labels));
  }

  private static CurveMetrics turned(CurveMetrics metrics) {
    var turned = metrics.toBuilder().setBarrierAlpha(1 - metrics.getBarrierAlpha());
    var gap = metrics.getConvexityGapCertificate();
    turned
        .getConvexityGapCertificateBuilder()
        .setGamma(1 - gap.getBeta())
        .setAlpha(1 - gap.getAlpha())
        .setBeta(1 - gap.getGamma());
    return turned.build();
  }

  private static void assertChange(
      Change change, String from, String to, ToDoubleFunction<CurveMetrics> metric) {
    var earlier = byLabels(process.report(from));
    var later = byLabels(process.report(to));
    var differences = new ArrayList<Double>();
    for (var labels : List.of("ab", "ac", "bc")) {
      differences.add(
          metric.applyAsDouble(later.apply(labels)) - metric.applyAsDouble(earlier.apply(labels)));
    }
    double mean = differences.stream().mapToDouble(d -> d).average().orElseThrow();
    double squares = differences.stream().mapToDouble(d -> (d - mean) * (d - mean)).sum();
    assertThat(change.getMeanNats()).isCloseTo(mean, within(ROUNDING));
    assertThat(change.getStandardDeviationNats())
        .isCloseTo(Math.sqrt(squares / 2), within(ROUNDING));
    assertThat(change.getMinimumNats()).isEqualTo(differences.stream().min(Double::compare).get());
    assertThat(change.getMaximumNats()).isEqualTo(differences.stream().max(Double::compare).get());
    assertThat(change.getPairCount()).isEqualTo(3);
  }

  private static double gap(Function<String, CurveMetrics> pairs, String labels) {
    return pairs.apply(labels).getConvexityGapNats();
  }

  private static double mean(StudyReport report, ToDoubleFunction<CurveMetrics> metric) {
    return report.getPairsList().stream()
        .mapToDouble(pair -> metric.applyAsDouble(pair.getMetrics()))
        .average()
        .orElseThrow();
  }

  private static double median(double... values) {
    Arrays.sort(values);
    return (values[1] + values[2]) / 2;
  }

  private static Status refusal(Object... stepsAndStudies) {
    return refusal(dynamicsRequest(stepsAndStudies));
  }

  /** The refusal of the comparison, which its files are refused with too. */
  private static Status refusal(AnalyzeDynamicsRequest request) {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, () -> process.analyze(request));
    var exported = catchThrowableOfType(StatusRuntimeException.class, () -> export(request, ""));
    assertThat(thrown).isNotNull();
    assertThat(StatusProto.fromThrowable(exported).getMessage())
        .isEqualTo(StatusProto.fromThrowable(thrown).getMessage());
    return StatusProto.fromThrowable(thrown);
  }

  private static String reason(Status status) throws Exception {
    return detail(status, ErrorInfo.class).getReason();
  }

  private static String field(Status status) throws Exception {
    return detail(status, BadRequest.class).getFieldViolations(0).getField();
  }

  private static <T extends Message> T detail(Status status, Class<T> type) throws Exception {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(type)) {
        return detail.unpack(type);
      }
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }
}
