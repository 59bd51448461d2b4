package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.sample;
import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.Provenance;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the evaluator is asked when other studies know a part of the answer. */
final class StudyReuseTest extends ServedStudies {
  private static final int INTERIOR = 9;

  @Test
  void study_twentyModelsAndThenOneMore_costsTheTriangleAndThenOneRow() {
    int n = 20;
    var models = IntStream.rangeClosed(0, n).mapToObj(i -> (i % 3 == 1 ? "right-" : "left-") + i);
    var all = models.toArray(String[]::new);
    var twenty = process.study(spec(Arrays.copyOf(all, n)));

    assertThat(evaluator.evaluations.values()).containsOnly(1);
    assertThat(evaluator.total("in-domain")).isEqualTo(n * (n - 1) / 2 * INTERIOR + n);
    assertThat(evaluator.total("diagnostic")).isEqualTo(n);
    assertThat(twenty.getCost().getComputedPoints()).isEqualTo(n * (n - 1) / 2 * INTERIOR + 2 * n);
    assertThat(twenty.getCost().getReusedPoints()).isZero();
    assertThat(twenty.getCost().getEqualGridPoints()).isZero();

    evaluator.evaluations.clear();
    var oneMore = process.study(spec(all));
    assertThat(evaluator.evaluations.values()).containsOnly(1);
    assertThat(evaluator.total("in-domain")).isEqualTo(n * INTERIOR + 1);
    assertThat(evaluator.total("diagnostic")).isEqualTo(1);
    assertThat(oneMore.getCost().getComputedPoints()).isEqualTo(n * INTERIOR + 2);
    assertThat(oneMore.getCost().getReusedPoints()).isEqualTo(twenty.getCost().getComputedPoints());
    assertThat(oneMore.getPairsList().subList(0, n - 1))
        .isEqualTo(twenty.getPairsList().subList(0, n - 1));

    evaluator.evaluations.clear();
    var again = process.study(spec(all));
    assertThat(evaluator.total()).isZero();
    assertThat(again.getCost().getReusedPoints())
        .isEqualTo((n + 1) * n / 2 * INTERIOR + 2 * (n + 1));
    assertThat(again.getPairsList()).isEqualTo(oneMore.getPairsList());
    assertThat(again.getModelsList()).isEqualTo(oneMore.getModelsList());
    assertThat(again.getWarningsList()).isEqualTo(oneMore.getWarningsList());
    assertThat(again.getProvenance()).isEqualTo(FakeEvaluator.PROVENANCE);
  }

  @Test
  void study_pairsWalkedFromTheirOtherEnd_asksForNothing() {
    var there = process.study(spec("left-0", "right-2", "left-3"));
    evaluator.evaluations.clear();
    var back = process.study(spec("left-3", "right-2", "left-0"));

    assertThat(evaluator.total()).isZero();
    var pair = there.getPairs(0).getCurve();
    var mirrored = back.getPairs(2).getCurve();
    assertThat(mirrored.getLossesNatsList().reversed()).isEqualTo(pair.getLossesNatsList());
    assertThat(back.getPairs(2).getEuclideanDistance())
        .isEqualTo(there.getPairs(0).getEuclideanDistance());
  }

  @Test
  void study_sameWeightsUnderAnotherName_asksForNothing() {
    process.study(spec("left-0", "right-0"));
    evaluator.evaluations.clear();
    process.study(spec("right-0", "copy-0"));
    assertThat(evaluator.total()).isZero();
  }

  @Test
  void study_otherAlphas_asksForThoseNotOnBothGrids() {
    process.study(spec("left-0", "right-0"));
    evaluator.evaluations.clear();
    var twenty = process.study(spec("left-0", "right-0").toBuilder().setIntervalCount(20).build());
    assertThat(evaluator.total()).isEqualTo(10);

    evaluator.evaluations.clear();
    var paper = process.study(spec("left-0", "right-0"));
    assertThat(evaluator.total()).isZero();
    assertThat(paper.getPairs(0).getCurve().getAlphasList()).hasSize(11).contains(.1, .3, .7);
    assertThat(twenty.getPairs(0).getCurve().getLossesNatsList())
        .containsAll(paper.getPairs(0).getCurve().getLossesNatsList());

    evaluator.evaluations.clear();
    process.study(
        spec("left-0", "right-0").toBuilder()
            .setProtocol(AlphaProtocol.ALPHA_PROTOCOL_REFERENCE)
            .build());
    // Nine intervals share no inner point with ten or twenty.
    assertThat(evaluator.total()).isEqualTo(8);
  }

