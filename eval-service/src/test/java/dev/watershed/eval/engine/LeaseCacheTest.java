package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.eval.engine.LeaseCache.Lease;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LeaseCacheTest {
  private static final long MIB = 1 << 20;

  private final AtomicInteger open = new AtomicInteger();
  private final LeaseCache cache = new LeaseCache(4 * MIB);

  private record Name(String name) implements LeaseCache.Key<Native> {}

  private Lease<Native> lease(String name, long bytes) {
    return cache.lease(new Name(name), bytes, () -> new Native());
  }

  private boolean prefetch(String name, long bytes, Predicate<LeaseCache.Key<?>> mayGo) {
    return cache.prefetch(new Name(name), bytes, () -> new Native(), mayGo);
  }

  /** Stands for native memory: tells whether it is open and refuses to be closed twice. */
  private final class Native implements AutoCloseable {
    private volatile boolean closed;

    Native() {
      open.incrementAndGet();
    }

    @Override
    public void close() {
      assertThat(closed).isFalse();
      closed = true;
      open.decrementAndGet();
    }
  }

  @Test
  void lease_sameKeyTwice_isMadeOnce() {
    try (Lease<Native> first = lease("a", MIB);
        Lease<Native> second = lease("a", MIB)) {
      assertThat(second.value()).isSameAs(first.value());
    }
    assertThat(open).hasValue(1);
  }

  @Test
  void lease_moreThanFits_closesTheLeastRecentlyUsed() {
    for (String name : List.of("a", "b", "c", "d")) {
      lease(name, MIB).close();
    }
    lease("a", MIB).close();
    lease("e", MIB).close();

    assertThat(open).hasValue(4);
    assertThat(cache.isReady(new Name("a"))).isTrue();
    assertThat(cache.isReady(new Name("b"))).isFalse();
    assertThat(cache.heldBytes()).isEqualTo(4 * MIB);
    assertThat(cache.peakBytes()).isEqualTo(4 * MIB);
    cache.close();
    assertThat(open).hasValue(0);
    assertThat(cache.heldBytes()).isZero();
  }

  @Test
  void lease_roomIsLeased_waitsUntilItIsGivenBack() throws Exception {
    Lease<Native> held = lease("held", 3 * MIB);
    CountDownLatch asked = new CountDownLatch(1);
    CompletableFuture<Void> other =
        CompletableFuture.runAsync(
            () -> {
              asked.countDown();
              lease("other", 2 * MIB).close();
            });
    asked.await();
    assertThat(held.value().closed).isFalse();
    held.close();
    other.get(10, TimeUnit.SECONDS);

    assertThat(cache.isReady(new Name("held"))).isFalse();
    assertThat(cache.peakBytes()).isEqualTo(3 * MIB);
  }

  @Test
  void lease_madeByAnother_waitsForItAndMakesNone() throws Exception {
    CountDownLatch making = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Boolean> reader =
        CompletableFuture.supplyAsync(
            () ->
                cache.prefetch(
                    new Name("a"),
                    MIB,
                    () -> {
                      making.countDown();
                      awaitUninterruptibly(release);
                      return new Native();
                    },
                    key -> false));
    making.await();
    CompletableFuture<Void> asker =
        CompletableFuture.runAsync(
            () ->
                cache
                    .lease(
                        new Name("a"),
                        MIB,
                        () -> {
                          throw new AssertionError("made twice");
                        })
                    .close());
    release.countDown();
    asker.get(10, TimeUnit.SECONDS);

    assertThat(reader.get()).isTrue();
    assertThat(open).hasValue(1);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void prefetch_freesOnlyWhatMayGoAndNothingInVain() {
    lease("a", MIB).close();
    lease("b", MIB).close();
    try (Lease<Native> inUse = lease("c", 2 * MIB)) {
      assertThat(prefetch("d", MIB, key -> false)).isFalse();
      assertThat(prefetch("d", 2 * MIB, key -> key.equals(new Name("b")))).isFalse();
      assertThat(prefetch("d", 3 * MIB, key -> true)).isFalse();
      assertThat(open).hasValue(3);
      assertThat(prefetch("d", MIB, key -> key.equals(new Name("b")))).isTrue();
      assertThat(prefetch("d", MIB, key -> true)).isFalse();
      assertThat(inUse.value().closed).isFalse();
    }
    assertThat(cache.isReady(new Name("a"))).isTrue();
    assertThat(cache.isReady(new Name("b"))).isFalse();
    assertThat(cache.isReady(new Name("d"))).isTrue();
  }

  @Test
  void close_whileHeld_keepsTheValueUntilItsLeaseIsClosed() {
    Lease<Native> held = lease("held", MIB);
    Native value = held.value();
    cache.close();

    assertThat(value.closed).isFalse();
    held.close();
    assertThat(value.closed).isTrue();
    assertThat(open).hasValue(0);
    assertThatThrownBy(() -> lease("more", MIB)).isInstanceOf(IllegalStateException.class);
    assertThat(prefetch("more", MIB, key -> true)).isFalse();
  }

  @Test
  void lease_valueLargerThanTheCache_isRefusedUnmade() {
    assertThatThrownBy(() -> lease("large", 4 * MIB + 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(prefetch("large", 4 * MIB + 1, key -> true)).isFalse();
    assertThat(open).hasValue(0);
  }

  @Test
  void lease_makingFails_leavesNothingBehind() {
    assertThatThrownBy(
            () ->
                cache.lease(
                    new Name("a"),
                    4 * MIB,
                    () -> {
                      throw new IllegalArgumentException("unreadable");
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(cache.heldBytes()).isZero();
    lease("a", 4 * MIB).close();
    assertThat(open).hasValue(1);
  }

  @Test
  void value_afterClosing_isRefusedAndClosingTwiceIsHarmless() {
    Lease<Native> lease = lease("a", MIB);
    Lease<Native> other = lease("a", MIB);
    lease.close();
    lease.close();
    assertThatThrownBy(lease::value).isInstanceOf(IllegalStateException.class);
    assertThat(prefetch("b", 4 * MIB, key -> true)).as("one lease is left").isFalse();
    other.close();
    assertThat(open).hasValue(1);
  }

  @Test
  void lease_manyThreadsAndLittleRoom_neverGivesOutWhatIsClosed() throws Exception {
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    for (int t = 0; t < 8; t++) {
      Random random = new Random(t);
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((thread, e) -> failures.add(e))
              .start(
                  () -> {
                    for (int i = 0; i < 2000; i++) {
                      String name = "key" + random.nextInt(10);
                      if (random.nextInt(4) == 0) {
                        prefetch(name, MIB, key -> random.nextBoolean());
                        continue;
                      }
                      try (Lease<Native> lease = lease(name, MIB)) {
                        assertThat(lease.value().closed).isFalse();
                        assertThat(open.get()).isLessThanOrEqualTo(4);
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    assertThat(cache.peakBytes()).isEqualTo(4 * MIB);
    cache.close();
    assertThat(open).hasValue(0);
  }
}
