package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class StoreWaitTest {
  private final AtomicInteger tries = new AtomicInteger();

  private boolean awayUntil(int last) throws IOException {
    if (tries.incrementAndGet() < last) {
      throw new UncheckedIOException(new StoreUnavailableException("away"));
    }
    return true;
  }

  @Test
  void run_storeThatComesBack_isDone() throws IOException {
    assertThat(StoreWait.run("it", Duration.ZERO, () -> false, () -> awayUntil(5))).isTrue();
    assertThat(tries).hasValue(5);
  }

  @Test
  void run_stoppedMeanwhile_isNotDone() throws IOException {
    assertThat(StoreWait.run("it", Duration.ZERO, () -> tries.get() == 3, () -> awayUntil(5)))
        .isFalse();
    assertThat(tries).hasValue(3);
  }

  @Test
  void run_anotherFailure_isThrown() {
    assertThatThrownBy(
            () ->
                StoreWait.run(
                    "it",
                    Duration.ZERO,
                    () -> false,
                    () -> {
                      throw new EOFException("short");
                    }))
        .isInstanceOf(EOFException.class);
  }
}
