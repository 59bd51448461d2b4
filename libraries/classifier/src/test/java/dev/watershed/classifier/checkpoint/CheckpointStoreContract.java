package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every store of checkpoints does, wherever it keeps them. */
public abstract class CheckpointStoreContract {
  protected static final Instant NOW = Instant.parse("2026-11-20T10:00:00Z");
  protected static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  @TempDir protected Path temporary = Path.of("");

  /** Opens the same store as another process would. */
  protected abstract CheckpointStore open(Clock clock) throws IOException;

  /** How often checkpoints come and go while others read. */
  protected int rounds() {
    return 100;
  }

  /** A Hugging Face directory, other weights for other seeds. */
  protected Path prepared(long seed) throws IOException {
    var config =
        new EncoderConfig(
            Family.BERT, 11, 8, 1, 2, 12, 10, 2, 1e-12, Activation.GELU, 0, .1, .1, .1);
    var architecture = new Architecture(config, Head.CLASSIFICATION, List.of("no", "yes"));
    Path directory = temporary.resolve("prepared-" + seed + "-" + System.nanoTime());
    try (ParameterVector weights =
        ParameterVector.random(ParameterLayout.of(architecture), .1, seed)) {
      HuggingFaceCheckpoint.write(directory, weights);
    }
    Files.writeString(directory.resolve("vocab.txt"), "[PAD]\n");
    Files.writeString(directory.resolve("notes.md"), "not ours");
    return directory;
  }

