package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileCheckpointStoreTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  @TempDir private Path temporary = Path.of("");
  private Path root = Path.of("");

  @BeforeEach
  void choose() {
    root = temporary.resolve("store");
  }

  /** A Hugging Face directory, other weights for other seeds. */
  private Path prepared(long seed) throws IOException {
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

  private void fails(ThrowingCallable call, InvalidInputException.Kind kind, String reason) {
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

  private List<String> entries() throws IOException {
    try (var files = Files.list(root)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void put_thenFind_inAnotherProcessToo() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    CheckpointManifest manifest = store.put("a", "trainingRuns/r", 600, prepared(1));
    assertThat(manifest.createTime()).isEqualTo(NOW);
    assertThat(manifest.labels()).containsExactly("no", "yes");
    assertThat(manifest.trainingRun()).isEqualTo("trainingRuns/r");
    assertThat(manifest.step()).isEqualTo(600);
    assertThat(manifest.files().keySet())
        .containsExactlyInAnyOrder("config.json", "model.safetensors", "vocab.txt");
    assertThat(entries()).containsExactly("a");
    var other = new FileCheckpointStore(root, CLOCK);
    assertThat(other.find("a")).contains(manifest);
    assertThat(other.find("b")).isEmpty();
    try (ParameterVector weights = HuggingFaceCheckpoint.open(other.directory("a")).read()) {
      assertThat(weights.digest()).isEqualTo(manifest.digest());
      assertThat(weights.layout().size()).isEqualTo(manifest.parameterCount());
    }
  }

  private static ParameterVector weights(long seed) {
    var config =
        new EncoderConfig(
            Family.BERT, 11, 8, 1, 2, 12, 10, 2, 1e-12, Activation.GELU, 0, .1, .1, .1);
    return ParameterVector.random(
        ParameterLayout.of(new Architecture(config, Head.CLASSIFICATION, List.of("no", "yes"))),
        .1,
        seed);
  }

  @Test
  void write_ofOurOwn_isWhatPuttingADirectoryOfItMakes() throws IOException {
    Path directory = prepared(1);
    var expected = new FileCheckpointStore(root, CLOCK).put("put", "trainingRuns/r", 7, directory);
    var store = new FileCheckpointStore(temporary.resolve("other"), CLOCK);
    CheckpointManifest written;
    try (var weights = weights(1)) {
      written =
          store.write(
              "put",
              "trainingRuns/r",
              7,
              weights,
              List.of(directory.resolve("vocab.txt")),
              List.of());
    }
    assertThat(written).isEqualTo(expected);
    assertThat(store.find("put")).contains(expected);
    // One that has seen nothing reads every file and compares its digest.
    var other = new FileCheckpointStore(temporary.resolve("other"), CLOCK);
    for (String name : expected.files().keySet()) {
      assertThat(other.directory("put").resolve(name))
          .hasSameBinaryContentAs(root.resolve("put").resolve(name));
    }
    assertThat(other.place()).isEqualTo(temporary.resolve("other").toRealPath());
  }

  @Test
  void write_again_changesNothingAndOtherContentIsRefused() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    try (var weights = weights(1);
        var others = weights(2)) {
      var first = store.write("a", "trainingRuns/r", 1, weights, List.of(), List.of("notice"));
      var later = new FileCheckpointStore(root, Clock.offset(CLOCK, Duration.ofHours(1)));
      assertThat(later.write("a", "trainingRuns/r", 1, weights, List.of(), List.of()))
          .isEqualTo(first);
      fails(
          () -> store.write("a", "trainingRuns/r", 1, others, List.of(), List.of()),
          InvalidInputException.Kind.MISMATCH,
          "CHECKPOINT_ID_TAKEN");
      assertThat(first.notices()).containsExactly("notice");
    }
    assertThat(entries()).containsExactly("a");
  }

  @Test
  void write_fileThatCannotBeRead_leavesNothing() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    try (var weights = weights(1)) {
      assertThatThrownBy(
              () ->
                  store.write(
                      "a", "", 1, weights, List.of(temporary.resolve("vocab.txt")), List.of()))
          .isInstanceOf(IOException.class);
    }
    assertThat(entries()).isEmpty();
    assertThat(store.find("a")).isEmpty();
  }

  @Test
  void put_sameContentAgain_changesNothing() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    CheckpointManifest first = store.put("a", "trainingRuns/r", 1, prepared(1));
    var later = new FileCheckpointStore(root, Clock.offset(CLOCK, Duration.ofHours(1)));
    assertThat(later.put("a", "", 2, prepared(1))).isEqualTo(first);
    assertThat(entries()).containsExactly("a");
  }

  @Test
  void put_otherContentOrTokenizer_isTaken() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
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
    assertThat(entries()).containsExactly("a");
  }

  @Test
  void put_unusableDirectory_leavesNothing() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
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
    assertThat(entries()).isEmpty();
    assertThat(store.list()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../a", "a/b", "A", ".incoming-a", "-a", "a\u0000"})
  void find_idThatIsNone_isRefused(String id) throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    fails(() -> store.find(id), InvalidInputException.Kind.INVALID, "CHECKPOINT_ID_INVALID");
    fails(() -> store.directory(id), InvalidInputException.Kind.INVALID, "CHECKPOINT_ID_INVALID");
    fails(
        () -> store.put(id, "", 0, prepared(1)),
        InvalidInputException.Kind.INVALID,
        "CHECKPOINT_ID_INVALID");
  }

  @Test
  void directory_unknownId_isNotFound() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    fails(() -> store.directory("a"), InvalidInputException.Kind.NOT_FOUND, "CHECKPOINT_NOT_FOUND");
  }

  @Test
  void directory_damagedFile_isCorrupt() throws IOException {
    new FileCheckpointStore(root, CLOCK).put("a", "", 0, prepared(1));
    Path weights = root.resolve("a").resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    var store = new FileCheckpointStore(root, CLOCK);
    fails(() -> store.directory("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
    for (String manifest : List.of("{", "{}", "[]", "null")) {
      Files.writeString(root.resolve("a").resolve("manifest.json"), manifest);
      fails(() -> store.find("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
    }
  }

  @Test
  void put_shards_isTheSameContentAsTheSingleFile() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
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
    var other = new FileCheckpointStore(root, CLOCK);
    try (ParameterVector weights = HuggingFaceCheckpoint.open(other.directory("sharded")).read()) {
      assertThat(weights.digest()).isEqualTo(single.digest());
    }
    assertThat(store.put("single", "", 0, directory)).isEqualTo(single);
  }

  @Test
  void put_bothShardsAndSingleFile_keepsWhatIsRead() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    Path single = directory.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(single);
    Shards.split(directory, 2);
    Files.write(single, bytes);
    CheckpointManifest manifest = store.put("a", "", 0, directory);
    assertThat(manifest.files().keySet())
        .containsExactlyInAnyOrder("config.json", "vocab.txt", "model.safetensors");
    assertThat(manifest.notices()).hasSize(1);
    assertThat(manifest.notices().get(0)).contains("both").contains("model.safetensors was read");
  }

  @Test
  void put_linksAmongTheFiles_areRefusedBeforeTheyAreRead() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path secret = Files.writeString(temporary.resolve("secret"), "hush");
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Path directory = prepared(1);
      Files.deleteIfExists(directory.resolve(name));
      Files.createSymbolicLink(directory.resolve(name), secret);
      assertThatThrownBy(() -> store.put("a", "", 0, directory))
          .hasMessageContaining(name)
          .hasMessageNotContaining("hush");
      fails(
          () -> store.put("a", "", 0, directory),
          InvalidInputException.Kind.FORBIDDEN,
          "SYMBOLIC_LINK");
    }
    Path directory = prepared(1);
    Path shard = directory.resolve(Shards.split(directory, 2).get(1));
    Files.move(shard, temporary.resolve("elsewhere"));
    Files.createSymbolicLink(shard, temporary.resolve("elsewhere"));
    fails(
        () -> store.put("a", "", 0, directory),
        InvalidInputException.Kind.FORBIDDEN,
        "SYMBOLIC_LINK");
    assertThat(entries()).isEmpty();
  }

  @Test
  void put_directoryInPlaceOfAFile_isRefused() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    Files.delete(directory.resolve("vocab.txt"));
    Files.createDirectory(directory.resolve("vocab.txt"));
    fails(
        () -> store.put("a", "", 0, directory),
        InvalidInputException.Kind.INVALID,
        "NO_PLAIN_FILE");
  }

  @Test
  void put_fileThatMayNotBeRead_isRefusedByName() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    Path weights = directory.resolve("model.safetensors");
    Files.setPosixFilePermissions(weights, Set.of());
    assumeFalse(Files.isReadable(weights), "the user of this test may read everything");
    fails(
        () -> store.put("a", "", 0, directory),
        InvalidInputException.Kind.FORBIDDEN,
        "FILE_UNREADABLE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors", "vocab.txt"})
  void put_fileThatChangesMeanwhile_isCorruptWithBothDigestsAndNotStored(String name)
      throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    Path file = directory.resolve(name);
    byte[] before = Files.readAllBytes(file);
    byte[] after = before.clone();
    after[after.length - 1] ^= 1;
    CheckpointStore.Inspection writer =
        (copy, architecture) -> {
          Files.write(file, after);
          return List.of();
        };
    assertThatThrownBy(() -> store.put("a", "", 0, directory, writer, FileWork.UNINTERRUPTED))
        .hasMessageContainingAll(name, Digest.of(before).sha256(), Digest.of(after).sha256());
    Files.write(file, before);
    fails(
        () -> store.put("a", "", 0, directory, writer, FileWork.UNINTERRUPTED),
        InvalidInputException.Kind.CORRUPT,
        "FILE_CHANGED");
    Files.write(file, before);
    CheckpointStore.Inspection remover =
        (copy, architecture) -> {
          Files.delete(file);
          return List.of();
        };
    fails(
        () -> store.put("a", "", 0, directory, remover, FileWork.UNINTERRUPTED),
        InvalidInputException.Kind.CORRUPT,
        "FILE_CHANGED");
    assertThat(entries()).isEmpty();
  }

  @Test
  void put_inspection_seesTheCopyAndMayRefuse() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    CheckpointManifest manifest =
        store.put(
            "a",
            "",
            0,
            directory,
            (copy, architecture) -> {
              assertThat(copy).isNotEqualTo(directory);
              assertThat(copy.resolve("vocab.txt"))
                  .hasSameBinaryContentAs(directory.resolve("vocab.txt"));
              return List.of("seen: " + architecture.labels());
            },
            FileWork.UNINTERRUPTED);
    assertThat(manifest.notices()).containsExactly("seen: [no, yes]");
    assertThat(new FileCheckpointStore(root, CLOCK).find("a")).contains(manifest);
    fails(
        () ->
            store.put(
                "b",
                "",
                0,
                directory,
                (copy, architecture) -> {
                  throw InvalidInputException.invalid("REFUSED", "", "no");
                },
                FileWork.UNINTERRUPTED),
        InvalidInputException.Kind.INVALID,
        "REFUSED");
    assertThat(entries()).containsExactly("a");
  }

  @Test
  void directory_fileOfAnotherVersion_isVerifiedAgain() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    store.put("a", "", 0, prepared(1));
    Path weights = store.directory("a").resolve("model.safetensors");
    byte[] good = Files.readAllBytes(weights);
    byte[] bad = good.clone();
    bad[bad.length - 1] ^= 1;
    Files.write(weights, bad);
    Files.setLastModifiedTime(weights, FileTime.from(NOW));
    assertThatThrownBy(() -> store.directory("a"))
        .hasMessageContainingAll(
            "model.safetensors", Digest.of(good).sha256(), Digest.of(bad).sha256());
    fails(() -> store.directory("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
    Files.write(weights, good);
    Files.setLastModifiedTime(weights, FileTime.from(NOW.plusSeconds(1)));
    assertThat(store.directory("a")).isEqualTo(weights.getParent());
    Files.write(weights, Arrays.copyOf(good, good.length - 1));
    fails(() -> store.directory("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
    Files.delete(weights);
    fails(() -> store.directory("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
  }

  @Test
  void remove_oneThatIsThere_isGoneAtOnceAndItsFilesWithClosing() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    store.put("a", "", 0, prepared(1));
    store.put("b", "", 0, prepared(2));
    try (var removed = store.remove("a").orElseThrow()) {
      assertThat(store.find("a")).isEmpty();
      assertThat(store.list()).extracting(CheckpointManifest::id).containsExactly("b");
      assertThat(entries()).hasSize(2).contains("b");
      assertThat(store.remove("a")).isEmpty();
    }
    assertThat(entries()).containsExactly("b");
    fails(() -> store.directory("a"), InvalidInputException.Kind.NOT_FOUND, "CHECKPOINT_NOT_FOUND");
    fails(() -> store.remove("../b"), InvalidInputException.Kind.INVALID, "CHECKPOINT_ID_INVALID");
    CheckpointManifest other = store.put("a", "", 0, prepared(3));
    assertThat(new FileCheckpointStore(root, CLOCK).find("a")).contains(other);
  }

  @Test
  void remove_killedBeforeItsFilesWent_isFinishedAtTheNextStart() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    store.put("a", "", 0, prepared(1));
    var killed = store.remove("a").orElseThrow();
    assertThat(entries()).hasSize(1);
    assertThat(new FileCheckpointStore(root, CLOCK).list()).isEmpty();
    assertThat(entries()).isEmpty();
    killed.close();
  }

  @Test
  void read_oneThatStays_isWhatIsReadOrItsError() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    CheckpointManifest manifest = store.put("a", "", 0, prepared(1));
    String name = store.read(manifest, directory -> directory.getFileName().toString());
    assertThat(name).isEqualTo("a");
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
    var store = new FileCheckpointStore(root, CLOCK);
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
    var store = new FileCheckpointStore(root, CLOCK);
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
    var store = new FileCheckpointStore(root, CLOCK);
    List<Path> contents = List.of(prepared(1), prepared(2));
    var done = new java.util.concurrent.atomic.AtomicBoolean();
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
      for (int i = 0; i < 100; i++) {
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
    var old = new FileCheckpointStore(root, CLOCK);
    var young = new FileCheckpointStore(root, Clock.offset(CLOCK, Duration.ofHours(1)));
    young.put("a", "", 0, prepared(1));
    old.put("c", "", 0, prepared(2));
    old.put("b", "", 0, prepared(3));
    assertThat(old.list()).extracting(CheckpointManifest::id).containsExactly("b", "c", "a");
  }

  @RepeatedTest(20)
  void put_byManyAtOnce_hasOneWinner() throws Exception {
    var store = new FileCheckpointStore(root, CLOCK);
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
    assertThat(entries()).containsExactly("a");
  }

  @Test
  void open_afterAWriterWithoutALock_clearsWhatItLeft() throws IOException {
    Path abandoned = Files.createDirectories(root.resolve(".incoming-old"));
    Files.writeString(abandoned.resolve("config.json"), "{}");
    Files.createFile(root.resolve(".incoming-older.lock"));
    assertThat(new FileCheckpointStore(root, CLOCK).list()).isEmpty();
    assertThat(entries()).isEmpty();
  }

  /** Puts a checkpoint and stays in the middle of it until it is killed. */
  static final class StuckWriter {
    public static void main(String[] arguments) throws Exception {
      var store = new FileCheckpointStore(Path.of(arguments[0]), Clock.systemUTC());
      store.put(
          "stuck",
          "",
          0,
          Path.of(arguments[1]),
          (copy, architecture) -> {
            System.out.println("in the middle");
            System.in.read();
            return List.of();
          },
          FileWork.UNINTERRUPTED);
    }
  }

  @Test
  void put_whileAnotherProcessWrites_leavesItsFilesUntilItIsKilled() throws Exception {
    Path directory = prepared(1);
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                StuckWriter.class.getName(),
                root.toString(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(writer.inputReader().readLine()).isEqualTo("in the middle");
      var store = new FileCheckpointStore(root, CLOCK);
      store.put("a", "", 0, prepared(2));
      assertThat(entries()).hasSize(3).last().isEqualTo("a");
      writer.destroyForcibly().waitFor();
      assertThat(entries()).hasSize(3);
      store.put("b", "", 0, prepared(3));
      assertThat(entries()).containsExactly("a", "b");
    } finally {
      writer.destroyForcibly();
    }
  }

  /** A file without content on the disk: to copy it would take minutes, and the disk. */
  private static void setSize(Path file, long bytes) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), bytes - 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vocab.txt", "config.json", "tokenizer.json", "merges.txt"})
  void put_fileLargerThanIsRead_isRefusedBeforeAnythingIsCopied(String name) throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    Path file = directory.resolve(name);
    if (!Files.exists(file)) {
      Files.createFile(file);
    }
    setSize(file, 30L << 30);
    FileWork none =
        () -> {
          throw new AssertionError("nothing is to be copied");
        };
    assertThatThrownBy(
            () -> store.put("a", "", 0, directory, (copy, architecture) -> List.of(), none))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(name);
    assertThat(entries()).isEmpty();
  }

  @Test
  void put_moreBytesThanAllowed_isRefusedWithBothNumbers() throws IOException {
    Path directory = prepared(1);
    long size = Files.size(directory.resolve("model.safetensors"));
    var store = new FileCheckpointStore(root, CLOCK, size);
    assertThatThrownBy(() -> store.put("a", "", 0, directory))
        .hasMessageContainingAll("at most " + size, "watershed.checkpoints.max-bytes");
    fails(
        () -> store.put("a", "", 0, directory),
        InvalidInputException.Kind.INVALID,
        "CHECKPOINT_TOO_LARGE");
    assertThat(entries()).isEmpty();
  }

  /** Each time it is asked once more before it ends: in the copy, the digest, the comparison. */
  @Test
  void put_thatNobodyWantsAnyMore_endsWhereverItIsAndLeavesNothing() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    Path directory = prepared(1);
    int asked = 0;
    while (true) {
      var left = new AtomicInteger(asked++);
      FileWork unwanted =
          () -> {
            if (left.getAndDecrement() == 0) {
              throw new CancellationException();
            }
          };
      try {
        store.put("a", "", 0, directory, (copy, architecture) -> List.of(), unwanted);
        break;
      } catch (CancellationException e) {
        assertThat(entries()).isEmpty();
      }
    }
    assertThat(asked).isGreaterThan(3 * 3);
    assertThat(entries()).containsExactly("a");
  }
}
