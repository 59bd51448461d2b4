package dev.watershed.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.CheckpointStore.Held;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointCacheTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-20T10:00:00Z"), ZoneOffset.UTC);

  private final Path directory;
  private final AtomicInteger fetches = new AtomicInteger();

  CheckpointCacheTest(@TempDir Path directory) throws IOException {
    this.directory = directory.toRealPath();
  }

  private CheckpointCache cache(long maxBytes) throws IOException {
    return new CheckpointCache(directory, maxBytes, CLOCK);
  }

  private Held hold(CheckpointCache cache, String name, int bytes) throws IOException {
    return cache.hold(
        name,
        bytes,
        into -> {
          fetches.incrementAndGet();
          Files.write(into.resolve("file"), new byte[bytes]);
        });
  }

  private List<String> kept() throws IOException {
    try (var entries = Files.list(directory)) {
      return entries
          .map(path -> path.getFileName().toString().replaceFirst("~.*", ""))
          .sorted()
          .toList();
    }
  }

  @Test
  void hold_moreThanIsKept_leastRecentlyUsedGoes() throws IOException {
    var cache = cache(30);
    for (String name : List.of("a", "b", "c", "a", "d")) {
      hold(cache, name, 10).close();
    }
    assertThat(kept()).containsExactly("a", "c", "d");
    assertThat(fetches).hasValue(4);
  }

  @Test
  void hold_whatIsHeld_staysUntilItIsClosed() throws IOException {
    var cache = cache(10);
    Held a = hold(cache, "a", 10);
    Held again = hold(cache, "a", 10);
    Held b = hold(cache, "b", 10);
    assertThat(kept()).containsExactly("a", "b");
    a.close();
    assertThat(kept()).as("held once more").containsExactly("a", "b");
    again.close();
    assertThat(kept()).containsExactly("b");
    b.close();
    assertThat(kept()).containsExactly("b");
    hold(cache, "large", 11).close();
    assertThat(kept()).isEmpty();
  }

  @Test
  void hold_byManyAtOnce_isFetchedOnce() throws Exception {
    var cache = cache(100);
    try (var threads = Executors.newFixedThreadPool(8)) {
      var tasks = new ArrayList<Callable<Path>>();
      for (int i = 0; i < 8; i++) {
        tasks.add(
            () -> {
              try (Held held = hold(cache, "a", 10)) {
                return held.directory();
              }
            });
      }
      for (Future<Path> path : threads.invokeAll(tasks)) {
        assertThat(path.get().resolve("file")).hasSize(10);
      }
    }
    assertThat(fetches).hasValue(1);
  }

  @Test
  void hold_fetchThatFails_isToldToAllWhoWaitAndTriedAnew() throws Exception {
    var cache = cache(100);
    var begun = new CountDownLatch(1);
    var fail = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(2)) {
      var first =
          threads.submit(
              () ->
                  cache.hold(
                      "a",
                      10,
                      into -> {
                        begun.countDown();
                        awaitQuietly(fail);
                        throw new IOException("away");
                      }));
      begun.await();
      var waiting = threads.submit(() -> hold(cache, "a", 10));
      fail.countDown();
      assertThatThrownBy(first::get)
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("away");
      try {
        waiting.get().close(); // it came after the failure
      } catch (ExecutionException e) {
        assertThat(e).hasMessageContaining("away");
      }
    }
    hold(cache, "a", 10).close();
    assertThat(kept()).containsExactly("a");
  }

  @Test
  void hold_fetchThatIsGivenUp_isTakenOverByWhoWaits() throws Exception {
    var cache = cache(100);
    var begun = new CountDownLatch(1);
    var giveUp = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(2)) {
      var first =
          threads.submit(
              () ->
                  cache.hold(
                      "a",
                      10,
                      into -> {
                        begun.countDown();
                        awaitQuietly(giveUp);
                        throw new CancellationException("nobody wants it");
                      }));
      begun.await();
      var waiting = threads.submit(() -> hold(cache, "a", 10));
      giveUp.countDown();
      assertThatThrownBy(first::get).hasRootCauseInstanceOf(CancellationException.class);
      waiting.get().close();
    }
    assertThat(kept()).containsExactly("a");
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void open_whatAnEarlierProcessLeft_isTakenOverUpToTheBound() throws IOException {
    var before = cache(100);
    for (String name : List.of("a", "b", "c")) {
      hold(before, name, 10).close();
    }
    Files.createDirectory(directory.resolve(".incoming-killed"));
    var cache = cache(20);
    assertThat(kept()).hasSize(2);
    for (String name : kept()) {
      hold(cache, name, 10).close();
    }
    assertThat(fetches).hasValue(3);
  }

  @Test
  void drop_whatIsHeld_goesWithItsLastHolder() throws IOException {
    var cache = cache(100);
    Held old = hold(cache, "a", 10);
    cache.drop("a");
    cache.drop("a");
    Held fresh = hold(cache, "a", 10);
    assertThat(fresh.directory()).isNotEqualTo(old.directory());
    assertThat(kept()).hasSize(2);
    old.close();
    assertThat(fresh.directory()).exists();
    assertThat(kept()).hasSize(1);
    fresh.close();
    cache.drop("a");
    assertThat(kept()).isEmpty();
    cache.drop("never there");
  }
}
