package dev.watershed.s3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/** Whatever two processes do in turn, they see what one map would hold. */
final class S3HistoriesTest {
  private static final List<String> IDS = List.of("a", "b", "a.b");
  private static final long SMALL_CACHE = 10_000;

  private static @Nullable S3Server server;
  private static Path directory = Path.of("");
  private static int histories;

  private enum Verb {
    PUT,
    WRITE,
    READ,
    REMOVE,
    LIST,
    REOPEN
  }

  /**
   * @param second whether the second process does it
   */
  private record Step(Verb verb, boolean second, String id, int seed) {}

  @BeforeContainer
  static void start() throws Exception {
    directory = Files.createTempDirectory("histories");
    server = S3Server.start(directory);
  }

  @AfterContainer
  static void stop() throws Exception {
    if (server != null) {
      server.close();
    }
    DurableFiles.deleteDirectory(directory);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return Combinators.combine(
            Arbitraries.of(Verb.values()),
            Arbitraries.of(true, false),
            Arbitraries.of(IDS),
            Arbitraries.integers().between(1, 2))
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(25);
  }

  @Property(tries = 15, shrinking = ShrinkingMode.OFF)
  void history_ofTwoProcesses_isThatOfAMap(@ForAll("steps") List<Step> steps) throws IOException {
    String prefix = "history-" + histories++;
    var model = new HashMap<String, CheckpointManifest>();
    var stores = new ArrayList<>(List.of(open(prefix), open(prefix)));
    try {
      for (Step step : steps) {
        int process = step.second() ? 1 : 0;
        if (step.verb() == Verb.REOPEN) {
          stores.get(process).close();
          stores.set(process, open(prefix));
        } else {
          take(step, stores.get(process), model);
        }
      }
    } finally {
      stores.forEach(S3CheckpointStore::close);
    }
  }

  private static S3CheckpointStore open(String prefix) throws IOException {
    S3Server running = Objects.requireNonNull(server);
    return S3CheckpointStore.open(
        running.settings(prefix),
        S3Server.CREDENTIALS,
        directory.resolve("cache-" + prefix),
        SMALL_CACHE,
        S3Server.MAX_BYTES,
        Clock.systemUTC(),
        System::nanoTime);
  }

  private static void take(
      Step step, S3CheckpointStore store, Map<String, CheckpointManifest> model)
      throws IOException {
    CheckpointManifest there = model.get(step.id());
    switch (step.verb()) {
      case PUT, WRITE -> {
        try {
          CheckpointManifest kept = put(step, store);
          if (there == null) {
            model.put(step.id(), kept);
          } else {
            assertThat(kept).isEqualTo(there);
          }
        } catch (InvalidInputException e) {
          assertThat(e.reason()).isEqualTo("CHECKPOINT_ID_TAKEN");
          assertThat(there).isNotNull();
        }
      }
      case READ -> {
        assertThat(store.find(step.id()).orElse(null)).isEqualTo(there);
        if (there != null) {
          try (ParameterVector weights =
              store.read(there, files -> HuggingFaceCheckpoint.open(files).read())) {
            assertThat(weights.digest()).isEqualTo(there.digest());
          }
        }
      }
      case REMOVE -> {
        var removed = store.remove(step.id());
        assertThat(removed.isPresent()).isEqualTo(there != null);
        model.remove(step.id());
        if (removed.isPresent()) {
          removed.get().close();
        }
      }
      default -> {}
    }
    assertThat(store.list()).containsExactlyInAnyOrderElementsOf(model.values());
  }

  private static CheckpointManifest put(Step step, S3CheckpointStore store) throws IOException {
    if (step.verb() == Verb.PUT) {
      return store.put(step.id(), "", 0, Prepared.directory(directory, step.seed()));
    }
    try (ParameterVector weights = Prepared.weights(step.seed())) {
      return store.write(step.id(), "", 0, weights, List.of(), List.of(), Map.of());
    }
  }
}
