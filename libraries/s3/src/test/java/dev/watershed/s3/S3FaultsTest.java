package dev.watershed.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.input.InvalidInputException;
import dev.watershed.s3.FaultyNetwork.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.S3Exceptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A network that breaks, and servers that answer wrongly. */
final class S3FaultsTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final int LARGE = 20_000_000;

  @TempDir private Path directory = Path.of("");
  private S3Server server;
  private FaultyNetwork network;
  private final List<S3CheckpointStore> open = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    server = S3Server.start(directory);
    network = new FaultyNetwork(server.port());
  }

  @AfterEach
  void stop() throws Exception {
    open.forEach(S3CheckpointStore::close);
    network.close();
    server.close();
  }

  private S3CheckpointStore open(int port, Duration timeout) throws IOException {
    S3CheckpointStore store =
        S3Server.open(
            S3Server.settings("p", port, timeout), directory.resolve("cache"), Clock.systemUTC());
    open.add(store);
    return store;
  }

  private S3CheckpointStore open() throws IOException {
    return open(network.port(), TIMEOUT);
  }

  /** One of its files is of two parts. */
  private Path large() throws IOException {
    Path prepared = Prepared.directory(directory, 1);
    byte[] bytes = new byte[LARGE];
    new Random(5).nextBytes(bytes);
    Files.write(prepared.resolve("merges.txt"), bytes);
    return prepared;
  }

  private void assertWhole(String id, CheckpointManifest manifest) throws IOException {
    var store = open(server.port(), TIMEOUT);
    assertThat(store.find(id)).contains(manifest);
    try (var held = store.hold(id)) {
      for (var file : manifest.files().entrySet()) {
        assertThat(Digest.of(held.directory().resolve(file.getKey()))).isEqualTo(file.getValue());
      }
    }
  }

  @Test
  void hold_answersThatBreakOff_areAskedForAgain() throws IOException {
    var manifest = open(server.port(), TIMEOUT).put("a", "", 0, large());
    network.spoil(Kind.CUT_ANSWER, "/merges.txt", 3, 3_000_000);
    network.spoil(Kind.CUT_ANSWER, "/manifests/a.json", 1, 500);
    try (var held = open().hold("a")) {
      assertThat(Digest.of(held.directory().resolve("merges.txt")))
          .isEqualTo(manifest.files().get("merges.txt"));
    }
    assertThat(network.happened()).isEqualTo(4);
  }

  @Test
  void put_requestsThatBreakOff_areMadeAgain() throws IOException {
    network.spoil(Kind.CUT_REQUEST, "partNumber=", 3, 3_000_000);
    network.spoil(Kind.CUT_REQUEST, "/config.json", 1, 100);
    var manifest = open().put("a", "", 0, large());
    assertThat(network.happened()).isEqualTo(4);
    assertWhole("a", manifest);
  }

  @Test
  void put_serverThatIsBusyAtTimes_isWaitedFor() throws IOException {
    network.spoil(Kind.ANSWER_503, "uploads", 1, 0);
    network.spoil(Kind.ANSWER_503, "partNumber=", 2, 0);
    network.spoil(Kind.ANSWER_503, "/manifests/", 2, 0);
    var manifest = open().put("a", "", 0, large());
    assertThat(network.happened()).isEqualTo(5);
    assertWhole("a", manifest);
  }

  /** The repetition is told 412 on what it made itself. */
  @Test
  void put_answerToTheManifestIsLost_itIsFoundToBeOurs() throws IOException {
    network.spoil(Kind.CUT_ANSWER, "PUT /models/p/manifests/", 1, 0);
    var manifest = open().put("a", "", 0, Prepared.directory(directory, 1));
    assertThat(network.happened()).isEqualTo(1);
    assertWhole("a", manifest);
  }

  @Test
  void put_everyAnswerToTheManifestIsLost_itIsFoundToBeOurs() throws IOException {
    network.spoil(Kind.CUT_ANSWER, "PUT /models/p/manifests/", 1000, 0);
    var manifest = open().put("a", "", 0, Prepared.directory(directory, 1));
    assertWhole("a", manifest);
  }

  @Test
  void put_answerToTheEndOfAnUploadIsLost_isFoundToBeDone() throws IOException {
    network.spoil(Kind.CUT_ANSWER, "uploadId=", 3, 0);
    var manifest = open().put("a", "", 0, large());
    assertThat(network.happened()).isEqualTo(3);
    assertWhole("a", manifest);
  }

  @Test
  void put_serverStoppedInsideAnUploadOfSeveralParts_isWholeOnceItIsBack() throws Exception {
    Path prepared = large();
    var store = open();
    network.spoil(Kind.CUT_REQUEST, "partNumber=2", 1, 1_000_000);
    var put = CompletableFuture.supplyAsync(() -> put(store, prepared));
    while (network.happened() == 0 && !put.isDone()) {
      Thread.onSpinWait();
    }
    server.close();
    assertThat(put).isNotDone();

    server = S3Server.start(directory);
    network.leadTo(server.port());

    assertWhole("a", put.get(1, TimeUnit.MINUTES));
  }

  private static CheckpointManifest put(S3CheckpointStore store, Path prepared) {
    try {
      return store.put("a", "", 0, prepared);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void put_serverThatIsAway_isASentenceAndLeavesNothingThatIsFound() throws IOException {
    var store = open(network.port(), SHORT);
    var prepared = Prepared.directory(directory, 1);
    for (var kind : List.of(Kind.SILENCE, Kind.ANSWER_503, Kind.CUT_REQUEST)) {
      network.spoil(kind, "PUT /models/p/manifests/", 1000, 0);
      assertThatThrownBy(() -> store.put("a", "", 0, prepared))
          .as(kind.name())
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageStartingWith("s3://models/p cannot be used: ")
          .hasMessageEndingWith(".");
      network.mend();
      assertThat(store.list()).isEmpty();
      assertThat(store.find("a")).isEmpty();
    }
    assertWhole("a", store.put("a", "", 0, prepared));
  }

  @Test
  void everything_serverThatStopped_isASentence() throws Exception {
    var store = open(server.port(), SHORT);
    var manifest = store.put("a", "", 0, Prepared.directory(directory, 1));
    server.close();
    assertThatThrownBy(() -> store.find("a")).isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(store::list).isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> store.remove("a")).isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> store.read(manifest, Path::toString))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("cannot be reached");
  }

  /** Starts a server in whose store something is wrong. */
  private S3CheckpointStore behind(UnaryOperator<BlobStore> wrong) throws Exception {
    server.close();
    server = S3Server.start(directory, wrong);
    return open(server.port(), TIMEOUT);
  }

  /** Sends a wrong byte in so many of the answers for files. */
  private static final class WrongBytes extends ForwardingBlobStore {
    private final AtomicInteger times;

    WrongBytes(BlobStore right, int times) {
      super(right);
      this.times = new AtomicInteger(times);
    }

    @Override
    public ResponseInputStream<GetObjectResponse> getBlob(GetObjectRequest request) {
      var right = super.getBlob(request);
      if (!request.key().contains("/files/") || times.getAndDecrement() <= 0) {
        return right;
      }
      try (InputStream in = right) {
        byte[] bytes = in.readAllBytes();
        bytes[bytes.length / 2] ^= 1;
        return new ResponseInputStream<>(right.response(), new ByteArrayInputStream(bytes));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void hold_wrongBytesOnce_areFetchedAgain() throws Exception {
    open(server.port(), TIMEOUT).put("a", "", 0, Prepared.directory(directory, 1));
    var store = behind(right -> new WrongBytes(right, 2));
    try (var held = store.hold("a")) {
      assertThat(held.directory()).isDirectory();
    }
  }

  @Test
  void hold_wrongBytesAlways_isCorrupt() throws Exception {
    open(server.port(), TIMEOUT).put("a", "", 0, Prepared.directory(directory, 1));
    var store = behind(right -> new WrongBytes(right, 1000));
    assertThatThrownBy(() -> store.hold("a"))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.reason()).isEqualTo("CHECKPOINT_CORRUPT"));
  }

  @Test
  void list_manifestsThatAreGone_areLeftOut() throws Exception {
    var manifest = open(server.port(), TIMEOUT).put("a", "", 0, Prepared.directory(directory, 1));
    var store =
        behind(
            right ->
                new ForwardingBlobStore(right) {
                  @Override
                  public ListObjectsV2Response list(ListObjectsV2Request request) {
                    var now = super.list(request);
                    var stale = new ArrayList<>(now.contents());
                    stale.add(
                        S3Object.builder()
                            .key("p/manifests/gone.json")
                            .eTag("\"1\"")
                            .size(1L)
                            .lastModified(Instant.now())
                            .build());
                    return now.toBuilder().contents(stale).build();
                  }
                });
    assertThat(store.list()).containsExactly(manifest);
    assertThat(store.list()).containsExactly(manifest);
  }

  @Test
  void requireWritable_withoutPermission_saysWhichAreNeeded() throws Exception {
    var store =
        behind(
            right ->
                new ForwardingBlobStore(right) {
                  @Override
                  public PutObjectResponse putBlob(PutObjectRequest request, InputStream in) {
                    throw S3Exceptions.fromStatusCode(403);
                  }
                });
    assertThat(store.list()).isEmpty();
    assertThatThrownBy(store::requireWritable)
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContainingAll("s3://models/p", "may not write watershed.json", "s3:PutObject");
  }

  @Test
  void requireWritable_serverWithoutConditions_isRefused() throws Exception {
    var store =
        behind(
            right ->
                new ForwardingBlobStore(right) {
                  @Override
                  public PutObjectResponse putBlob(PutObjectRequest request, InputStream in) {
                    return super.putBlob(request.toBuilder().ifNoneMatch(null).build(), in);
                  }
                });
    assertThatThrownBy(store::requireWritable)
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("If-None-Match");
  }
}
