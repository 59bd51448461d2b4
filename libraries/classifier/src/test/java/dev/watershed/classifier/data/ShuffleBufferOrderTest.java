package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.watershed.classifier.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShuffleBufferOrderTest {
  /** A queue that repeats and a list of places, as one would write it down. */
  private static List<Integer> naive(int examples, int buffer, long seed, int count) {
    int next = 0;
    List<Integer> held = new ArrayList<>();
    while (held.size() < buffer) {
      held.add(next++ % examples);
    }
    List<Integer> out = new ArrayList<>();
    for (int draw = 0; draw < count; draw++) {
      int place = RandomStream.of(seed, draw).nextInt(buffer);
      out.add(held.set(place, next++ % examples));
    }
    return out;
  }

  @Property(tries = 200)
  void batch_allSteps_areTheNaiveQueues(
      @ForAll @IntRange(min = 1, max = 60) int examples,
      @ForAll @IntRange(min = 1, max = 20) int batch,
      @ForAll @IntRange(min = 1, max = 90) int buffer,
      @ForAll long seed) {
    BatchOrder order = new ShuffleBufferOrder(examples, batch, buffer, seed, true);
    List<Integer> seen = new ArrayList<>();
    for (int step = 0; step < 30; step++) {
      IntStream.of(order.batch(step)).forEach(seen::add);
    }
    assertThat(seen).isEqualTo(naive(examples, buffer, seed, 30 * batch));
  }

  @Property(tries = 200)
  void batch_anyStepAlone_isWhatARunFromTheStartSees(
      @ForAll @IntRange(min = 1, max = 50) int examples,
      @ForAll @IntRange(min = 1, max = 20) int batch,
      @ForAll @IntRange(min = 1, max = 200) int buffer,
      @ForAll long seed,
      @ForAll @IntRange(max = 100) int step) {
    BatchOrder run = new ShuffleBufferOrder(examples, batch, buffer, seed, true);
    int[] seen = {};
    for (int s = 0; s <= step; s++) {
      seen = run.batch(s);
    }
    assertThat(new ShuffleBufferOrder(examples, batch, buffer, seed, true).batch(step))
        .isEqualTo(seen);
    assertThat(run.batch(0))
        .isEqualTo(new ShuffleBufferOrder(examples, batch, buffer, seed, true).batch(0));
  }

  @Test
  void batch_bufferOfOne_isFileOrder() {
    BatchOrder order = new ShuffleBufferOrder(5, 3, 1, 42, true);
    assertThat(order.batch(0)).containsExactly(0, 1, 2);
    assertThat(order.batch(1)).containsExactly(3, 4, 0);
  }

  /** Every example comes as often as any other, but for those that still wait in the buffer. */
  @Test
  void batch_manyEpochs_seeEveryExampleAboutAsOften() {
    int[] counts = new int[1000];
    BatchOrder order = new ShuffleBufferOrder(1000, 50, 100, 7, true);
    for (int step = 0; step < order.steps(20); step++) {
      IntStream.of(order.batch(step)).forEach(index -> counts[index]++);
    }
    assertThat(Arrays.stream(counts).sum()).isEqualTo(20_000);
    assertThat(Arrays.stream(counts).min().orElseThrow()).isGreaterThanOrEqualTo(18);
    assertThat(Arrays.stream(counts).max().orElseThrow()).isLessThanOrEqualTo(21);
  }

  @Test
  void batch_bufferOfHundred_isFileOrderWithAJitter() {
    BatchOrder order = new ShuffleBufferOrder(100_000, 100, 100, 3, true);
    long late = 0;
    int count = 0;
    for (int step = 0; step < 900; step++) {
      int[] batch = order.batch(step);
      for (int i = 0; i < batch.length; i++) {
        long delay = step * 100L + i - batch[i];
        assertThat(delay).isGreaterThanOrEqualTo(-99);
        late += delay;
        count++;
      }
    }
    // It is put in 100 places early and waits 100 draws on average.
    assertThat((double) late / count).isBetween(-5., 5.);
  }

  @ParameterizedTest
  @CsvSource({
    // MNLI, QQP in three epochs of 32: the steps of the papers.
    "392702, 32, 3, true, 36815",
    "363846, 32, 3, true, 34110",
    "392702, 32, 3, false, 36816",
    "10, 5, 3, true, 6",
    "10, 5, 3, false, 6",
    "10, 64, 1, true, 0",
    "10, 64, 1, false, 1"
  })
  void steps_epochsRunIntoEachOther(
      int examples, int batch, int epochs, boolean drop, long expected) {
    assertThat(new ShuffleBufferOrder(examples, batch, 100, 1, drop).steps(epochs))
        .isEqualTo(expected);
  }

  /** Runs made by earlier versions are resumed by later ones. */
  @Test
  void batch_knownSeed_isPinned() {
    assertThat(new ShuffleBufferOrder(10, 4, 3, 42, true).batch(0)).containsExactly(0, 3, 2, 1);
    assertThat(new ShuffleBufferOrder(10, 4, 3, 42, true).batch(1_000_000_007L))
        .containsExactly(8, 0, 3, 3);
  }

  @Test
  void new_nothingToOrder_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ShuffleBufferOrder(0, 1, 1, 1, true));
    assertThatIllegalArgumentException().isThrownBy(() -> new ShuffleBufferOrder(1, 0, 1, 1, true));
    assertThatIllegalArgumentException().isThrownBy(() -> new ShuffleBufferOrder(1, 1, 0, 1, true));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ShuffleBufferOrder(4, 1, 1, 1, true).batch(-1));
  }
}
