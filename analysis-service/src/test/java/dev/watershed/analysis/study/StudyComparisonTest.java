package dev.watershed.analysis.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.v1.ComparePairsRequest;
import dev.watershed.analysis.v1.ComparePairsResponse;
import dev.watershed.analysis.v1.CompareStudiesRequest;
import dev.watershed.analysis.v1.CompareStudiesResponse;
import dev.watershed.analysis.v1.MetricComparison;
import dev.watershed.analysis.v1.PairOfStudy;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.SweepChange;
import dev.watershed.analysis.v1.SweepEnds;
import dev.watershed.analysis.v1.TabulateChangesRequest;
import dev.watershed.analysis.v1.UncertaintyUnit;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Two studies, or two pairs of them, beside each other. */
final class StudyComparisonTest extends ServedStudies {

  @Test
  void compareStudies_otherLabels_areIndependentGroups() {
    var first = study("left-0=a", "left-10=b", "right-0=c", "left-30=d");
    var second = study("left-0=e", "left-1=f", "left-2=g");
    var found = compare(first, second, false);

    assertThat(found.getComparisonsList())
        .extracting(MetricComparison::getMetric)
        .containsExactly("convexity_gap", "barrier_height", "area");
    var gap = found.getComparisons(0).getComparison();
    var expected = PairMeans.difference(means(first), means(second));
    assertThat(gap.getPaired()).isFalse();
    assertThat(gap.getFirst().getMean()).isCloseTo(means(first).mean(), within(1e-12));
    assertThat(gap.getFirst().getModelCount()).isEqualTo(4);
    assertThat(gap.getSecond().getPairCount()).isEqualTo(3);
    assertThat(gap.getDifference()).isCloseTo(expected.difference(), within(1e-12));
    assertThat(gap.getP()).isCloseTo(expected.p(), within(1e-9));
    assertThat(found.getFinding()).isEqualTo(gap.getSentence()).contains("4 models (6 pairs)");
    assertThat(found.getCommonLabelCount()).isZero();
  }

  @Test
  void compareStudies_sameLabelsInAnotherOrder_arePairedByLabel() {
    var first = study("left-0=a", "left-10=b", "right-0=c");
    var second = study("right-5=c", "left-2=a", "left-1=b");
    var found = compare(first, second, false).getComparisons(0).getComparison();

    assertThat(found.getPaired()).isTrue();
    var expected =
        PairMeans.of(
            3,
            new double[] {
              gap(first, "a", "b") - gap(second, "a", "b"),
              gap(first, "a", "c") - gap(second, "a", "c"),
              gap(first, "b", "c") - gap(second, "b", "c")
            });
    assertThat(found.getDifference()).isCloseTo(expected.mean(), within(1e-12));
    assertThat(found.getStandardError()).isCloseTo(expected.test().standardError(), within(1e-12));
    assertThat(compare(first, second, true).getComparisons(0).getComparison().getPaired())
        .isFalse();
  }

  @Test
  void compareStudies_thatSayNothing_areRefused() throws Exception {
    var three = study("left-0=a", "left-10=b", "right-0=c").getStudy();
    var two = study("left-0=a", "left-10=b").getStudy();
    var diverged = study("left-0=a", "void-0=b", "right-0=c").getStudy();
    var other =
        process
            .study(
                spec("left-0=a", "left-10=b", "right-0=c").toBuilder().setIntervalCount(4).build())
            .getStudy();
    assertRefused("STUDY_TWICE", "second", () -> compare(three, three));
    assertRefused("TOO_FEW_MODELS", "second", () -> compare(three, two));
    assertRefused("TOO_FEW_MODELS", "first", () -> compare(two, three));
    assertRefused("DISTANCE_NOT_FINITE", "second", () -> compare(three, diverged));
    assertRefused("ALPHAS_DIFFER", "second", () -> compare(three, other));
  }

  @Test
  void comparePairs_overTheSameDraws_haveABasicInterval() {
    var report = study("left-0=a", "left-10=b", "right-0=c");
    var found = pairs(report, "a", "c", "b", "a", 300);

    assertThat(found.getExampleCount()).isEqualTo(256);
    assertThat(found.getResampling().getResampleCount()).isEqualTo(300);
    var gap = found.getConvexityGap();
    assertThat(gap.getFirst()).isCloseTo(gap(report, "a", "c"), within(1e-6));
    assertThat(gap.getDifference())
        .isCloseTo(gap(report, "a", "c") - gap(report, "a", "b"), within(1e-6));
    assertThat(gap.getInterval().getLow()).isBetween(0., gap.getDifference());
    assertThat(gap.getInterval().getHigh()).isGreaterThan(gap.getDifference());
    assertThat(gap.getDistinguishable()).isTrue();
    assertThat(found.hasImprovedConvexityGap()).isFalse();
    assertThat(found.getSentence()).contains("which is told from 0").contains("other seeds");

    var itself = pairs(report, "a", "c", "c", "a", 300);
    assertThat(itself.getConvexityGap().getDifference()).isZero();
    assertThat(itself.getConvexityGap().getDistinguishable()).isFalse();
    assertThat(itself.getSentence()).contains("not distinguishable from 0");

    var without = pairs(report, "a", "c", "b", "a", 0);
    assertThat(without.getConvexityGap().getInterval().getLow()).isNaN();
    assertThat(without.getSentence()).contains("without resamples nothing is said");
  }

  @Test
  void comparePairs_fewExamples_tellNoInterval() {
    evaluator.examples = 64;
    var report = study("left-0=a", "left-10=b", "right-0=c");
    var found = pairs(report, "a", "c", "a", "b", 100);
    assertThat(found.getConvexityGap().getInterval().getLow()).isNaN();
    assertThat(found.getConvexityGap().getDistinguishable()).isFalse();
    assertThat(found.getSentence()).contains("with 64 examples, fewer than 256");
  }

