package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What golden files do not have: scores that do not vary. */
final class GroupComparisonTest {
  @Test
  void of_oneScoreOfAllModels_claimsNoIntervalOfWhatCannotVary() {
    var found = GroupComparison.of(new double[] {.3, .3, .3}, new double[] {.3, .3});
    assertThat(found.auc()).isEqualTo(.5);
    assertThat(found.aucInterval()).isEqualTo(Interval.UNKNOWN);
  }

  @Test
  void of_scoresThatPartTheGroups_hasNoIntervalOfTheArea() {
    var found = GroupComparison.of(new double[] {1, 1, 1}, new double[] {0, 0});
    assertThat(found.auc()).isEqualTo(1);
    assertThat(found.aucInterval()).isEqualTo(Interval.UNKNOWN);
  }
}
