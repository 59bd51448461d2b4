package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.server.RefusedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class WorkQueueTest {
  private final WorkQueue queue = new WorkQueue("test", 1);
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void close() {
    release.countDown();
    queue.close();
  }

  @Test
  void run_unit_returnsItsResultFromTheQueuesOwnThread() throws Exception {
    String thread = queue.run(() -> false, unwanted -> Thread.currentThread().getName());
    assertThat(thread).isEqualTo("test-0");
  }

  @Test
  void run_unitThrows_throwsTheSame() {
    IllegalArgumentException thrown = new IllegalArgumentException("no");
    assertThatThrownBy(
            () ->
                queue.run(
                    () -> false,
                    unwanted -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
  }

  @Test
  void run_twoCallersWithManyUnits_takeTurns() throws Exception {
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    CompletableFuture<Void> busy = occupy();
    CompletableFuture<Void> first = caller("a", order);
    awaitWaiting(1);
    CompletableFuture<Void> second = caller("b", order);
    awaitWaiting(2);
    release.countDown();
    busy.get();
    first.get();
    second.get();

    assertThat(order).isEqualTo(List.of("a", "b", "a", "b", "a", "b", "a", "b", "a", "b"));
  }

  /** Asks for five units, each of which lasts until the other caller is in the queue again. */
  private CompletableFuture<Void> caller(String name, List<String> order) {
    return inBackground(
        () -> {
          for (int i = 0; i < 5; i++) {
            queue.run(
                () -> false,
                unwanted -> {
                  if (order.size() < 9) {
                    awaitWaiting(1);
                  }
                  return order.add(name);
                });
          }
        });
  }

  private void awaitWaiting(int units) {
    while (queue.waiting() < units) {
      Thread.onSpinWait();
    }
  }

  @Test
  void run_twoThreads_workAtTheSameTime() throws Exception {
    try (WorkQueue two = new WorkQueue("two", 2)) {
      CyclicBarrier together = new CyclicBarrier(2);
      CompletableFuture<Void> other =
          inBackground(() -> two.run(() -> false, unwanted -> together.await()));
      assertThat(two.<Integer>run(() -> false, unwanted -> together.await())).isBetween(0, 1);
      other.get();
    }
  }

  @Test
  void run_cancelledWhileWaiting_endsAtOnceAndNeverRuns() throws Exception {
    CompletableFuture<Void> busy = occupy();
    AtomicBoolean ran = new AtomicBoolean();
    AtomicBoolean cancelled = new AtomicBoolean();
    CompletableFuture<Void> waiting =
        inBackground(
            () ->
                queue.run(
                    cancelled::get,
                    unwanted -> {
                      ran.set(true);
                      return "";
                    }));
    cancelled.set(true);

    assertThatThrownBy(waiting::get).isInstanceOf(CancellationException.class);
    release.countDown();
    busy.get();
    queue.run(() -> false, unwanted -> "");
    assertThat(ran).isFalse();
  }

  @Test
  void run_cancelledWhileRunning_endsAtOnceAndTheUnitHearsOfIt() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch heard = new CountDownLatch(1);
    AtomicBoolean cancelled = new AtomicBoolean();
    CompletableFuture<Void> running =
        inBackground(
            () ->
                queue.run(
                    cancelled::get,
                    unwanted -> {
                      started.countDown();
                      while (!unwanted.getAsBoolean()) {
                        Thread.onSpinWait();
                      }
                      heard.countDown();
                      throw new CancellationException();
                    }));
    started.await();
    cancelled.set(true);

    assertThatThrownBy(running::get).isInstanceOf(CancellationException.class);
    assertThat(heard.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void close_unitRunningAndAnotherWaiting_refusesBothAsUnavailable() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> running =
        inBackground(
            () ->
                queue.run(
                    () -> false,
                    unwanted -> {
                      started.countDown();
                      while (!unwanted.getAsBoolean()) {
                        Thread.onSpinWait();
                      }
                      throw new CancellationException();
                    }));
    started.await();
    CompletableFuture<Void> waiting =
        inBackground(() -> queue.run(() -> false, unwanted -> "never"));
    queue.close();

    assertThatThrownBy(running::get).hasCauseInstanceOf(RefusedException.class);
    assertThatThrownBy(waiting::get).hasCauseInstanceOf(RefusedException.class);
  }

  /** Something that may throw. */
  private interface Body {
    void run() throws Exception;
  }

  private CompletableFuture<Void> occupy() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> busy =
        inBackground(
            () ->
                queue.run(
                    () -> false,
                    unwanted -> {
                      started.countDown();
                      release.await();
                      return "";
                    }));
    started.await();
    return busy;
  }

  private static CompletableFuture<Void> inBackground(Body body) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                body.run();
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }
}