  protected void fails(ThrowingCallable call, InvalidInputException.Kind kind, String reason) {
    assertThatThrownBy(call)
        .hasMessageNotContaining(temporary.toString())
        .satisfies(e -> assertThat(e.getMessage()).doesNotContainPattern("incoming-[0-9a-f]{8}"))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(kind);
              assertThat(e.reason()).isEqualTo(reason);
            });
  }

  protected static ParameterVector weights(long seed) {
    var config =
        new EncoderConfig(
            Family.BERT, 11, 8, 1, 2, 12, 10, 2, 1e-12, Activation.GELU, 0, .1, .1, .1);
    return ParameterVector.random(
        ParameterLayout.of(new Architecture(config, Head.CLASSIFICATION, List.of("no", "yes"))),
        .1,
        seed);
  }

  @Test
  final void claim_severalAtATime_keepsOneUntilItIsDisowned() throws Exception {
    var store = open(CLOCK);
    assertThat(store.owner()).isEmpty();

    List<String> owners;
    try (var executor = Executors.newFixedThreadPool(4)) {
      var claims = new ArrayList<Callable<String>>();
      for (int i = 0; i < 4; i++) {
        String owner = "owner-" + i;
        claims.add(() -> store.claim(owner));
      }
      owners = executor.invokeAll(claims).stream().map(Future::resultNow).distinct().toList();
    }

    assertThat(owners).hasSize(1);
    assertThat(open(CLOCK).owner()).hasValue(owners.getFirst());
    assertThat(store.list()).isEmpty();
    store.disown();
    assertThat(store.owner()).isEmpty();
    assertThat(store.claim("another")).isEqualTo("another");
    store.disown();
    store.disown();
  }

  @Test
  void put_thenFind_inAnotherProcessToo() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest manifest = store.put("a", "trainingRuns/r", 600, prepared(1));
    assertThat(manifest.createTime()).isEqualTo(NOW);
    assertThat(manifest.labels()).containsExactly("no", "yes");
    assertThat(manifest.trainingRun()).isEqualTo("trainingRuns/r");
    assertThat(manifest.step()).isEqualTo(600);
    assertThat(manifest.files().keySet())
        .containsExactlyInAnyOrder("config.json", "model.safetensors", "vocab.txt");
    var other = open(CLOCK);
    assertThat(other.find("a")).contains(manifest);
    assertThat(other.find("b")).isEmpty();
    try (ParameterVector weights = HuggingFaceCheckpoint.open(other.hold("a").directory()).read()) {
      assertThat(weights.digest()).isEqualTo(manifest.digest());
      assertThat(weights.layout().size()).isEqualTo(manifest.parameterCount());
    }
  }

  @Test
  void put_sameContentAgain_changesNothing() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest first = store.put("a", "trainingRuns/r", 1, prepared(1));
    var later = open(Clock.offset(CLOCK, Duration.ofHours(1)));
    assertThat(later.put("a", "", 2, prepared(1))).isEqualTo(first);
  }

  @Test
  void put_otherContentOrTokenizer_isTaken() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest first = store.put("a", "", 0, prepared(1));
    fails(
        () -> store.put("a", "", 0, prepared(2)),
        InvalidInputException.Kind.MISMATCH,
        "CHECKPOINT_ID_TAKEN");
    Path otherTokenizer = prepared(1);
    Files.writeString(otherTokenizer.resolve("vocab.txt"), "[PAD]\n[UNK]\n");
    fails(
        () -> store.put("a", "", 0, otherTokenizer),
        InvalidInputException.Kind.MISMATCH,
        "CHECKPOINT_ID_TAKEN");
    assertThat(store.find("a")).contains(first);
  }

  @Test
  void put_unusableDirectory_leavesNothing() throws IOException {
    var store = open(CLOCK);
    Path noWeights = prepared(1);
    Files.delete(noWeights.resolve("model.safetensors"));
    fails(
        () -> store.put("a", "", 0, noWeights),
        InvalidInputException.Kind.INVALID,
        "WEIGHTS_MISSING");
    Path link = prepared(1);
    Files.delete(link.resolve("vocab.txt"));
    Files.createSymbolicLink(link.resolve("vocab.txt"), Path.of("/etc/hostname"));
    fails(() -> store.put("a", "", 0, link), InvalidInputException.Kind.FORBIDDEN, "SYMBOLIC_LINK");
    assertThat(store.list()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../a", "a/b", "A", ".incoming-a", "-a", "a\u0000"})
  void find_idThatIsNone_isRefused(String id) throws IOException {
    var store = open(CLOCK);
    fails(() -> store.find(id), InvalidInputException.Kind.INVALID, "CHECKPOINT_ID_INVALID");
    fails(() -> store.hold(id), InvalidInputException.Kind.INVALID, "CHECKPOINT_ID_INVALID");
    fails(
        () -> store.put(id, "", 0, prepared(1)),
        InvalidInputException.Kind.INVALID,
        "CHECKPOINT_ID_INVALID");
  }

  @Test
  void directory_unknownId_isNotFound() throws IOException {
    var store = open(CLOCK);
    fails(() -> store.hold("a"), InvalidInputException.Kind.NOT_FOUND, "CHECKPOINT_NOT_FOUND");
  }

  @Test
  void put_shards_isTheSameContentAsTheSingleFile() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest single = store.put("single", "", 0, prepared(1));
    Path directory = prepared(1);
    Shards.split(directory, 3);
    CheckpointManifest sharded = store.put("sharded", "", 0, directory);
    assertThat(sharded.digest()).isEqualTo(single.digest());
    assertThat(sharded.files().keySet())
        .containsExactlyInAnyOrder(
            "config.json",
            "vocab.txt",
            "model.safetensors.index.json",
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors");
    var other = open(CLOCK);
    try (ParameterVector weights =
        HuggingFaceCheckpoint.open(other.hold("sharded").directory()).read()) {
      assertThat(weights.digest()).isEqualTo(single.digest());
    }
    assertThat(store.put("single", "", 0, directory)).isEqualTo(single);
  }

  @Test
  void write_again_changesNothingAndOtherContentIsRefused() throws IOException {
    var store = open(CLOCK);
    try (var weights = weights(1);
        var others = weights(2)) {
      var first =
          store.write(
              "a",
              "trainingRuns/r",
              1,
              weights,
              List.of(),
              List.of("notice"),
              Map.of("recipe.learning_rate", "2e-5"));
      var later = open(Clock.offset(CLOCK, Duration.ofHours(1)));
      assertThat(later.write("a", "trainingRuns/r", 1, weights, List.of(), List.of(), Map.of()))
          .isEqualTo(first);
      fails(
          () -> store.write("a", "trainingRuns/r", 1, others, List.of(), List.of(), Map.of()),
          InvalidInputException.Kind.MISMATCH,
          "CHECKPOINT_ID_TAKEN");
      assertThat(first.notices()).containsExactly("notice");
      assertThat(later.find("a").orElseThrow().origin())
          .containsExactly(Map.entry("recipe.learning_rate", "2e-5"));
    }
  }

  @Test
  void read_oneThatStays_isWhatIsReadOrItsError() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest manifest = store.put("a", "", 0, prepared(1));
    String vocabulary =
        store.read(manifest, directory -> Files.readString(directory.resolve("vocab.txt")));
    assertThat(vocabulary).isEqualTo("[PAD]\n");
    assertThatThrownBy(
            () ->
                store.read(
                    manifest,
                    directory -> {
                      throw new java.io.EOFException("short");
                    }))
        .isInstanceOf(java.io.EOFException.class);
  }

  /** What was read may be half of one and half of the other: it is given to nobody. */
  @Test
  void read_idTakenByAnotherMeanwhile_isNotFoundAndWhatWasReadIsClosed() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest manifest = store.put("a", "", 0, prepared(1));
    var closed = new AtomicInteger();
    fails(
        () ->
            store.read(
                manifest,
                directory -> {
                  store.remove("a").orElseThrow().close();
                  store.put("a", "", 0, prepared(2));
                  return (AutoCloseable) closed::incrementAndGet;
                }),
        InvalidInputException.Kind.NOT_FOUND,
        "CHECKPOINT_NOT_FOUND");
    assertThat(closed).hasValue(1);
  }

  @Test
  void read_deletedMeanwhile_isNotFoundWhateverWasFoundWrong() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest manifest = store.put("a", "", 0, prepared(1));
    fails(
        () ->
            store.read(
                manifest,
                directory -> {
                  store.remove("a").orElseThrow().close();
                  return HuggingFaceCheckpoint.open(directory);
                }),
        InvalidInputException.Kind.NOT_FOUND,
        "CHECKPOINT_NOT_FOUND");
    fails(
        () -> store.read(manifest, directory -> directory),
        InvalidInputException.Kind.NOT_FOUND,
        "CHECKPOINT_NOT_FOUND");
  }

  /** Readers never see anything but a whole checkpoint of one of the two contents, or none. */
  @Test
  void read_whileOthersDeleteAndPut_isWholeOrNotFound() throws Exception {
    var store = open(CLOCK);
    List<Path> contents = List.of(prepared(1), prepared(2));
    var done = new AtomicBoolean();
    try (var threads = Executors.newFixedThreadPool(2)) {
      Future<Integer> reader =
          threads.submit(
              () -> {
                int read = 0;
                while (!done.get() || read == 0) {
                  var manifest = store.find("a");
                  if (manifest.isEmpty()) {
                    continue;
                  }
                  try (ParameterVector weights =
                      store.read(
                          manifest.get(),
                          directory -> HuggingFaceCheckpoint.open(directory).read())) {
                    assertThat(weights.digest()).isEqualTo(manifest.get().digest());
                    read++;
                  } catch (InvalidInputException e) {
                    assertThat(e.kind())
                        .as(e.toString())
                        .isEqualTo(InvalidInputException.Kind.NOT_FOUND);
                  }
                }
                return read;
              });
      for (int i = 0; i < rounds(); i++) {
        store.put("a", "", 0, contents.get(i % 2));
        store.remove("a").orElseThrow().close();
      }
      store.put("a", "", 0, contents.get(0));
      done.set(true);
      assertThat(reader.get()).isPositive();
    }
  }

  @Test
  void list_several_isOldestFirst() throws IOException {
    var old = open(CLOCK);
    var young = open(Clock.offset(CLOCK, Duration.ofHours(1)));
    young.put("a", "", 0, prepared(1));
    old.put("c", "", 0, prepared(2));
    old.put("b", "", 0, prepared(3));
    assertThat(old.list()).extracting(CheckpointManifest::id).containsExactly("b", "c", "a");
  }

  @RepeatedTest(10)
  void put_byManyAtOnce_hasOneWinner() throws Exception {
    var store = open(CLOCK);
    var directories = new ArrayList<Path>();
    for (int i = 0; i < 8; i++) {
      directories.add(prepared(i % 2));
    }
    try (var threads = Executors.newFixedThreadPool(8)) {
      var tasks = new ArrayList<Callable<Digest>>();
      for (Path directory : directories) {
        tasks.add(() -> store.put("a", "", 0, directory).digest());
      }
      var won = new ArrayList<Digest>();
      int lost = 0;
      for (Future<Digest> result : threads.invokeAll(tasks)) {
        try {
          won.add(result.get());
        } catch (java.util.concurrent.ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(InvalidInputException.class);
          lost++;
        }
      }
      assertThat(won).hasSize(4).containsOnly(store.find("a").orElseThrow().digest());
      assertThat(lost).isEqualTo(4);
    }
  }

  @Test
  void remove_oneThatIsThere_isGoneAtOnce() throws IOException {
    var store = open(CLOCK);
    var other = open(CLOCK);
    store.put("a", "", 0, prepared(1));
    store.put("b", "", 0, prepared(2));
    try (var removed = store.remove("a").orElseThrow()) {
      assertThat(removed).isNotNull();
      assertThat(other.find("a")).isEmpty();
      assertThat(other.list()).extracting(CheckpointManifest::id).containsExactly("b");
      assertThat(store.remove("a")).isEmpty();
    }
    fails(() -> other.hold("a"), InvalidInputException.Kind.NOT_FOUND, "CHECKPOINT_NOT_FOUND");
    fails(() -> store.remove("../b"), InvalidInputException.Kind.INVALID, "CHECKPOINT_ID_INVALID");
    CheckpointManifest again = store.put("a", "", 0, prepared(3));
    assertThat(other.find("a")).contains(again);
  }

  @Test
  void requireWritable_whereItIs_leavesNothingThatIsListed() throws IOException {
    var store = open(CLOCK);
    store.requireWritable();
    store.requireWritable();
    assertThat(store.list()).isEmpty();
  }
}
