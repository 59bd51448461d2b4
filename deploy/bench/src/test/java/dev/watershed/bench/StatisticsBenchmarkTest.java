package dev.watershed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.statistics.SampleGrowth;
import org.junit.jupiter.api.Test;

/** A short version of what {@code bench statistics} prints. */
final class StatisticsBenchmarkTest {
  private static final long SEED = 1;

  @Test
  void coverage_clearGap_isAboutWhatIsSaid() {
    var found = StatisticsBenchmark.coverage(.3, 256, 100, 200, SEED);
    assertThat(found.coverage()).isBetween(.87, 1.);
    assertThat(found.zeroRejected()).isEqualTo(1);
    assertThat(StatisticsBenchmark.coverage(.3, 256, 100, 200, SEED)).isEqualTo(found);
  }

  /** A percentile interval alone leaves 0 out nearly always. */
  @Test
  void coverage_straightLine_holdsZero() {
    var found = StatisticsBenchmark.coverage(0, 256, 100, 200, SEED);
    assertThat(found.coverage()).isGreaterThan(.8);
    assertThat(found.zeroRejected()).isLessThan(.2);
  }

  @Test
  void growth_untilIntervalsAreNarrow_looksSeveralTimesAndStillHoldsTheGap() {
    var rule = new SampleGrowth(.02, 4000);
    var found = StatisticsBenchmark.growth(.1, 128, rule, 30, 200, SEED);
    assertThat(found.meanLooks()).isBetween(2., 5.);
    assertThat(found.medianExamples()).isBetween(400., 4000.);
    assertThat(found.coverage()).isBetween(.85, 1.);
    assertThat(found.fresh()).isBetween(.85, 1.);
    assertThat(found.toldAtLast()).isEqualTo(1);
    assertThat(StatisticsBenchmark.growth(.1, 128, rule, 30, 200, SEED)).isEqualTo(found);
  }

  @Test
  void growth_precisionOfTheFirstBlock_looksOnce() {
    var found = StatisticsBenchmark.growth(0, 256, new SampleGrowth(1, 1000), 20, 100, SEED);
    assertThat(found.meanLooks()).isEqualTo(1);
    assertThat(found.medianExamples()).isEqualTo(256);
    assertThat(found.coverage()).isEqualTo(found.firstBlock());
    assertThat(found.toldAtSome()).isEqualTo(found.toldAtLast());
  }

  @Test
  void verdicts_broadClouds_areNotCalledSplit() {
    for (var truth : SimulatedDistances.values()) {
      var found = StatisticsBenchmark.verdicts(truth, 16, 40, SEED);
      if (truth.clusters() == 0) {
        // Sixteen models along a line often have a gap somewhere.
        assertThat(found.split())
            .as(truth.title())
            .isLessThan(truth == SimulatedDistances.ELONGATED ? .45 : .2);
      }
    }
  }

  @Test
  void verdicts_clearBasinsOfManyModels_areFound() {
    for (var truth : SimulatedDistances.values()) {
      if (truth.clusters() > 0) {
        var found = StatisticsBenchmark.verdicts(truth, 48, 20, SEED);
        assertThat(found.right()).as(truth.title()).isGreaterThan(.7);
      }
    }
  }
}
