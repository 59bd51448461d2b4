package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.eval.engine.LeaseCache.Key;
import dev.watershed.eval.engine.Prefetcher.Announcement;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PrefetcherTest {
  private record Name(String name) implements Key<AutoCloseable> {}

  /** Tells what is asked for, reads only as often as it is allowed to, and holds two models. */
  private static final class Shelf implements Prefetcher.Target {
    final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    final Semaphore allowed = new Semaphore(0);
    private final Set<Key<?>> held = new HashSet<>();

    @Override
    public Key<?> key(Model model) {
      return new Name(model.name());
    }

    @Override
    public boolean prefetch(Model model, Predicate<Key<?>> mayGo) {
      Key<?> key = key(model);
      if (held.contains(key)) {
        return false;
      }
      asked.add(model.name());
      if (model.name().equals("broken")) {
        throw new IllegalStateException("cannot be read");
      }
      if (held.size() == 2) {
        Key<?> oldest = held.stream().filter(mayGo).findFirst().orElse(null);
        if (oldest == null) {
          return false;
        }
        held.remove(oldest);
      }
      allowed.acquireUninterruptibly();
      return held.add(key);
    }
  }

  private static Model model(String name) {
    var config =
        new EncoderConfig(Family.BERT, 10, 4, 1, 1, 4, 4, 1, 1e-12, Activation.GELU, 0, 0, 0, 0);
    return new Model(
        name,
        "model",
        new CheckpointManifest(
            name,
            new Digest("0".repeat(64), 0),
            "bert",
            Head.CLASSIFICATION,
            List.of("a", "b"),
            0,
            "",
            0,
            Instant.EPOCH,
            Map.of(),
            List.of(),
            Map.of()),
        new Architecture(config, Head.CLASSIFICATION, List.of("a", "b")),
        "");
  }

  @Test
  void announce_several_readsInOrderOfNeedAndFreesNothingNeededSooner() throws Exception {
    Shelf shelf = new Shelf();
    try (Prefetcher prefetcher = new Prefetcher(shelf)) {
      Announcement first = prefetcher.announce(List.of(model("a")));
      assertThat(next(shelf)).isEqualTo("a");
      prefetcher.announceLater(List.of(model("d")));
      prefetcher.announce(List.of(model("b"), model("c")));
      shelf.allowed.release(100);

      assertThat(next(shelf)).as("queued before later").isEqualTo("b");
      assertThat(next(shelf)).isEqualTo("c");
      assertThat(shelf.held).containsExactlyInAnyOrder(new Name("a"), new Name("b"));
      // No room for c while a and b are needed sooner; a's work has its weights now.
      assertThat(next(shelf)).isEqualTo("d");
      first.close();
      assertThat(next(shelf)).isEqualTo("c");
      assertThat(next(shelf)).as("no room beside b and c").isEqualTo("d");
      assertThat(shelf.held).containsExactlyInAnyOrder(new Name("b"), new Name("c"));
    }
  }

  @Test
  void announce_modelThatCannotBeRead_goesOnWithTheNext() throws Exception {
    Shelf shelf = new Shelf();
    shelf.allowed.release(100);
    try (Prefetcher prefetcher = new Prefetcher(shelf)) {
      prefetcher.announce(List.of(model("broken"), model("a")));
      assertThat(next(shelf)).isEqualTo("broken");
      assertThat(next(shelf)).isEqualTo("a");
    }
  }

  private static String next(Shelf shelf) throws InterruptedException {
    String name = shelf.asked.poll(10, TimeUnit.SECONDS);
    assertThat(name).isNotNull();
    return name;
  }
}
