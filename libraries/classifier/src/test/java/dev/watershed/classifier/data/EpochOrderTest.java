package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EpochOrderTest {
  @Property
  void batch_stepsOfAnyEpoch_areAPermutation(
      @ForAll @IntRange(min = 1, max = 200) int examples,
      @ForAll @IntRange(min = 1, max = 250) int batch,
      @ForAll long seed,
      @ForAll @IntRange(max = 5) int epoch) {
    EpochOrder order = new EpochOrder(examples, batch, seed, false);
    List<Integer> all = new ArrayList<>();
    for (long step = 0; step < order.steps(1); step++) {
      int[] indices = order.batch(epoch * order.steps(1) + step);
      assertThat(indices.length)
          .isEqualTo(Math.min(batch, examples - (int) step * batch))
          .isPositive();
      IntStream.of(indices).forEach(all::add);
    }
    assertThat(all)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, examples).boxed().toList());
  }

  @Property
  void batch_anyStepAlone_isWhatARunFromTheStartSees(
      @ForAll @IntRange(min = 1, max = 50) int examples,
      @ForAll @IntRange(min = 1, max = 20) int batch,
      @ForAll long seed,
      @ForAll @IntRange(max = 100) int step) {
    EpochOrder run = new EpochOrder(examples, batch, seed, false);
    int[] seen = {};
    for (int s = 0; s <= step; s++) {
      seen = run.batch(s);
    }
    assertThat(new EpochOrder(examples, batch, seed, false).batch(step)).isEqualTo(seen);
  }

  @ParameterizedTest
  @CsvSource({
    // CoLA in batches of 32: 267 steps an epoch where the incomplete batch is dropped.
    "8551, 32, 6, true, 1602",
    "8551, 32, 6, false, 1608",
    "64, 32, 2, true, 4",
    "64, 32, 2, false, 4"
  })
  void steps_remainder_countsUnlessDropped(
      int examples, int batch, int epochs, boolean drop, long expected) {
    assertThat(new EpochOrder(examples, batch, 1, drop).steps(epochs)).isEqualTo(expected);
  }

  @Property
  void batch_remainderDropped_isTheSamePermutationButForItsEnd(
      @ForAll @IntRange(min = 20, max = 100) int examples,
      @ForAll @IntRange(min = 1, max = 20) int batch,
      @ForAll long seed,
      @ForAll @IntRange(max = 5) int epoch) {
    EpochOrder kept = new EpochOrder(examples, batch, seed, false);
    EpochOrder dropped = new EpochOrder(examples, batch, seed, true);
    for (long step = 0; step < dropped.steps(1); step++) {
      assertThat(dropped.batch(epoch * dropped.steps(1) + step))
          .hasSize(batch)
          .isEqualTo(kept.batch(epoch * kept.steps(1) + step));
    }
  }

  @Test
  void batch_otherSeedOrEpoch_isAnotherOrder() {
    EpochOrder order = new EpochOrder(1000, 1000, 1, false);
    assertThat(order.batch(0))
        .isNotEqualTo(order.batch(1))
        .isNotEqualTo(new EpochOrder(1000, 1000, 2, false).batch(0));
  }

  /** Runs made by earlier versions are resumed by later ones. */
  @Test
  void batch_knownSeed_isPinned() {
    assertThat(new EpochOrder(10, 4, 42, false).batch(0)).containsExactly(3, 8, 5, 6);
    assertThat(new EpochOrder(10, 4, 42, false).batch(5)).containsExactly(5, 1);
  }

  @Test
  void new_nothingToOrder_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new EpochOrder(0, 4, 1, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new EpochOrder(4, 0, 1, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new EpochOrder(4, 5, 1, true));
    assertThatIllegalArgumentException().isThrownBy(() -> new EpochOrder(4, 1, 1, false).batch(-1));
  }
}
