package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.v1.ComparePairsRequest;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.PairOfStudy;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.SampleBlock;
import dev.watershed.analysis.v1.SampleGrowth;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.WarningReason;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Studies that are given a precision instead of a size. */
final class GrowingStudyTest extends ServedStudies {
  private static final String[] MODELS = {"left-0", "right-0", "left-1"};
  private static final int PAIRS = 3;
  private static final int INTERIOR = 9;
  private static final int FIRST = 256;

  @BeforeEach
  void drawSamples() {
    evaluator.rows = 100_000;
  }

  @Test
  void study_precision_growsUntilEveryIntervalIsAsNarrow() {
    var name = process.create(growing(.02, 50_000)).getName();
    var ended = process.await(name);
    var report = process.report(name);

    var blocks = report.getGrown().getBlocksList();
    assertThat(report.getGrown().getReached()).isTrue();
    assertThat(report.getGrown().getMostExampleCount()).isEqualTo(50_000);
    assertThat(blocks).hasSizeBetween(2, 4);
    assertThat(blocks.getFirst().getExampleCount()).isEqualTo(FIRST);
    assertThat(blocks.getLast().getHalfWidthNats()).isBetween(.012, .02).isEqualTo(widest(report));
    assertThat(blocks.subList(0, blocks.size() - 1))
        .allSatisfy(block -> assertThat(block.getHalfWidthNats()).isGreaterThan(.02));
    int examples = blocks.stream().mapToInt(SampleBlock::getExampleCount).sum();
    assertThat(report.getInDomainExampleCount()).isEqualTo(examples);
    assertThat(report.getSampleTexts(0)).endsWith(", " + examples + " rows drawn by seed 1");
    assertThat(reasons(report)).doesNotContain(WarningReason.WARNING_REASON_PRECISION_NOT_REACHED);

    // Each point once on each block, the diagnostic once, and each model once on the whole.
    assertThat(evaluator.evaluations.values()).containsOnly(1);
    int points = PAIRS * INTERIOR * blocks.size() + MODELS.length * (blocks.size() + 2);
    assertThat(evaluator.total()).isEqualTo(points);
    assertThat(report.getCost().getComputedPoints()).isEqualTo(points);
    assertThat(ended.getProgress().getCompletedPoints()).isEqualTo(points);
    assertThat(ended.getProgress().getTotalPoints()).isEqualTo(points);
    assertThat(ended.getProgress().getCompletedPairs()).isEqualTo(PAIRS);
    assertThat(report.getModelsList())
        .allSatisfy(model -> assertThat(model.getInDomain().getF1()).isEqualTo(1.0 / examples));
  }

  @Test
  void study_pooledBlocks_sayWhatTheirUnionAsOneSampleSays() {
    var grown = process.study(growing(.02, 50_000));
    int examples = grown.getInDomainExampleCount();
    evaluator.version = "2";
    var whole = process.study(sized(examples));

    assertThat(grown.getGrown().getBlocksCount()).isGreaterThan(1);
    for (int i = 0; i < PAIRS; i++) {
      var one = grown.getPairs(i);
      var other = whole.getPairs(i);
      for (int a = 0; a <= INTERIOR + 1; a++) {
        assertThat(one.getCurve().getLossesNats(a))
            .isCloseTo(other.getCurve().getLossesNats(a), within(1e-12));
        assertThat(one.getAccuracies(a)).isCloseTo(other.getAccuracies(a), within(1e-12));
      }
      assertThat(one.getMetrics().getConvexityGapNats())
          .isCloseTo(other.getMetrics().getConvexityGapNats(), within(1e-12));
      assertThat(one.getMetrics().getAreaNats())
          .isCloseTo(other.getMetrics().getAreaNats(), within(1e-12));
      assertThat(one.getDisagreement()).isEqualTo(other.getDisagreement());
      assertThat(one.getJensenShannonNats()).isEqualTo(other.getJensenShannonNats());
      // Of the examples' losses in their order, which are the same.
      assertThat(one.getUncertainty()).isEqualTo(other.getUncertainty());
    }
    for (int i = 0; i < MODELS.length; i++) {
      var one = grown.getModels(i).getInDomain();
      var other = whole.getModels(i).getInDomain();
      assertThat(one.getMeanLossNats()).isCloseTo(other.getMeanLossNats(), within(1e-12));
      assertThat(one.toBuilder().clearMeanLossNats().build())
          .isEqualTo(other.toBuilder().clearMeanLossNats().build());
    }
    assertThat(grown.getEpsilonConvexNats()).isEqualTo(whole.getEpsilonConvexNats());
    assertThat(grown.getSampleTextsList()).isEqualTo(whole.getSampleTextsList());
  }

