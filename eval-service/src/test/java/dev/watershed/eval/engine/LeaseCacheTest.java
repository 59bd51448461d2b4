package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.eval.engine.LeaseCache.Lease;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class LeaseCacheTest {
  private static final long MIB = 1 << 20;

  private final AtomicInteger open = new AtomicInteger();
  private final LeaseCache<String, Native> cache = new LeaseCache<>(4 * MIB, Native::bytes);

  /** Stands for native memory: tells whether it is open and refuses to be closed twice. */
  private final class Native implements AutoCloseable {
    private final long bytes;
    private volatile boolean closed;

    Native(long bytes) {
      this.bytes = bytes;
      open.incrementAndGet();
    }

    long bytes() {
      return bytes;
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
    try (Lease<Native> first = cache.lease("a", () -> new Native(MIB));
        Lease<Native> second = cache.lease("a", () -> new Native(MIB))) {
      assertThat(second.value()).isSameAs(first.value());
    }
    assertThat(open).hasValue(1);
  }

  @Test
  void lease_moreThanFits_closesWhatNobodyUses() {
    for (int i = 0; i < 50; i++) {
      cache.lease("key" + i, () -> new Native(MIB)).close();
      assertThat(open.get()).isLessThanOrEqualTo(5);
    }
    cache.close();
    assertThat(open).hasValue(0);
  }

  @Test
  void lease_evictedWhileHeld_isOpenUntilItsLeaseIsClosed() {
    Lease<Native> held = cache.lease("held", () -> new Native(MIB));
    Native value = held.value();
    for (int i = 0; i < 50; i++) {
      cache.lease("key" + i, () -> new Native(3 * MIB)).close();
    }
    cache.close();

    assertThat(value.closed).isFalse();
    held.close();
    assertThat(value.closed).isTrue();
    assertThat(open).hasValue(0);
  }

  @Test
  void lease_valueLargerThanTheCache_isUsableAndThenClosed() {
    try (Lease<Native> large = cache.lease("large", () -> new Native(100 * MIB))) {
      assertThat(large.value().closed).isFalse();
    }
    assertThat(open).hasValue(0);
  }

  @Test
  void lease_makingFails_leavesNothingBehind() {
    assertThatThrownBy(
            () ->
                cache.lease(
                    "a",
                    () -> {
                      throw new IllegalArgumentException("unreadable");
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    cache.lease("a", () -> new Native(MIB)).close();
    assertThat(open).hasValue(1);
  }

  @Test
  void value_afterClosing_isRefusedAndClosingTwiceIsHarmless() {
    Lease<Native> lease = cache.lease("a", () -> new Native(MIB));
    lease.close();
    lease.close();
    assertThatThrownBy(lease::value).isInstanceOf(IllegalStateException.class);
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
                      String key = "key" + random.nextInt(10);
                      try (Lease<Native> lease = cache.lease(key, () -> new Native(MIB))) {
                        assertThat(lease.value().closed).isFalse();
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    cache.close();
    assertThat(open).hasValue(0);
  }
}
