package dev.watershed.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ClusterMatchingTest {
  @Test
  void renumbered_sameClustersUnderOtherNumbers_areThoseOfTheReference() {
    int[] reference = {0, 0, 0, 1, 1, 2};
    assertThat(ClusterMatching.renumbered(new int[] {2, 2, 2, 0, 0, 1}, reference))
        .containsExactly(reference);
  }

  @Test
  void renumbered_greedyWouldLose_takesTheBestWhole() {
    // Overlaps (3 2), (3 0): taking the first 3 leaves 0, the best matching shares 5.
    int[] clusters = {0, 0, 0, 0, 0, 1, 1, 1};
    int[] reference = {0, 0, 0, 1, 1, 0, 0, 0};
    assertThat(ClusterMatching.renumbered(clusters, reference))
        .containsExactly(1, 1, 1, 1, 1, 0, 0, 0);
  }

  @Test
  void renumbered_moreClustersThanTheReference_numbersTheRestAfterIt() {
    assertThat(ClusterMatching.renumbered(new int[] {0, 1, 1, 2}, new int[] {0, 0, 0, 0}))
        .satisfies(
            renumbered -> {
              assertThat(renumbered[1]).isZero();
              assertThat(renumbered).containsOnlyOnce(1).containsOnlyOnce(2);
            });
    assertThat(ClusterMatching.renumbered(new int[] {0, 0}, new int[] {1, 1}))
        .containsExactly(1, 1);
  }

  @Test
  void renumbered_randomPartitions_shareAsMuchAsTheBestOfAllNumberings() {
    var random = new Random(5);
    for (int trial = 0; trial < 200; trial++) {
      int[] clusters = partition(random, 1 + random.nextInt(5));
      int[] reference = partition(random, 1 + random.nextInt(5));
      int[] renumbered = ClusterMatching.renumbered(clusters, reference);
      assertThat(AdjustedRandIndex.of(renumbered, clusters)).isEqualTo(1);
      assertThat(shared(renumbered, reference))
          .isEqualTo(best(clusters, reference, new int[5], new boolean[5], 0));
    }
  }

  @Test
  void renumbered_unequalLengths_isRefused() {
    assertThatThrownBy(() -> ClusterMatching.renumbered(new int[2], new int[3]))
        .isInstanceOf(UnusableNumbersException.class);
  }

  private static int[] partition(Random random, int clusters) {
    return IntStream.range(0, 15).map(i -> random.nextInt(clusters)).toArray();
  }

  private static int shared(int[] a, int[] b) {
    return (int) IntStream.range(0, a.length).filter(i -> a[i] == b[i]).count();
  }

  /** Tries every permutation of five numbers. */
  private static int best(
      int[] clusters, int[] reference, int[] numbers, boolean[] taken, int cluster) {
    if (cluster == numbers.length) {
      return shared(IntStream.of(clusters).map(i -> numbers[i]).toArray(), reference);
    }
    int most = 0;
    for (int number = 0; number < numbers.length; number++) {
      if (!taken[number]) {
        taken[number] = true;
        numbers[cluster] = number;
        most = Math.max(most, best(clusters, reference, numbers, taken, cluster + 1));
        taken[number] = false;
      }
    }
    return most;
  }
}
