package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

final class SampleGrowthProperties {
  @Example
  void next_widths_sayHowManyExamplesButFromAHalfToThreeTimesMore() {
    var rule = new SampleGrowth(.01, 100_000);

    assertThat(rule.next(512, .01)).isEqualTo(512);
    assertThat(rule.next(512, .0101)).isEqualTo(768);
    assertThat(rule.next(512, .015)).isEqualTo(1152);
    assertThat(rule.next(512, .1)).isEqualTo(2048);
    assertThat(rule.next(90_000, .1)).isEqualTo(100_000);
    assertThat(rule.next(100_000, .1)).isEqualTo(100_000);
    assertThat(rule.next(512, Double.NaN)).isEqualTo(512);
    assertThat(rule.next(512, 0)).isEqualTo(512);
    assertThat(rule.mostBlocks(100_000)).isEqualTo(1);
    assertThat(rule.mostBlocks(512)).isEqualTo(15);
  }

  /** Whatever intervals say, even where they do not shrink at all. */
  @Property
  void next_anyWidths_growsToTheLimitAtMostAndEnds(
      @ForAll @IntRange(min = 1, max = 10_000) int first,
      @ForAll @IntRange(min = 1, max = 10_000_000) int most,
      @ForAll @DoubleRange(min = 1e-6, max = 10) double wanted,
      @ForAll long seed) {
    var rule = new SampleGrowth(wanted, Math.max(first, most));
    var widths = new java.util.Random(seed);
    int examples = first;
    int blocks = 1;
    while (true) {
      double widest = wanted * Math.exp(3 * widths.nextGaussian());
      int next = rule.next(examples, widest);
      assertThat(next).isBetween(examples, rule.mostExamples());
      if (next == examples) {
        assertThat(rule.reached(widest) || examples == rule.mostExamples()).isTrue();
        break;
      }
      assertThat(rule.reached(widest)).isFalse();
      assertThat((long) next).isLessThanOrEqualTo(4L * examples);
      examples = next;
      blocks++;
    }
    assertThat(blocks).isLessThanOrEqualTo(rule.mostBlocks(first));
  }
}