  @Test
  void comparePairs_thatAreNone_areRefused() throws Exception {
    var report = study("left-0=a", "left-10=b", "right-0=c");
    assertRefused(
        "MODEL_NOT_IN_STUDY", "second.label_b", () -> pairs(report, "a", "c", "a", "x", 9));
    assertRefused("MODEL_TWICE", "first.label_b", () -> pairs(report, "a", "a", "a", "b", 9));
    var spec = spec("left-1=a", "left-10=b", "right-0=c").toBuilder();
    spec.setResampling(Resampling.newBuilder().setResampleCount(0));
    var without = process.study(spec.build());
    assertRefused("LOSSES_NOT_KEPT", "", () -> pairs(without, "a", "b", "a", "c", 9));
  }

  @Test
  void tabulateChanges_severalSweeps_areRowsWithTheirUnits() throws Exception {
    var models =
        ends(
            "three",
            study("left-0=a", "left-10=b", "left-5=c").getStudy(),
            study("left-0=a", "left-10=b", "right-0=c").getStudy());
    var examples =
        ends(
            "",
            study("left-0=a", "left-1=b").getStudy(),
            study("left-2=a", "right-1=b").getStudy());
    var found =
        process
            .dynamicsStub()
            .tabulateChanges(
                TabulateChangesRequest.newBuilder().addSweeps(models).addSweeps(examples).build());

    assertThat(found.getRowsList())
        .extracting(SweepChange::getName)
        .containsExactly("three", examples.getEnd().getStudy());
    var three = found.getRows(0).getChange();
    assertThat(three.getConvexityGap().getUnit())
        .isEqualTo(UncertaintyUnit.UNCERTAINTY_UNIT_MODELS);
    assertThat(three.getArea().getPairCount()).isEqualTo(3);
    var one = found.getRows(1).getChange().getConvexityGap();
    assertThat(one.getUnit()).isEqualTo(UncertaintyUnit.UNCERTAINTY_UNIT_EXAMPLES);
    assertThat(one.getInterval().getLow()).isBetween(0., one.getMeanNats());
    assertThat(one.getInterval().getHigh()).isGreaterThan(one.getMeanNats());
    assertThat(one.getDistinguishable()).isTrue();
    assertThat(found.getRows(1).getInDomainExampleCount()).isEqualTo(256);

    assertRefused(
        "STEPS_NOT_ASCENDING",
        "sweeps[1].end.step",
        () ->
            process
                .dynamicsStub()
                .tabulateChanges(
                    TabulateChangesRequest.newBuilder()
                        .addSweeps(models)
                        .addSweeps(
                            examples.toBuilder().setEnd(examples.getEnd().toBuilder().setStep(0)))
                        .build()));
  }

  private static SweepEnds ends(String name, String start, String end) {
    return SweepEnds.newBuilder()
        .setName(name)
        .setStart(StepStudy.newBuilder().setStudy(start))
        .setEnd(StepStudy.newBuilder().setStudy(end).setStep(9))
        .build();
  }

  private StudyReport study(String... models) {
    return process.study(spec(models));
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

  private CompareStudiesResponse compare(StudyReport first, StudyReport second, boolean unpaired) {
    return process
        .stub()
        .compareStudies(
            CompareStudiesRequest.newBuilder()
                .setFirst(first.getStudy())
                .setSecond(second.getStudy())
                .setUnpaired(unpaired)
                .build());
  }

  private void compare(String first, String second) {
    var unused =
        process
            .stub()
            .compareStudies(
                CompareStudiesRequest.newBuilder().setFirst(first).setSecond(second).build());
  }

  private ComparePairsResponse pairs(
      StudyReport report, String a, String b, String c, String d, int resamples) {
    return process
        .stub()
        .comparePairs(
            ComparePairsRequest.newBuilder()
                .setFirst(pair(report, a, b))
                .setSecond(pair(report, c, d))
                .setResampling(Resampling.newBuilder().setResampleCount(resamples))
                .build());
  }

  private static PairOfStudy pair(StudyReport report, String labelA, String labelB) {
    return PairOfStudy.newBuilder()
        .setStudy(report.getStudy())
        .setLabelA(labelA)
        .setLabelB(labelB)
        .build();
  }

  private static PairMeans means(StudyReport report) {
    return PairMeans.of(
        report.getModelsCount(),
        report.getPairsList().stream()
            .mapToDouble(pair -> pair.getMetrics().getConvexityGapNats())
            .toArray());
  }

  private static double gap(StudyReport report, String labelA, String labelB) {
    return report.getPairsList().stream()
        .filter(
            pair ->
                List.of(
                        report.getModels(pair.getModelA()).getLabel(),
                        report.getModels(pair.getModelB()).getLabel())
                    .containsAll(List.of(labelA, labelB)))
        .findFirst()
        .orElseThrow()
        .getMetrics()
        .getConvexityGapNats();
  }

  /**
   * @param field empty where the refusal is about no field
   */
  private static void assertRefused(String reason, String field, ThrowingCallable call)
      throws Exception {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(thrown).isNotNull();
    var status = StatusProto.fromThrowable(thrown);
    for (var detail : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        assertThat(detail.unpack(ErrorInfo.class).getReason()).isEqualTo(reason);
      } else if (detail.is(BadRequest.class)) {
        assertThat(detail.unpack(BadRequest.class).getFieldViolations(0).getField())
            .isEqualTo(field);
      }
    }
  }
}