  @Test
  void study_limitBeforeThePrecision_endsThereAndSaysSo() {
    var report = process.study(growing(.001, 1000));

    assertThat(report.getGrown().getReached()).isFalse();
    assertThat(report.getInDomainExampleCount()).isEqualTo(1000);
    assertThat(report.getWarningsList())
        .filteredOn(one -> one.getReason() == WarningReason.WARNING_REASON_PRECISION_NOT_REACHED)
        .singleElement()
        .satisfies(
            one ->
                assertThat(one.getMessage())
                    .matches(
                        ".* is \\+-0\\.021 nats, not \\+-0\\.001: the sample came to its 1000 examples"
                            + " in 2 blocks \\(256 \\+ 744\\) before\\. It would take about \\d{6}\\."));
  }

  @Test
  void study_splitOfFewerRows_endsWithAllOfThem() {
    evaluator.rows = 700;
    var report = process.study(growing(.001, 1000));

    assertThat(report.getInDomainExampleCount()).isEqualTo(700);
    assertThat(report.getGrown().getMostExampleCount()).isEqualTo(700);
    assertThat(report.getWarningsList())
        .anySatisfy(
            one -> assertThat(one.getMessage()).contains("before, all that the split has. It"));
  }

  @Test
  void study_firstBlockThatSuffices_isTheStudyOfThatSize() {
    var grown = process.study(growing(1, 50_000));
    evaluator.version = "2";
    var sized = process.study(sized(FIRST));

    assertThat(grown.getGrown().getBlocksCount()).isEqualTo(1);
    assertThat(grown.getGrown().getReached()).isTrue();
    assertThat(grown.getPairsList()).isEqualTo(sized.getPairsList());
    assertThat(grown.getInDomainDigest()).isEqualTo(sized.getInDomainDigest());
    assertThat(evaluator.total()).isEqualTo(2 * (PAIRS * INTERIOR + 2 * MODELS.length));
  }

