package dev.watershed.analysis.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

final class TilesTest {
  /** Whatever is claimed, fails, is put back, leaves and comes back, in whatever order. */
  @Property(tries = 500)
  void claim_anyHistory_everyPairIsDoneOnce(
      @ForAll @IntRange(min = 1, max = 40) int models,
      @ForAll @IntRange(min = 1, max = 6) int lanes,
      @ForAll @IntRange(min = 0, max = 45) int capacity,
      @ForAll long seed) {
    var random = new Random(seed);
    var pairs = new ArrayList<>(pairs(models));
    pairs.removeIf(pair -> random.nextInt(4) == 0);
    Collections.shuffle(pairs, random);
    var tiles = new Tiles(pairs);
    var running = new ArrayList<ModelPair>();
    var done = new ArrayList<ModelPair>();
    int faults = 200;
    while (!tiles.isDone()) {
      Integer lane = random.nextInt(lanes);
      int dice = random.nextInt(10);
      if (dice == 0 && faults-- > 0) {
        tiles.leave(lane);
      } else if (dice == 1 && faults-- > 0 && !running.isEmpty()) {
        var failed = running.remove(random.nextInt(running.size()));
        tiles.putBack(failed);
        // It is the next that anybody gets.
        assertThat(tiles.claim(lane, capacity)).hasValue(failed);
        running.add(failed);
      } else if (dice < 5 && !running.isEmpty()) {
        var ended = running.remove(random.nextInt(running.size()));
        tiles.done(ended);
        done.add(ended);
      } else {
        var claimed = tiles.claim(lane, capacity);
        if (claimed.isEmpty()) {
          // Nothing is left for one only where all that is left runs.
          assertThat(running).hasSize(pairs.size() - done.size());
        }
        claimed.ifPresent(
            pair -> {
              assertThat(running).doesNotContain(pair);
              assertThat(done).doesNotContain(pair);
              running.add(pair);
            });
      }
    }
    assertThat(running).isEmpty();
    assertThat(done).containsExactlyInAnyOrderElementsOf(pairs);
  }

  @Example
  void claim_memoryForFew_readsEachModelOncePerAnchorsBeforeIt() {
    // 10 times 3 anchors, and 2: each reads itself and all beyond.
    int anchored = IntStream.range(0, 11).map(tile -> 32 - 3 * tile).sum();
    assertThat(anchored).isEqualTo(187);
    assertThat(Tiles.plannedReads(32, 5)).isEqualTo(anchored);
    assertThat(reads(32, 1, 5).getFirst()).isBetween(anchored - 2 * 11, anchored);
  }

  /** Whatever there is of models, memory and evaluators. */
  @Property(tries = 60)
  void claim_anyFleet_readsLittleMoreThanThePlan(
      @ForAll @IntRange(min = 3, max = 60) int models,
      @ForAll @IntRange(min = 4, max = 70) int capacity,
      @ForAll @IntRange(min = 1, max = 4) int lanes) {
    int sum = reads(models, lanes, capacity).stream().mapToInt(Integer::intValue).sum();
    // Each evaluator fills its memory; those that share a group of anchors each read these.
    assertThat((long) sum)
        .isLessThanOrEqualTo(
            Tiles.plannedReads(models, capacity) * 5 / 4
                + (long) lanes * Math.min(models, capacity) * 2);
  }

  @Example
  void claim_severalLanes_shareTheReadsOfOne() {
    int one = reads(32, 1, 5).getFirst();
    for (int lanes : new int[] {2, 4}) {
      var reads = reads(32, lanes, 5);
      int sum = reads.stream().mapToInt(Integer::intValue).sum();
      assertThat(sum).as("%s", reads).isLessThanOrEqualTo(one + one / 4);
      assertThat(Collections.max(reads)).as("%s", reads).isLessThan(one * 3 / 2 / lanes);
    }
  }

  @Example
  void claim_memoryForAll_noLaneReadsThemAll() {
    assertThat(reads(32, 1, 100)).containsExactly(32);
    assertThat(reads(32, 4, 100)).allSatisfy(count -> assertThat(count).isLessThan(32));
  }

  @Example
  void claim_oneLaneIsSlow_othersTakeHalfOfItsTile() {
    var tiles = new Tiles(pairs(8));
    var slow = tiles.claim("slow", 100).orElseThrow();
    int others = 0;
    for (var pair = tiles.claim("fast", 100); pair.isPresent(); pair = tiles.claim("fast", 100)) {
      tiles.done(pair.get());
      others++;
    }
    assertThat(others).isEqualTo(8 * 7 / 2 - 1);
    assertThat(tiles.isDone()).isFalse();
    tiles.done(slow);
    assertThat(tiles.isDone()).isTrue();
  }

  @Example
  void done_notClaimed_isRefused() {
    var tiles = new Tiles(pairs(3));
    assertThatThrownBy(() -> tiles.done(new ModelPair(0, 1)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new Tiles(List.of(new ModelPair(0, 1), new ModelPair(0, 1))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Models that each lane reads, with a memory of which the least recently used goes first. */
  private static List<Integer> reads(int models, int lanes, int capacity) {
    var tiles = new Tiles(pairs(models));
    var memories = new HashMap<Integer, LinkedHashSet<Integer>>();
    var reads = new ArrayList<>(Collections.nCopies(lanes, 0));
    var seen = new HashSet<ModelPair>();
    var turns = new ArrayDeque<>(IntStream.range(0, lanes).boxed().toList());
    while (!tiles.isDone()) {
      int lane = turns.remove();
      turns.add(lane);
      var pair = tiles.claim(lane, capacity);
      if (pair.isEmpty()) {
        continue;
      }
      assertThat(seen.add(pair.get())).isTrue();
      var memory = memories.computeIfAbsent(lane, key -> new LinkedHashSet<>());
      for (int model : new int[] {pair.get().a(), pair.get().b()}) {
        if (!memory.remove(model)) {
          reads.set(lane, reads.get(lane) + 1);
        }
        memory.add(model);
        if (memory.size() > capacity) {
          memory.removeFirst();
        }
      }
      tiles.done(pair.get());
    }
    return reads;
  }

  private static List<ModelPair> pairs(int models) {
    return IntStream.range(0, models)
        .boxed()
        .flatMap(b -> IntStream.range(0, b).mapToObj(a -> new ModelPair(a, b)))
        .toList();
  }
}
