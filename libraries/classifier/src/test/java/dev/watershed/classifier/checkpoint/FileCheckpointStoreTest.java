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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileCheckpointStoreTest extends CheckpointStoreContract {
  private Path root = Path.of("");

  @BeforeEach
  void choose() {
    root = temporary.resolve("store");
  }

  @Override
  protected CheckpointStore open(Clock clock) throws IOException {
    return new FileCheckpointStore(root, clock);
  }

  /** What is put together or deleted leaves nothing beside the checkpoints. */
  @AfterEach
  void leavesNothing() throws IOException {
    if (Files.exists(root)) {
      assertThat(entries()).noneMatch(name -> name.startsWith("."));
    }
  }

  private List<String> entries() throws IOException {
    try (var files = Files.list(root)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
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
              List.of(),
              Map.of());
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
  void write_fileThatCannotBeRead_leavesNothing() throws IOException {
    var store = new FileCheckpointStore(root, CLOCK);
    try (var weights = weights(1)) {
      assertThatThrownBy(
              () ->
                  store.write(
                      "a",
                      "",
                      1,
                      weights,
                      List.of(temporary.resolve("vocab.txt")),
                      List.of(),
                      Map.of()))
          .isInstanceOf(IOException.class);
    }
    assertThat(entries()).isEmpty();
    assertThat(store.find("a")).isEmpty();
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