  private static StudySpec.Builder along(String name, String... models) {
    return spec(models).toBuilder()
        .addDiagnostics(Diagnostic.newBuilder().setSample(sample(name)).setAlongCurves(true));
  }

  @Test
  void study_diagnosticAlongCurves_asksForNothingAgain() {
    var first = process.study(along("train", "left-0", "right-0", "left-1").build());
    evaluator.evaluations.clear();
    var again = process.study(along("train", "left-1", "right-0", "left-0").build());

    assertThat(evaluator.total()).isZero();
    assertThat(again.getCost().getComputedPoints()).isZero();
    assertThat(again.getCost().getReusedPoints()).isEqualTo(first.getCost().getComputedPoints());
    assertThat(again.getPairs(2).getDiagnosticCurves(0).getCurve().getLossesNatsList().reversed())
        .isEqualTo(first.getPairs(0).getDiagnosticCurves(0).getCurve().getLossesNatsList());

    evaluator.evaluations.clear();
    var more = process.study(along("train", "left-0", "right-0").setIntervalCount(20).build());
    assertThat(evaluator.total("train")).isEqualTo(10);
    assertThat(more.getPairs(0).getDiagnosticCurves(0).getCurve().getAlphasCount()).isEqualTo(21);
  }

  @Test
  void study_diagnosticThatWasAnothersInDomainSample_takesItsCurvesOver() {
    process.study(spec("left-0", "right-0").toBuilder().setInDomain(sample("train")).build());
    evaluator.evaluations.clear();
    process.study(along("train", "left-0", "right-0").build());
    assertThat(evaluator.total("train")).isZero();

    // The other way, losses of examples are missing, unless none are wanted.
    process.study(along("other", "left-0", "right-0").build());
    var spec = spec("left-0", "right-0").toBuilder().setInDomain(sample("other"));
    evaluator.evaluations.clear();
    spec.getResamplingBuilder().setResampleCount(0);
    process.study(spec.build());
    // Each model once, for its probabilities.
    assertThat(evaluator.total("other")).isEqualTo(2);
    evaluator.evaluations.clear();
    spec.getResamplingBuilder().setResampleCount(10);
    process.study(spec.build());
    assertThat(evaluator.total("other")).isEqualTo(INTERIOR + 2);
  }

