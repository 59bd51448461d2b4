package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ThroughputTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Throughput throughput = new Throughput(nanos::get);

  @Test
  void perSecond_beforeAnything_isZero() {
    assertThat(throughput.perSecond()).isZero();
  }

  @Test
  void perSecond_steadyPace_isThePace() {
    for (int i = 0; i < 100; i++) {
      nanos.addAndGet(100_000_000);
      throughput.add(32);
    }
    assertThat(throughput.perSecond()).isEqualTo(320, within(1e-9));
  }

  @Test
  void perSecond_paceChanged_forgetsTheOldOne() {
    for (int i = 0; i < 100; i++) {
      nanos.addAndGet(100_000_000);
      throughput.add(32);
    }
    for (int i = 0; i < 60; i++) {
      nanos.addAndGet(100_000_000);
      throughput.add(1);
    }
    assertThat(throughput.perSecond()).isEqualTo(10, within(1e-9));
  }
}
