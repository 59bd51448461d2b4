package dev.watershed.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.CheckpointStoreContract;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

final class S3CheckpointStoreTest extends CheckpointStoreContract {
  private static final AtomicInteger PREFIXES = new AtomicInteger();
  private static final int LARGE = 40_000_000;

  @TempDir private static Path directory = Path.of("");
  private static S3Server server;

  private final List<S3CheckpointStore> open = new ArrayList<>();
  private final String prefix = "team/checkpoints-" + PREFIXES.incrementAndGet();

  @BeforeAll
  static void start() throws Exception {
    server = S3Server.start(directory);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private Path cache = Path.of("");

  @BeforeEach
  void choose() {
    cache = temporary.resolve("cache");
  }

  @AfterEach
  void close() {
    open.forEach(S3CheckpointStore::close);
  }

  @Override
  protected S3CheckpointStore open(Clock clock) throws IOException {
    S3CheckpointStore store = S3Server.open(server.settings(prefix), cache, clock);
    open.add(store);
    return store;
  }

  @Override
  protected int rounds() {
    return 10;
  }

  private List<String> objects(String below) throws IOException {
    Path root = server.object(prefix);
    if (!Files.exists(root.resolve(below))) {
      return List.of();
    }
    try (var files = Files.walk(root.resolve(below))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  /** A directory whose weights are of several parts: many tokens, and a value in each place. */
  private Path large() throws IOException {
    Path large = prepared(1);
    byte[] bytes = new byte[LARGE];
    new Random(5).nextBytes(bytes);
    Files.write(large.resolve("merges.txt"), Arrays.copyOf(bytes, LARGE / 2));
    return large;
  }

  @Test
  void write_thenRead_isWhatADirectoryStoreKeeps() throws IOException {
    var files = new FileCheckpointStore(temporary.resolve("files"), CLOCK);
    try (var weights = weights(7)) {
      var expected =
          files.write(
              "a", "trainingRuns/r", 3, weights, List.of(), List.of("noted"), Map.of("step", "3"));
      var written =
          open(CLOCK)
              .write(
                  "a",
                  "trainingRuns/r",
                  3,
                  weights,
                  List.of(),
                  List.of("noted"),
                  Map.of("step", "3"));
      assertThat(written).isEqualTo(expected);
    }
    var other = open(CLOCK);
    assertThat(other.find("a")).isEqualTo(files.find("a"));
    try (var held = other.hold("a")) {
      for (String name : files.find("a").orElseThrow().files().keySet()) {
        assertThat(held.directory().resolve(name))
            .hasSameBinaryContentAs(files.directory("a").resolve(name));
      }
    }
  }

  @Test
  void put_fileOfSeveralParts_comesBackWhole() throws IOException {
    Path prepared = large();
    var manifest = open(CLOCK).put("large", "", 0, prepared);
    assertThat(Files.size(prepared.resolve("merges.txt"))).isGreaterThan(Bucket.PART_BYTES);
    try (var held = open(CLOCK).hold("large")) {
      assertThat(Digest.of(held.directory().resolve("merges.txt")))
          .isEqualTo(manifest.files().get("merges.txt"));
    }
  }

  @Test
  void put_twoWritersOfOneId_leaveTheFilesOfOne() throws IOException {
    var store = open(CLOCK);
    store.put("a", "", 0, prepared(1));
    var other = open(CLOCK);
    // The other has looked whether there is one, and there was none, when the first publishes.
    assertThatThrownBy(
            () ->
                other.put(
                    "b",
                    "",
                    0,
                    prepared(2),
                    (copy, architecture) -> List.of(),
                    () -> publishOnce(store)))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.reason()).isEqualTo("CHECKPOINT_ID_TAKEN"));
    assertThat(objects("manifests")).containsExactly("manifests/a.json", "manifests/b.json");
    assertThat(objects("files/b")).hasSize(3).allMatch(name -> name.contains(attempt("b")));
  }

  private String attempt(String id) {
    try {
      return StoredManifest.read(
              Files.readAllBytes(server.object(prefix + "/manifests/" + id + ".json")), id)
          .attempt();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Puts "b" when its other writer uploads. */
  private void publishOnce(CheckpointStore store) {
    try {
      if (!objects("files/b").isEmpty() && store.find("b").isEmpty()) {
        store.put("b", "", 0, prepared(3));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void remove_closed_leavesNoObject() throws IOException {
    var store = open(CLOCK);
    store.requireWritable();
    store.put("a", "", 0, prepared(1));
    try (var held = store.hold("a")) {
      assertThat(held.directory()).isDirectory();
    }
    store.remove("a").orElseThrow().close();
    assertThat(objects("")).containsExactly("watershed.json");
    try (var entries = Files.list(store.place())) {
      assertThat(entries).isEmpty();
    }
  }

  @Test
  void sweep_filesThatNoManifestNames_goOnceTheyAreADayOld() throws IOException {
    var store = open(CLOCK);
    store.put("kept", "", 0, prepared(1));
    Path orphan = server.object(prefix + "/files/kept/" + "0".repeat(36) + "/config.json");
    Files.createDirectories(orphan.getParent());
    Files.writeString(orphan, "{}");
    Path young = server.object(prefix + "/files/gone/" + "1".repeat(36) + "/config.json");
    Files.createDirectories(young.getParent());
    Files.writeString(young, "{}");
    var old = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
    for (String name : objects("files")) {
      if (!name.contains("gone")) {
        Files.setLastModifiedTime(server.object(prefix + "/" + name), old);
      }
    }
    int deleted;
    try (var bucket = new Bucket(server.settings(prefix), S3Server.CREDENTIALS)) {
      deleted =
          new Sweep(
                  bucket,
                  server.settings(prefix).location(),
                  id -> id.equals("kept") ? Optional.of(stored(id)) : Optional.empty(),
                  System::nanoTime)
              .sweep();
    }
    assertThat(deleted).isEqualTo(1);
    assertThat(orphan).doesNotExist();
    assertThat(young).exists();
    try (var held = open(CLOCK).hold("kept")) {
      assertThat(held.directory()).isDirectory();
    }
  }

  private StoredManifest stored(String id) throws IOException {
    return StoredManifest.read(
        Files.readAllBytes(server.object(prefix + "/manifests/" + id + ".json")), id);
  }

  @Test
  void hold_damagedInTheCache_isFetchedAnew() throws IOException {
    var store = open(CLOCK);
    CheckpointManifest manifest = store.put("a", "", 0, prepared(1));
    Path weights;
    try (var held = store.hold("a")) {
      weights = held.directory().resolve("model.safetensors");
    }
    Files.write(weights, new byte[] {1, 2, 3});
    try (var held = store.hold("a")) {
      assertThat(Digest.of(held.directory().resolve("model.safetensors")))
          .isEqualTo(manifest.files().get("model.safetensors"));
    }
    try (var kept = Files.list(store.place())) {
      assertThat(kept).hasSize(1);
    }
    // Somebody tidied up.
    try (var held = store.hold("a")) {
      for (String file : manifest.files().keySet()) {
        Files.delete(held.directory().resolve(file));
      }
      Files.delete(held.directory());
    }
    try (var held = store.hold("a")) {
      assertThat(held.directory().resolve("model.safetensors")).exists();
    }
  }

  @Test
  void hold_damagedInS3_isCorrupt() throws IOException {
    var store = open(CLOCK);
    store.put("a", "", 0, prepared(1));
    Path weights = server.object(prefix + "/files/a/" + attempt("a") + "/model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    fails(() -> store.hold("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
    Files.delete(weights);
    assertThatThrownBy(() -> store.hold("a")).hasMessageContaining("model.safetensors is missing");
    for (String manifest : List.of("{", "{}", "[]", "null")) {
      Files.writeString(server.object(prefix + "/manifests/a.json"), manifest);
      fails(() -> store.find("a"), InvalidInputException.Kind.CORRUPT, "CHECKPOINT_CORRUPT");
    }
    store.remove("a").orElseThrow().close();
    assertThat(store.find("a")).isEmpty();
    try (var left = Files.list(store.place())) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void open_twoOfOneCache_haveADirectoryEachAndTheNextTakesOver() throws IOException {
    var first = open(CLOCK);
    first.put("a", "", 0, prepared(1));
    Path kept;
    try (var held = first.hold("a")) {
      kept = held.directory();
    }
    var second = open(CLOCK);
    assertThat(second.place()).isNotEqualTo(first.place());
    first.close();
    open.remove(first);
    var third = open(CLOCK);
    try (var held = third.hold("a")) {
      assertThat(held.directory()).isEqualTo(kept);
    }
  }

  @Test
  void read_whatOpenedItsFiles_readsThemThoughTheCacheIsFull() throws IOException {
    var store =
        S3CheckpointStore.open(
            server.settings(prefix),
            S3Server.CREDENTIALS,
            cache,
            1,
            S3Server.MAX_BYTES,
            CLOCK,
            System::nanoTime);
    open.add(store);
    var a = store.put("a", "", 0, prepared(1));
    store.put("b", "", 0, prepared(2));
    Digest digest =
        store.read(
            a,
            directory -> {
              var checkpoint = HuggingFaceCheckpoint.open(directory);
              store.hold("b").close();
              try (var weights = checkpoint.read()) {
                return weights.digest();
              }
            });
    assertThat(digest).isEqualTo(a.digest());
    try (var entries = Files.list(store.place())) {
      assertThat(entries).isEmpty();
    }
  }

  private void cannot(S3Settings settings, String... words) {
    assertThatThrownBy(() -> S3Server.open(settings, cache, CLOCK))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void open_placeThatCannotBeUsed_isASentence() throws IOException {
    var right = server.settings(prefix);
    cannot(
        new S3Settings(
            new S3Location("nowhere", prefix), right.endpoint(), null, true, right.timeout()),
        "s3://nowhere/" + prefix,
        "there is no bucket 'nowhere'",
        "watershed.checkpoints.root");
    cannot(
        S3Server.settings(prefix, 1, Duration.ofSeconds(10)),
        "http://127.0.0.1:1 cannot be reached",
        "watershed.checkpoints.s3.endpoint");
    for (var wrong :
        List.of(
            AwsBasicCredentials.create("me", "wrong"),
            AwsBasicCredentials.create("nobody", "my-secret"))) {
      assertThatThrownBy(
              () ->
                  S3CheckpointStore.open(
                      right,
                      StaticCredentialsProvider.create(wrong),
                      cache,
                      1,
                      1,
                      CLOCK,
                      System::nanoTime))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("credentials");
    }
    Files.createDirectories(server.object(prefix));
    Files.writeString(server.object(prefix + "/watershed.json"), "{\"format\": 2}");
    cannot(right, prefix, "newer version", "format 2");
    Files.writeString(server.object(prefix + "/watershed.json"), "{\"form\": 2}");
    cannot(right, "watershed.json is damaged");
  }
}
