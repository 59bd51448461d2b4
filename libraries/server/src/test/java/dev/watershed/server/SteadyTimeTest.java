package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class SteadyTimeTest {
  private static final Instant START = Instant.parse("2026-11-27T12:00:00Z");

  private final AtomicReference<Instant> wall = new AtomicReference<>(START);
  private final AtomicLong nanos = new AtomicLong(7);
  private final SteadyTime time = new SteadyTime(wall::get, nanos::get);

  @Test
  void now_clockSetBackTwoDays_goesOnBySeconds() {
    wall.set(START.minus(Duration.ofDays(2)));
    nanos.addAndGet(Duration.ofSeconds(3).toNanos());
    assertThat(time.now()).isEqualTo(START.plusSeconds(3));
    nanos.addAndGet(Duration.ofSeconds(4).toNanos());
    assertThat(time.now()).isEqualTo(START.plusSeconds(7));
  }

  @Test
  void now_clockSetForward_follows() {
    wall.set(START.plus(Duration.ofDays(2)));
    assertThat(time.now()).isEqualTo(START.plus(Duration.ofDays(2)));
  }
}
