package dev.watershed.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.NativeArrays;
import dev.watershed.standalone.process.ProcessMemory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** A soak that could not tell a leak from none would be worth nothing. */
final class MemorySeriesTest {
  private static final int POINTS = 24;
  private static final long MIB = 1 << 20;

  private static MemorySeries series(IntFunction<MemoryPoint> points) {
    var series = new MemorySeries();
    for (int i = 0; i < POINTS; i++) {
      series.add(points.apply(i));
    }
    return series;
  }

  private static MemoryPoint point(int i, long resident, long heap, long arrays, long held) {
    return new MemoryPoint(100 * (i + 1), 25 * (i + 1), resident, heap, arrays, held);
  }

  private static boolean flat(MemorySeries series, String what) {
    return series.growth().stream()
        .filter(g -> g.what().equals(what))
        .findFirst()
        .orElseThrow()
        .flat();
  }

  @Test
  void growth_noiseAroundALevel_isFlat() {
    MemorySeries series =
        series(i -> point(i, 500 * MIB + i % 3 * MIB, 30 * MIB + i % 2 * MIB, 24, 9 * MIB));
    assertThat(series.growth()).hasSize(4).allMatch(MemoryGrowth::flat);
  }

  @Test
  void growth_whileWarmingUpOnly_isFlat() {
    MemorySeries series =
        series(i -> point(i, (i < 8 ? 300 + 20 * i : 500) * MIB, 30 * MIB, i < 8 ? i : 9, MIB));
    assertThat(series.growth()).allMatch(MemoryGrowth::flat);
  }

  /** 4 MiB in 100 evaluations: a batch of a few tokens left behind by each. */
  @Test
  void growth_ofResidentMemory_isSeenWithItsSlope() {
    MemorySeries series = series(i -> point(i, (400 + 4L * i) * MIB, 30 * MIB, 24, MIB));
    assertThat(flat(series, "residentBytes")).isFalse();
    assertThat(flat(series, "heapBytes")).isTrue();
    assertThat(series.growth().get(0).slopePerThousandEvaluations())
        .isCloseTo(40.0 * MIB, within(1.0));
  }

  @Test
  void growth_ofTheHeap_isSeen() {
    MemorySeries series = series(i -> point(i, 500 * MIB, (30 + 2L * i) * MIB, 24, MIB));
    assertThat(flat(series, "heapBytes")).isFalse();
  }

  @Test
  void growth_ofOneArrayACycle_isSeen() {
    assertThat(flat(series(i -> point(i, 500 * MIB, MIB, 24 + i, MIB)), "nativeArrays")).isFalse();
  }

  @Test
  void growth_ofWhatTheEvaluatorHolds_isSeen() {
    assertThat(flat(series(i -> point(i, 500 * MIB, MIB, 24, MIB + i)), "heldBytes")).isFalse();
  }

  @Test
  void growth_fewPoints_isRefused() {
    var series = new MemorySeries();
    series.add(point(0, 1, 1, 1, 1));
    assertThatThrownBy(series::growth).hasMessageContaining("1 points are too few");
  }

  /** Memory that is not written to is not resident. */
  private static ParameterVector written() {
    ParameterVector vector =
        ParameterVector.allocate(ParameterLayout.of(ModelSize.MINI.architecture()));
    var bytes = vector.bytes();
    bytes.put(new byte[bytes.remaining()]);
    return vector;
  }

  /** The real measure on a real leak: vectors of 430 KB, of which every cycle leaves 12. */
  @Test
  void growth_vectorsThatAreNotClosed_isSeenInArraysAndResidentMemory() {
    Deque<ParameterVector> leaked = new ArrayDeque<>();
    try {
      MemorySeries series =
          series(
              i -> {
                for (int k = 0; k < 12; k++) {
                  leaked.add(written());
                }
                return point(i, ProcessMemory.residentBytes(), MIB, NativeArrays.count(), MIB);
              });
      assertThat(flat(series, "nativeArrays")).isFalse();
      assertThat(flat(series, "residentBytes")).isFalse();
    } finally {
      leaked.forEach(ParameterVector::close);
    }
    MemorySeries closed =
        series(
            i -> {
              written().close();
              return point(i, ProcessMemory.residentBytes(), MIB, NativeArrays.count(), MIB);
            });
    assertThat(closed.growth()).allMatch(MemoryGrowth::flat);
  }
}
