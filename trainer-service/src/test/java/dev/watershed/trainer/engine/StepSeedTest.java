package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import org.junit.jupiter.api.Test;

final class StepSeedTest {
  @Test
  void of_nearbySeedsAndSteps_allDiffer() {
    var seen = new HashSet<Long>();
    for (long seed = -50; seed < 50; seed++) {
      for (long step = 0; step < 1000; step++) {
        assertThat(seen.add(StepSeed.of(seed, step))).isTrue();
      }
    }
  }

  @Test
  void of_aSeedAndStep_isPinned() {
    // From a SplitMix64 in Python. Another value changes the bits of every run with dropout.
    assertThat(StepSeed.of(42, 7)).isEqualTo(-4893543810735773810L);
  }
}
