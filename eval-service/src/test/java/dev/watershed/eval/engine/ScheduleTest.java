package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.eval.engine.Schedule.Needs;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.eval.plan.PointKey;
import dev.watershed.server.RefusedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
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
final class ScheduleTest {
  private final Schedule schedule = new Schedule("test", 1, 0);
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void close() {
    release.countDown();
    schedule.close();
  }

  @Test
  void run_unit_returnsItsResultFromTheSchedulesOwnThread() throws Exception {
    String thread =
        schedule.run(Needs.NOTHING, () -> false, turn -> Thread.currentThread().getName());
    assertThat(thread).isEqualTo("test-0");
  }

  @Test
  void run_unitThrows_throwsTheSame() {
    IllegalArgumentException thrown = new IllegalArgumentException("no");
    assertThatThrownBy(
            () ->
                schedule.run(
                    Needs.NOTHING,
                    () -> false,
                    turn -> {
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
            schedule.run(
                Needs.NOTHING,
                () -> false,
                turn -> {
                  if (order.size() < 9) {
                    awaitWaiting(1);
                  }
                  return order.add(name);
                });
          }
        });
  }

  private void awaitWaiting(int units) {
    while (schedule.waiting() < units) {
      Thread.onSpinWait();
    }
  }

  @Test
  void run_twoThreads_workAtTheSameTime() throws Exception {
    try (Schedule two = new Schedule("two", 2, 0)) {
      CyclicBarrier together = new CyclicBarrier(2);
      CompletableFuture<Void> other =
          inBackground(() -> two.run(Needs.NOTHING, () -> false, turn -> together.await()));
      assertThat(two.<Integer>run(Needs.NOTHING, () -> false, turn -> together.await()))
          .isBetween(0, 1);
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
                schedule.run(
                    Needs.NOTHING,
                    cancelled::get,
                    turn -> {
                      ran.set(true);
                      return "";
                    }));
    cancelled.set(true);
    schedule.wake();

    assertThatThrownBy(waiting::get).isInstanceOf(CancellationException.class);
    release.countDown();
    busy.get();
    schedule.run(Needs.NOTHING, () -> false, turn -> "");
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
                schedule.run(
                    Needs.NOTHING,
                    cancelled::get,
                    turn -> {
                      started.countDown();
                      while (!turn.isUnwanted()) {
                        Thread.onSpinWait();
                      }
                      heard.countDown();
                      throw new CancellationException();
                    }));
    started.await();
    cancelled.set(true);
    schedule.wake();

    assertThatThrownBy(running::get).isInstanceOf(CancellationException.class);
    assertThat(heard.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void close_unitRunningAndAnotherWaiting_refusesBothAsUnavailable() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> running =
        inBackground(
            () ->
                schedule.run(
                    Needs.NOTHING,
                    () -> false,
                    turn -> {
                      started.countDown();
                      while (!turn.isUnwanted()) {
                        Thread.onSpinWait();
                      }
                      throw new CancellationException();
                    }));
    started.await();
    CompletableFuture<Void> waiting =
        inBackground(() -> schedule.run(Needs.NOTHING, () -> false, turn -> "never"));
    schedule.close();

    assertThatThrownBy(running::get).hasCauseInstanceOf(RefusedException.class);
    assertThatThrownBy(waiting::get).hasCauseInstanceOf(RefusedException.class);
  }

  @Test
  void run_memoryForTwo_thirdWaitsUntilSomeIsGivenBackAndASmallerOneDoesNotPass() throws Exception {
    try (Schedule four = new Schedule("four", 4, 10)) {
      CountDownLatch first = new CountDownLatch(1);
      CountDownLatch bothRun = new CountDownLatch(2);
      List<String> order = Collections.synchronizedList(new ArrayList<>());
      CompletableFuture<Void> reducing =
          inBackground(
              () ->
                  four.run(
                      new Needs(6, Set.of()),
                      () -> false,
                      turn -> {
                        bothRun.countDown();
                        first.await();
                        turn.reduceTo(2);
                        release.await();
                        return "";
                      }));
      CompletableFuture<Void> small =
          inBackground(
              () ->
                  four.run(
                      new Needs(3, Set.of()),
                      () -> false,
                      turn -> {
                        bothRun.countDown();
                        release.await();
                        return "";
                      }));
      bothRun.await();
      CompletableFuture<Void> large = ordered(four, new Needs(5, Set.of()), "large", order);
      while (four.waiting() < 1) {
        Thread.onSpinWait();
      }
      CompletableFuture<Void> fitting = ordered(four, new Needs(1, Set.of()), "fits", order);
      while (four.waiting() < 2) {
        Thread.onSpinWait();
      }
      assertThat(order).isEmpty();
      first.countDown();
      large.get();
      fitting.get();
      release.countDown();
      reducing.get();
      small.get();
      assertThat(order).containsExactlyInAnyOrder("large", "fits");
    }
  }

  @Test
  void run_pointThatAnotherComputes_waitsAndLetsOthersPass() throws Exception {
    try (Schedule two = new Schedule("two", 2, 0)) {
      CountDownLatch started = new CountDownLatch(1);
      List<String> order = Collections.synchronizedList(new ArrayList<>());
      CompletableFuture<Void> busy =
          inBackground(
              () ->
                  two.run(
                      new Needs(0, Set.of(point("a"), point("b"))),
                      () -> false,
                      turn -> {
                        started.countDown();
                        release.await();
                        return order.add("first");
                      }));
      started.await();
      CompletableFuture<Void> same = ordered(two, new Needs(0, Set.of(point("b"))), "same", order);
      while (two.waiting() < 1) {
        Thread.onSpinWait();
      }
      ordered(two, new Needs(0, Set.of(point("c"))), "other", order).get();
      release.countDown();
      busy.get();
      same.get();
      assertThat(order).containsExactly("other", "first", "same");
    }
  }

  private static CompletableFuture<Void> ordered(
      Schedule schedule, Needs needs, String name, List<String> order) {
    return inBackground(() -> schedule.run(needs, () -> false, turn -> order.add(name)));
  }

  private static PointKey point(String model) {
    return new PointKey(
        AffineCombination.line(model, model, 1), "sample", null, "", ComputePrecision.FP32);
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
                schedule.run(
                    Needs.NOTHING,
                    () -> false,
                    turn -> {
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
