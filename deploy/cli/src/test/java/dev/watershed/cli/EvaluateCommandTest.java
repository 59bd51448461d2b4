package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.CombinationPoint;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvaluateCommandTest {
  /** The loss of a point is its alpha, or the index of its combination. */
  private static final class Evaluator extends EvaluationServiceGrpc.EvaluationServiceImplBase {
    final List<EvaluateInterpolationRequest> lines = new CopyOnWriteArrayList<>();
    final List<EvaluateCombinationsRequest> combinations = new CopyOnWriteArrayList<>();
    volatile double accuracy;
    volatile int examples = 4;

    @Override
    public void evaluateInterpolation(
        EvaluateInterpolationRequest request,
        StreamObserver<EvaluateInterpolationResponse> observer) {
      lines.add(request);
      observer.onNext(
          EvaluateInterpolationResponse.newBuilder()
              .setHeader(
                  InterpolationHeader.newBuilder()
                      .setEuclideanDistance(2.5)
                      .addSamples(
                          SampleDescription.newBuilder()
                              .setName("dev")
                              .setExampleCount(4)
                              .addAllLabels(LABELS)))
              .build());
      for (double alpha : request.getAlphasList()) {
        observer.onNext(
            EvaluateInterpolationResponse.newBuilder()
                .setPoint(InterpolationPoint.newBuilder().setAlpha(alpha).setMetrics(loss(alpha)))
                .build());
      }
      observer.onCompleted();
    }

    @Override
    public void evaluateCombinations(
        EvaluateCombinationsRequest request,
        StreamObserver<EvaluateCombinationsResponse> observer) {
      combinations.add(request);
      observer.onNext(
          EvaluateCombinationsResponse.newBuilder()
              .setHeader(
                  CombinationHeader.newBuilder()
                      .addSamples(
                          SampleDescription.newBuilder().setName("dev").addAllLabels(LABELS)))
              .build());
      for (int i = 0; i < request.getCombinationsCount(); i++) {
        observer.onNext(
            EvaluateCombinationsResponse.newBuilder()
                .setPoint(CombinationPoint.newBuilder().setCombinationIndex(i).setMetrics(loss(i)))
                .build());
      }
      observer.onCompleted();
    }

    private ClassificationMetrics loss(double loss) {
      return ClassificationMetrics.newBuilder()
          .setMeanLossNats(loss)
          .setAccuracy(accuracy)
          .setExampleCount(examples)
          .build();
    }
  }

  private static final List<String> LABELS = List.of("no", "yes");
  private static final String SAMPLE = "builtin:miniature/validation,name=dev";

  private Path directory;
  private final Evaluator evaluator = new Evaluator();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    line = new CommandLineFixture(directory, evaluator);
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  @Test
  void output_tsv_isTheCsvWithTabs() {
    String[] words = {
      "evaluate", "a", "b", "--alphas", "0,1", "--sample", "builtin:miniature/validation,name=dev"
    };
    assertThat(line.run(with(words, "--csv"))).isEqualTo(ExitCode.OK);
    String commas = line.out();
    assertThat(line.run(with(words, "--output", "tsv"))).isEqualTo(ExitCode.OK);
    assertThat(line.out().lines())
        .hasSize(3)
        .allSatisfy(row -> assertThat(row.split("\t", -1)).hasSize(9));
    assertThat(line.out().replace('\t', ',')).isEqualTo(commas);
    assertThat(line.run(with(words, "--output", "tsv", "--json"))).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run(with(words, "--output", "tsv", "--csv"))).isEqualTo(ExitCode.BAD_INPUT);
  }

  private static String[] with(String[] words, String... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void combination_sumOffByRounding_isOfferedTheAverage() {
    assertThat(
            line.run(
                "evaluate",
                "a",
                "b",
                "c",
                "--combination",
                "0.33,0.33,0.33",
                "--sample",
                "builtin:miniature/validation,name=dev"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("0.33,0.33,0.33 sums to 0.99", "--average");
  }

  @Test
  void evaluate_count_isEquallySpaced() {
    assertThat(line.run("evaluate", "a", "b", "--sample", SAMPLE, "--alphas", "5"))
        .isEqualTo(ExitCode.OK);
    var request = evaluator.lines.get(0);
    assertThat(request.getAlphasList()).containsExactly(0.0, 0.25, 0.5, 0.75, 1.0);
    assertThat(request.getModelA()).isEqualTo("checkpoints/a");
    assertThat(line.out().lines().toList()).hasSize(6);
    assertThat(line.err()).contains("distance 2.5").contains("dev: 4 examples");
  }

  @Test
  void evaluate_nothingSaid_isThePapersProtocol() {
    line.run("evaluate", "a", "b", "--sample", SAMPLE);
    assertThat(evaluator.lines.get(0).getAlphasList()).hasSize(11).contains(0.1, 0.9);
  }

  @Test
  void evaluate_bf16_asksForItAndForItsSlowWayOnlyIfSaid() {
    line.run("evaluate", "a", "b", "--sample", SAMPLE);
    line.run("evaluate", "a", "b", "--sample", SAMPLE, "--bf16");
    line.run("evaluate", "a", "b", "--sample", SAMPLE, "--bf16", "--allow-slow-precision");
    line.run("evaluate", "a", "--average", "--sample", SAMPLE, "--bf16", "--allow-slow-precision");
    assertThat(evaluator.lines.stream().map(EvaluateInterpolationRequest::getPrecision).toList())
        .containsExactly(
            Precision.PRECISION_FP32, Precision.PRECISION_BF16, Precision.PRECISION_BF16);
    assertThat(
            evaluator.lines.stream()
                .map(EvaluateInterpolationRequest::getAllowSlowPrecision)
                .toList())
        .containsExactly(false, false, true);
    assertThat(evaluator.combinations.get(0).getAllowSlowPrecision()).isTrue();
  }

  @Test
  void evaluate_csv_canBeReadBackAsACurve() {
    line.run("evaluate", "a", "b", "--sample", SAMPLE, "--alphas", "0,0.1,1", "--csv");
    var curve = NumbersInput.curve(line.out());
    assertThat(curve.getAlphasList()).containsExactly(0.0, 0.1, 1.0);
    assertThat(curve.getLossesNatsList()).containsExactly(0.0, 0.1, 1.0);
  }

  @Test
  void evaluate_json_isOneMessageALine() throws Exception {
    line.run("evaluate", "a", "b", "--sample", SAMPLE, "--alphas", "2", "--json");
    var lines = line.out().lines().toList();
    assertThat(lines).hasSize(3);
    var point = EvaluateInterpolationResponse.newBuilder();
    JsonFormat.parser().merge(lines.get(2), point);
    assertThat(point.getPoint().getAlpha()).isEqualTo(1);
  }

  @Test
  void evaluate_average_asksForEachModelAndTheMean() {
    line.run("evaluate", "a", "b", "c", "d", "--sample", SAMPLE, "--average");
    var combinations = evaluator.combinations.get(0).getCombinationsList();
    assertThat(combinations).hasSize(5);
    assertThat(combinations.get(1).getCoefficientsList()).containsExactly(0.0, 1.0, 0.0, 0.0);
    assertThat(combinations.get(4).getCoefficientsList()).containsOnly(0.25);
    assertThat(line.out()).contains("average");
  }

  @Test
  void evaluate_badInput_isRefusedBeforeAnyCall() {
    assertThat(line.run("evaluate", "a", "--sample", SAMPLE)).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("evaluate", "a", "b")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("evaluate", "a", "b", "--sample", SAMPLE, "--alphas", "1000000"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("evaluate", "a", "b", "--sample", SAMPLE, "--alphas", "0,x"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("evaluate", "a", "b", "--sample", SAMPLE, "--combination", "1"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(evaluator.lines).isEmpty();
    assertThat(evaluator.combinations).isEmpty();
  }

  @Test
  void evaluate_endsFarBelowChance_remarksOnEachAndNotBetween() {
    evaluator.accuracy = .1;
    evaluator.examples = 512;
    assertThat(line.run("evaluate", "m1", "m2", "--sample", SAMPLE, "--alphas", "0,0.5,1"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.err().lines().filter(remark -> remark.startsWith("warning")))
        .satisfiesExactly(
            b ->
                assertThat(b).startsWith("warning: m2 has accuracy 0.100 on dev").contains("0.500"),
            a -> assertThat(a).startsWith("warning: m1 has").contains("id2label"));
    assertThat(line.out()).doesNotContain("warning");

    assertThat(line.run("evaluate", "m1", "m2", "--sample", SAMPLE, "--average", "--json"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.err().lines().filter(remark -> remark.startsWith("warning"))).hasSize(2);
  }

  @Test
  void evaluate_fewExamplesOrNearChance_remarksNothing() {
    assertThat(line.run("evaluate", "m1", "m2", "--sample", SAMPLE)).isEqualTo(ExitCode.OK);
    assertThat(line.err()).doesNotContain("warning");
    evaluator.accuracy = .45;
    evaluator.examples = 512;
    assertThat(line.run("evaluate", "m1", "m2", "--sample", SAMPLE)).isEqualTo(ExitCode.OK);
    assertThat(line.err()).doesNotContain("warning");
  }

  @Test
  void evaluate_samplesWithoutNames_areCalledAfterWhatIsReadAndNoTwoAlike() {
    line.run(
        "evaluate",
        "a",
        "b",
        "--sample",
        "builtin:miniature/validation",
        "--sample",
        "file:x/dev.tsv,text=0,label=1",
        "--sample",
        "file:y/dev.tsv,text=0,label=1",
        "--sample",
        "file:z/dev.tsv,text=0,label=1,name=dev-2",
        "--sample",
        "file:" + "n".repeat(150) + ".tsv,text=0,label=1");
    assertThat(evaluator.lines.get(0).getSamplesList())
        .extracting(EvaluationSample::getName)
        .containsExactly("validation", "dev", "dev-3", "dev-2", "n".repeat(100));
  }

  @Test
  void evaluate_decimalComma_isToldApartFromTwoPoints() {
    assertThat(line.run("evaluate", "a", "b", "--sample", SAMPLE, "--alphas", "0,5"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("two points, 0 and 5").contains("0.5");
    assertThat(EvaluateCommand.alphas("0,1")).containsExactly(0.0, 1.0);
    assertThat(EvaluateCommand.alphas("0")).containsExactly(0.0);
    assertThat(EvaluateCommand.alphas("1")).containsExactly(1.0);
    assertThat(EvaluateCommand.alphas("3")).containsExactly(0.0, 0.5, 1.0);
  }
}