  @Test
  void study_brokenOffInALaterBlock_goesOnThereWithTheSameBlocks() throws Exception {
    var whole = process.study(growing(.02, 50_000));
    // Other weights, so that nothing of the first study helps.
    evaluator.version = "2";
    evaluator.evaluations.clear();
    int firstBlock = PAIRS * INTERIOR + 2 * MODELS.length;
    var halted = new CountDownLatch(1);
    var forever = new CountDownLatch(1);
    var points = new AtomicInteger();
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() > firstBlock + MODELS.length + INTERIOR + 4) {
            halted.countDown();
            StudyProcess.await(forever);
          }
        };
    var name = process.create(growing(.02, 50_000)).getName();
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    var progress = process.get(name).getProgress();
    assertThat(progress.getTotalPoints())
        .isEqualTo(firstBlock + PAIRS * INTERIOR + 2 * MODELS.length);
    assertThat(progress.getCompletedPairs()).isLessThan(PAIRS);
    process.close();
    forever.countDown();
    evaluator.beforePoint = evaluation -> {};
    startProcess(Map.of());
    var ended = process.await(name);
    var report = process.report(name);

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(report.getPairsList()).isEqualTo(whole.getPairsList());
    assertThat(report.getGrown()).isEqualTo(whole.getGrown());
    assertThat(ended.getProgress().getCompletedPoints())
        .isEqualTo(ended.getProgress().getTotalPoints())
        .isEqualTo(whole.getCost().getComputedPoints());
    assertThat(evaluator.evaluations.values().stream().filter(times -> times > 1).count())
        .as("points in flight")
        .isLessThanOrEqualTo(2);
  }

  @Test
  void study_byPredictions_growsInBlocksOfAsManyProbabilitiesAsAreKept() {
    evaluator.countLabels(300);
    var spec =
        growing(.015, 50_000).toBuilder()
            .setDistance(DistanceMetric.DISTANCE_METRIC_JENSEN_SHANNON)
            .build();
    var report = process.study(spec);

    assertThat(report.getGrown().getReached()).isTrue();
    assertThat(report.getInDomainExampleCount()).isGreaterThan(FIRST + 873);
    assertThat(report.getGrown().getBlocksList())
        .extracting(SampleBlock::getExampleCount)
        .startsWith(FIRST, 768, 873)
        .allMatch(examples -> examples <= (1 << 18) / 300);
    assertThat(report.getPairsList())
        .allMatch(PairReport::hasJensenShannonNats)
        .allMatch(pair -> pair.getDistance() == pair.getJensenShannonNats());
    assertThat(report.getPairs(0).getDistance()).isPositive();
  }

  @Test
  void create_byPredictionsOfAFirstBlockOfMore_isRefusedForItsSize() {
    evaluator.countLabels(2000);
    var spec =
        growing(.02, 50_000).toBuilder()
            .setDistance(DistanceMetric.DISTANCE_METRIC_DISAGREEMENT)
            .build();
    assertThatThrownBy(() -> process.create(spec))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("spec.in_domain_growth.first_example_count");
  }

  @Test
  void study_blocksThatOthersKnow_areTakenOver() {
    var first = process.study(growing(.02, 50_000));
    evaluator.evaluations.clear();
    var again = process.study(growing(.02, 50_000));

    assertThat(evaluator.total()).isZero();
    assertThat(again.getPairsList()).isEqualTo(first.getPairsList());
    assertThat(again.getCost().getReusedPoints()).isEqualTo(first.getCost().getComputedPoints());

    // A wider one ends with the first blocks, a study of a size may be the first of them.
    var wider = process.study(growing(.06, 50_000));
    assertThat(wider.getGrown().getBlocksCount()).isLessThan(first.getGrown().getBlocksCount());
    process.study(sized(FIRST));
    assertThat(evaluator.total()).isLessThanOrEqualTo(MODELS.length);
  }

  @Test
  void comparePairs_ofAStudyThatGrew_areOverAllBlocks() {
    var name = process.create(growing(.02, 50_000)).getName();
    process.await(name);
    int examples = process.report(name).getInDomainExampleCount();
    var compared =
        process
            .stub()
            .comparePairs(
                ComparePairsRequest.newBuilder()
                    .setFirst(pair(name, "left-0", "right-0"))
                    .setSecond(pair(name, "left-0", "left-1"))
                    .build());

    assertThat(compared.getExampleCount()).isEqualTo(examples);
    assertThat(compared.getConvexityGap().getDistinguishable()).isTrue();
  }

  @Test
  void study_evaluatorThatSaysNoRows_failsBeforeItGrows() {
    evaluator.rows = 0;
    var ended = process.await(process.create(growing(.02, 50_000)).getName());

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(ended.getError().getMessage()).contains("it is of an older version");
  }

  private static PairOfStudy pair(String study, String labelA, String labelB) {
    return PairOfStudy.newBuilder().setStudy(study).setLabelA(labelA).setLabelB(labelB).build();
  }

  private static double widest(StudyReport report) {
    return report.getPairsList().stream()
        .map(pair -> pair.getUncertainty().getConvexityGap().getInterval())
        .mapToDouble(interval -> (interval.getHigh() - interval.getLow()) / 2)
        .max()
        .orElseThrow();
  }

  private static List<WarningReason> reasons(StudyReport report) {
    return report.getWarningsList().stream().map(one -> one.getReason()).toList();
  }

  private static StudySpec growing(double halfWidth, int most) {
    var spec = spec(MODELS).toBuilder();
    spec.getInDomainBuilder().clearSize();
    return spec.setInDomainGrowth(
            SampleGrowth.newBuilder()
                .setHalfWidthNats(halfWidth)
                .setFirstExampleCount(FIRST)
                .setMostExampleCount(most))
        .build();
  }

  private static StudySpec sized(int examples) {
    var spec = spec(MODELS).toBuilder();
    spec.getInDomainBuilder().setSize(examples);
    return spec.build();
  }
}
