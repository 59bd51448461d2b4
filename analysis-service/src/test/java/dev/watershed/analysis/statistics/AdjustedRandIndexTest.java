package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class AdjustedRandIndexTest {
  private static final double ROUNDING = 1e-12;

  /** The worked example of Yeung and Ruzzo, 2001, for Hubert and Arabie's index: .313. */
  @Test
  void of_publishedExample_isItsValue() {
    // Counts (1 1 0), (1 2 1), (0 0 4); 7, 13 and 14 pairs of 45 are together in both, a and b.
    int[] a = {0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
    int[] b = {0, 1, 0, 1, 1, 2, 2, 2, 2, 2};
    assertThat(AdjustedRandIndex.of(a, b)).isCloseTo(.313, within(5e-4));
    double expected = 13.0 * 14 / 45;
    assertThat(AdjustedRandIndex.of(a, b))
        .isCloseTo((7 - expected) / ((13 + 14) / 2.0 - expected), within(ROUNDING));
  }

  /** The example of the R package mclust whose partitions are made without a seed. */
  @Test
  void of_crossedClasses_isTheReferencesValue() {
    int[] a = IntStream.range(0, 12).map(i -> i % 3).toArray();
    int[] b = IntStream.range(0, 12).map(i -> i % 4).toArray();
    assertThat(AdjustedRandIndex.of(a, b)).isCloseTo(-.2790698, within(5e-8));
  }

  @Test
  void of_samePartitionUnderOtherNumbers_isOne() {
    int[] a = {0, 0, 1, 1, 2};
    assertThat(AdjustedRandIndex.of(a, a)).isEqualTo(1);
    assertThat(AdjustedRandIndex.of(a, new int[] {7, 7, 0, 0, 3})).isEqualTo(1);
  }

  @Test
  void of_partitionsWithoutStructure_areOneWhereEqualAndElseZero() {
    int[] one = {0, 0, 0, 0};
    int[] each = {0, 1, 2, 3};
    assertThat(AdjustedRandIndex.of(one, one)).isEqualTo(1);
    assertThat(AdjustedRandIndex.of(each, each)).isEqualTo(1);
    assertThat(AdjustedRandIndex.of(one, each)).isZero();
    assertThat(AdjustedRandIndex.of(one, new int[] {0, 0, 1, 1})).isZero();
    assertThat(AdjustedRandIndex.of(new int[] {0}, new int[] {0})).isEqualTo(1);
  }

  @Test
  void of_crossedPartitions_isNegative() {
    // Two pairs that the other partition splits: no pair together where 2/3 of one is expected.
    assertThat(AdjustedRandIndex.of(new int[] {0, 0, 1, 1}, new int[] {0, 1, 0, 1}))
        .isCloseTo(-.5, within(ROUNDING));
  }

  @Test
  void of_randomPartitions_agreesWithCountingPairsAndAveragesToZero() {
    var random = new Random(3);
    double sum = 0;
    for (int trial = 0; trial < 300; trial++) {
      int[] a = IntStream.range(0, 20).map(i -> random.nextInt(3)).toArray();
      int[] b = IntStream.range(0, 20).map(i -> random.nextInt(4)).toArray();
      double index = AdjustedRandIndex.of(a, b);
      assertThat(index).isCloseTo(byPairs(a, b), within(ROUNDING));
      assertThat(index).isEqualTo(AdjustedRandIndex.of(b, a));
      sum += index;
    }
    assertThat(sum / 300).isCloseTo(0, within(.02));
  }

  @Test
  void of_unequalLengths_isRefused() {
    assertThatThrownBy(() -> AdjustedRandIndex.of(new int[2], new int[3]))
        .isInstanceOf(UnusableNumbersException.class)
        .hasMessageContaining("2 things");
  }

  /** Steinley, 2004, equation 7: over the four kinds of pairs of things. */
  private static double byPairs(int[] a, int[] b) {
    double both = 0;
    double onlyA = 0;
    double onlyB = 0;
    double neither = 0;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < i; j++) {
        boolean inA = a[i] == a[j];
        boolean inB = b[i] == b[j];
        both += inA && inB ? 1 : 0;
        onlyA += inA && !inB ? 1 : 0;
        onlyB += !inA && inB ? 1 : 0;
        neither += !inA && !inB ? 1 : 0;
      }
    }
    double all = both + onlyA + onlyB + neither;
    double chance = (both + onlyA) * (both + onlyB) + (onlyB + neither) * (onlyA + neither);
    return (all * (both + neither) - chance) / (all * all - chance);
  }
}
