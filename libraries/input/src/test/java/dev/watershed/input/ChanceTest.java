package dev.watershed.input;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ChanceTest {
  @Test
  void looksPermuted_threeLabels_wantsBothLimits() {
    // 1/3 - 5 sqrt(2/9/512) = .229 and .8/3 = .267
    var chance = new Chance(3, 512);
    assertThat(chance.looksPermuted(.22)).isTrue();
    assertThat(chance.looksPermuted(.24)).isFalse();
    // Over many examples the share decides: 1/3 - 5 sqrt(2/9/100000) = .326
    assertThat(new Chance(3, 100_000).looksPermuted(.26)).isTrue();
    assertThat(new Chance(3, 100_000).looksPermuted(.28)).isFalse();
  }

  @Test
  void looksPermuted_fewExamples_neverSaysSo() {
    // 1/2 - 5 sqrt(1/4/25) = 0: not even no right answer is far from guessing.
    assertThat(new Chance(2, 25).looksPermuted(0)).isFalse();
    assertThat(new Chance(2, 26).looksPermuted(0)).isTrue();
  }

  @Test
  void looksPermuted_nothingKnown_isFalse() {
    assertThat(new Chance(0, 512).looksPermuted(0)).isFalse();
    assertThat(new Chance(1, 512).looksPermuted(0)).isFalse();
    assertThat(new Chance(2, 0).looksPermuted(0)).isFalse();
    assertThat(new Chance(2, 512).looksPermuted(Double.NaN)).isFalse();
  }
}
