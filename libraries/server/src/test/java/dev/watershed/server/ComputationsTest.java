package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ComputationsTest {
  private final Computations computations =
      new Computations(
          new ServerConfiguration(
              new ByteSize(1 << 20),
              false,
              10,
              Duration.ofMinutes(1),
              Duration.ofMinutes(1),
              Duration.ofSeconds(20),
              Duration.ofSeconds(10),
              Duration.ofSeconds(8),
              1,
              1));

  @AfterEach
  void close() {
    computations.close();
  }

  @Test
  void run_work_isDoneOnAPlatformThreadOfTheirOwn() {
    String name =
        computations.run(
            unwanted -> {
              assertThat(Thread.currentThread().isVirtual()).isFalse();
              return Thread.currentThread().getName();
            });
    assertThat(name).startsWith("computation-");
  }

  @Test
  void run_workThatThrows_throwsTheSame() {
    var thrown = new IllegalArgumentException("no");
    assertThatThrownBy(
            () ->
                computations.run(
                    unwanted -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
  }

  @Test
  void run_queueFull_isRefusedWithWhenToComeBack() throws Exception {
    var release = new CountDownLatch(1);
    var running = occupy(release);
    var first = async(() -> computations.run(unwanted -> 2));
    var second = async(() -> computations.run(unwanted -> 2));

    // Whichever comes second finds the one place to wait in taken.
    var refused =
        CompletableFuture.anyOf(first, second)
            .handle((value, thrown) -> thrown)
            .get(10, TimeUnit.SECONDS);
    assertThat(refused)
        .cause()
        .isInstanceOfSatisfying(
            RefusedException.class,
            cause -> assertThat(cause.kind()).isEqualTo(RefusedException.Kind.RESOURCE_EXHAUSTED));
    release.countDown();
    assertThat(running.get(10, TimeUnit.SECONDS)).isEqualTo(1);
  }

  @Test
  void run_callCancelled_endsRunningWorkAtItsNextLookAndFreesThePlaceOfWaitingWork()
      throws Exception {
    var context = Context.current().withCancellation();
    var started = new CountDownLatch(1);
    var running =
        async(
            () -> {
              try {
                return context.call(
                    () ->
                        computations.run(
                            unwanted -> {
                              started.countDown();
                              while (true) {
                                unwanted.run();
                              }
                            }));
              } catch (Exception e) {
                throw new CancellationException(e.getMessage());
              }
            });
    assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
    context.cancel(null);
    assertThatThrownBy(() -> running.get(10, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(CancellationException.class);
    int next = computations.run(unwanted -> 7);
    assertThat(next).isEqualTo(7);
  }

  private CompletableFuture<Integer> occupy(CountDownLatch release) throws InterruptedException {
    var started = new CountDownLatch(1);
    var running =
        async(
            () ->
                computations.run(
                    unwanted -> {
                      started.countDown();
                      try {
                        assertThat(release.await(20, TimeUnit.SECONDS)).isTrue();
                      } catch (InterruptedException e) {
                        throw new CancellationException();
                      }
                      return 1;
                    }));
    assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
    return running;
  }

  private static <T> CompletableFuture<T> async(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, Thread::startVirtualThread);
  }
}
