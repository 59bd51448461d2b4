package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.Models;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CheckpointUpload;
import dev.watershed.trainer.v1.FilePart;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.trainer.v1.UploadCheckpointRequest;
import dev.watershed.trainer.v1.UploadCheckpointResponse;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class UploadCheckpointTest {
  private static final int PART_BYTES = 1000;

  private final AtomicLong usable = new AtomicLong(Long.MAX_VALUE);
  private Path directory;
  private Path model;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    model = Files.createDirectories(directory.resolve("data/seed1/checkpoint-60"));
    Models.write(model, 1);
    trainer =
        new Trainer(
            directory, TestDatabase.h2("classpath:db/trainer"), false, path -> usable.get());
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  @Test
  void upload_directory_isTheSameCheckpointAsRegistered() throws Exception {
    var registered = register("registered");

    var uploaded = upload(said("uploaded").setDirectoryName("checkpoint-60"));

    assertThat(uploaded.getName()).isEqualTo("checkpoints/uploaded");
    assertThat(uploaded.toBuilder().setName("").clearCreateTime().build())
        .isEqualTo(registered.toBuilder().setName("").clearCreateTime().build());
    assertThat(uploaded.getStep()).isEqualTo(60);
    assertThat(trainer.checkpoints.find("uploaded").orElseThrow().files())
        .isEqualTo(trainer.checkpoints.find("registered").orElseThrow().files());
    // The same again, and under an id that is there, changes nothing.
    assertThat(upload(said("uploaded").setDirectoryName("checkpoint-60"))).isEqualTo(uploaded);
    assertNothingAside();
  }

  @Test
  void upload_shardsStateAndLabels_areAsRegistered() throws Exception {
    Models.split(model);
    Files.writeString(model.resolve("trainer_state.json"), "{\"global_step\": 90}");

    var uploaded = upload(said("sharded").addLabels("nein").addLabels("ja"));

    assertThat(uploaded.getStep()).isEqualTo(90);
    assertThat(uploaded.getLabelsList()).containsExactly("nein", "ja");
    assertThat(uploaded.getNoticesList())
        .anyMatch(notice -> notice.contains("nein, ja (no, yes in the registered config.json)"));
    assertThat(trainer.checkpoints.find("sharded").orElseThrow().files())
        .doesNotContainKey("trainer_state.json")
        .containsKey("model-00002-of-00002.safetensors");
  }

  @Test
  void upload_idOfOtherContent_isRefused() throws Exception {
    register("mine");
    model = Files.createDirectories(directory.resolve("data/other"));
    Models.write(model, 2);

    var refused = Refusals.of(() -> upload(said("mine")));

    assertThat(refused.getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_ID_TAKEN");
    assertNothingAside();
  }

  @Test
  void upload_truncatedWeights_keepsNothing() throws Exception {
    var weights = model.resolve("model.safetensors");
    var bytes = Files.readAllBytes(weights);
    Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length - 10));

    var refused = Refusals.of(() -> upload(said("mine")));

    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(Refusals.fields(refused)).allMatch(field -> field.startsWith("checkpoint"));
    assertThat(list()).isEmpty();
    assertNothingAside();
  }

  @Test
  void upload_thatBreaksOff_keepsNothing() throws Exception {
    var cancelled = begin(said("mine"));
    cancelled.write(part("config.json", Files.readAllBytes(model.resolve("config.json"))));
    cancelled.cancel("changed my mind", null);
    var late =
        CheckpointServiceGrpc.newBlockingV2Stub(trainer.channel)
            .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
            .uploadCheckpoint();
    late.write(UploadCheckpointRequest.newBuilder().setCheckpoint(said("mine")).build());
    late.write(part("config.json", new byte[] {'{'}));
    awaitNothingAside();

    // Ended too early, as by a client that reads a file that became shorter.
    var half = begin(said("mine").setSizeBytes(1_000_000));
    half.write(part("config.json", Files.readAllBytes(model.resolve("config.json"))));
    var refused = Refusals.of(() -> answer(half));

    assertThat(Refusals.reason(refused)).isEqualTo("UPLOAD_INCOMPLETE");
    assertThat(list()).isEmpty();
    assertNothingAside();
  }

  @Test
  void upload_otherFiles_areRefused() throws Exception {
    for (String name :
        List.of("pytorch_model.bin", "config.json.bak", "manifest.json", "README.md", "lock")) {
      var call = begin(said("mine"));
      write(call, part(name, new byte[] {1}));
      var refused = Refusals.of(() -> answer(call));
      assertThat(Refusals.reason(refused)).as(name).isEqualTo("FILE_NAME_INVALID");
      assertThat(refused.getMessage()).contains(name, "tokenizer.json");
    }
    for (String name : List.of("../config.json", "/etc/passwd", "a/config.json", "", ".lock")) {
      var call = begin(said("mine"));
      write(call, part(name, new byte[] {1}));
      var refused = Refusals.of(() -> answer(call));
      assertThat(Refusals.fields(refused)).as(name).containsExactly("parts[0].file_name");
    }
    awaitNothingAside();
  }

  @Test
  void upload_messagesOutOfOrder_areRefused() throws Exception {
    var headless = CheckpointServiceGrpc.newBlockingV2Stub(trainer.channel).uploadCheckpoint();
    write(headless, part("config.json", new byte[] {1}));
    var twice = begin(said("mine"));
    write(twice, UploadCheckpointRequest.newBuilder().setCheckpoint(said("other")).build());
    var mixed = begin(said("mine"));
    for (String name : List.of("config.json", "vocab.txt", "config.json")) {
      write(mixed, part(name, new byte[] {1}));
    }

    for (var call : List.of(headless, twice, mixed)) {
      var refused = Refusals.of(() -> answer(call));
      assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
      assertThat(Refusals.reason(refused)).isEqualTo("UPLOAD_MALFORMED");
    }
    assertNothingAside();
  }

  @Test
  void upload_moreThanIsKept_isRefusedBeforeItComes() throws Exception {
    var tooLarge = begin(said("mine").setSizeBytes((8L << 30) + 1));
    var refused = Refusals.of(() -> answer(tooLarge));
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_TOO_LARGE");

    usable.set(1000 + 2 * 5000);
    var full = begin(said("mine").setSizeBytes(5001));
    assertThat(Refusals.reason(Refusals.of(() -> answer(full)))).isEqualTo("DISK_FULL");
    assertNothingAside();
  }

  private Checkpoint register(String id) {
    return trainer
        .checkpointService
        .registerCheckpoint(
            RegisterCheckpointRequest.newBuilder()
                .setUri(model.toString())
                .setCheckpointId(id)
                .build())
        .getCheckpoint();
  }

  private static CheckpointUpload.Builder said(String id) {
    return CheckpointUpload.newBuilder().setCheckpointId(id);
  }

  private Checkpoint upload(CheckpointUpload.Builder said) throws Exception {
    long size = 0;
    List<Path> files;
    try (var entries = Files.list(model)) {
      files = entries.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      size += Files.size(file);
    }
    var call = begin(said.setSizeBytes(size));
    for (Path file : files) {
      try (var input = Files.newInputStream(file)) {
        for (var bytes = input.readNBytes(PART_BYTES);
            bytes.length > 0;
            bytes = input.readNBytes(PART_BYTES)) {
          write(call, part(file.getFileName().toString(), bytes));
        }
      }
    }
    return answer(call).getCheckpoint();
  }

  private BlockingClientCall<UploadCheckpointRequest, UploadCheckpointResponse> begin(
      CheckpointUpload.Builder said) throws InterruptedException {
    var call = CheckpointServiceGrpc.newBlockingV2Stub(trainer.channel).uploadCheckpoint();
    write(call, UploadCheckpointRequest.newBuilder().setCheckpoint(said).build());
    return call;
  }

  private static UploadCheckpointRequest part(String name, byte[] content) {
    return UploadCheckpointRequest.newBuilder()
        .addParts(FilePart.newBuilder().setFileName(name).setContent(ByteString.copyFrom(content)))
        .build();
  }

  /** What ends a call is told by its answer. */
  private static <Q> void write(BlockingClientCall<Q, ?> call, Q message)
      throws InterruptedException {
    try {
      call.write(message);
    } catch (StatusException e) {
      assertThat(e.getStatus().isOk()).isFalse();
    }
  }

  private static <A> A answer(BlockingClientCall<?, A> call) throws InterruptedException {
    try {
      call.halfClose();
      return call.read();
    } catch (StatusException e) {
      throw e.getStatus().asRuntimeException(e.getTrailers());
    }
  }

  private List<Checkpoint> list() {
    return trainer
        .checkpointService
        .listCheckpoints(ListCheckpointsRequest.getDefaultInstance())
        .getCheckpointsList();
  }

  private void assertNothingAside() throws IOException {
    assertThat(aside()).isEmpty();
  }

  /** A call that its client ended ends on the server a little later. */
  private void awaitNothingAside() throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!aside().isEmpty() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertNothingAside();
  }

  private List<String> aside() throws IOException {
    try (var files = Files.list(directory.resolve("checkpoints"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(".incoming"))
          .toList();
    }
  }
}