  private static Stream<Arguments> differences() {
    return Stream.of(
        Arguments.of("threads", 0, change(e -> e.provenance = threads(2)), same()),
        Arguments.of(
            "a device",
            13,
            change(
                e -> e.provenance = FakeEvaluator.PROVENANCE.toBuilder().setDevice("cuda").build()),
            same()),
        Arguments.of(
            "kernels",
            13,
            change(
                e -> e.provenance = FakeEvaluator.PROVENANCE.toBuilder().setKernelId("k").build()),
            same()),
        Arguments.of(
            "what people are told of kernels",
            0,
            change(
                e -> e.provenance = FakeEvaluator.PROVENANCE.toBuilder().setKernels("w").build()),
            same()),
        Arguments.of(
            "an instruction set",
            13,
            change(
                e ->
                    e.provenance =
                        FakeEvaluator.PROVENANCE.toBuilder().setInstructionSet("avx2").build()),
            same()),
        Arguments.of(
            "a processor",
            13,
            change(
                e -> e.provenance = FakeEvaluator.PROVENANCE.toBuilder().setProcessor("p").build()),
            same()),
        Arguments.of(
            "a version",
            13,
            change(
                e ->
                    e.provenance =
                        FakeEvaluator.PROVENANCE.toBuilder().setWatershedVersion("2").build()),
            same()),
        Arguments.of("the data", 13, change(e -> e.sampleVersion = "2"), same()),
        Arguments.of("the weights", 13, change(e -> e.version = "2"), same()),
        Arguments.of(
            "a label mapping in domain",
            11,
            change(e -> {}),
            (UnaryOperator<StudySpec.Builder>)
                spec -> {
                  spec.getInDomainBuilder().setLabelMapping(mapping());
                  return spec;
                }),
        Arguments.of(
            "the label mapping of a diagnostic",
            2,
            change(e -> {}),
            (UnaryOperator<StudySpec.Builder>)
                spec -> {
                  spec.getDiagnosticsBuilder(0).getSampleBuilder().setLabelMapping(mapping());
                  return spec;
                }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("differences")
  void study_otherThan_takesOverOnlyWhatIsTheSame(
      String what,
      int asked,
      Consumer<FakeEvaluator> change,
      UnaryOperator<StudySpec.Builder> changedSpec) {
    var spec = spec("left-0", "right-0");
    process.study(spec);
    evaluator.evaluations.clear();
    change.accept(evaluator);
    var report = process.study(changedSpec.apply(spec.toBuilder()).build());

    assertThat(evaluator.total()).as(what).isEqualTo(asked);
    assertThat(report.getCost().getComputedPoints()).isEqualTo(asked);
    assertThat(report.getCost().getReusedPoints()).isEqualTo(13 - asked);
    // Said of the points, not of who answers today.
    assertThat(report.getProvenance())
        .isEqualTo(asked == 13 ? evaluator.provenance : FakeEvaluator.PROVENANCE);
  }

  @Test
  void study_cancelledOne_leavesItsPointsToOthers() throws Exception {
    var halted = new CountDownLatch(1);
    var forever = new CountDownLatch(1);
    var points = new AtomicInteger();
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() > 16) {
            halted.countDown();
            StudyProcess.await(forever);
          }
        };
    var cancelled = process.create(spec("left-0", "right-0", "left-1")).getName();
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    process.stub().cancelStudy(CancelStudyRequest.newBuilder().setName(cancelled).build());
    evaluator.beforePoint = evaluation -> {};
    forever.countDown();
    var other = process.study(spec("left-1", "right-0", "left-0"));

    assertThat(process.get(cancelled).getState()).isEqualTo(StudyState.STUDY_STATE_CANCELLED);
    // But for what was on its way when the study was cancelled.
    assertThat(other.getCost().getReusedPoints()).isBetween(14L, 16L);
    assertThat(other.getCost().getComputedPoints() + other.getCost().getReusedPoints())
        .isEqualTo(3 * INTERIOR + 6);
  }

  @Test
  void studies_manyAtOnce_allHaveTheSameCurves() throws Exception {
    process.close();
    startProcess(
        Map.of(
            "watershed.analysis.concurrent-studies",
            4,
            "watershed.analysis.evaluator.concurrency",
            8));
    var spec = spec("left-0", "right-0", "left-1", "right-1");
    var names = IntStream.range(0, 8).mapToObj(i -> process.create(spec).getName()).toList();
    var reports =
        names.stream()
            .map(
                name -> {
                  assertThat(process.await(name).getState())
                      .isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
                  return process.report(name);
                })
            .toList();

    assertThat(reports)
        .allSatisfy(
            report -> {
              assertThat(report.getPairsList()).isEqualTo(reports.get(0).getPairsList());
              assertThat(report.getModelsList()).isEqualTo(reports.get(0).getModelsList());
              assertThat(report.getCost().getComputedPoints() + report.getCost().getReusedPoints())
                  .isEqualTo(6 * INTERIOR + 8);
            });
    assertThat(evaluator.evaluations.keySet()).hasSize(6 * INTERIOR + 8);
  }

  private static Consumer<FakeEvaluator> change(Consumer<FakeEvaluator> change) {
    return change;
  }

  private static UnaryOperator<StudySpec.Builder> same() {
    return spec -> spec;
  }

  private static Provenance threads(int threads) {
    return FakeEvaluator.PROVENANCE.toBuilder().setThreads(threads).build();
  }

  private static LabelMapping mapping() {
    return LabelMapping.newBuilder()
        .addEntries(LabelMappingEntry.newBuilder().setDataLabel("no").addModelLabels("no"))
        .build();
  }
}
