package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.watershed.trainer.Models;
import dev.watershed.trainer.store.TestDatabase;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointEndpointTest {
  private Path directory;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
    trainer = new Trainer(directory, TestDatabase.create(), false);
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  @Test
  void register_directoryBelowARoot_isStoredAndGiven() throws Exception {
    writeModel("model", 1);

    var registered = register("model", "mine");

    assertThat(registered.getName()).isEqualTo("checkpoints/mine");
    assertThat(registered.getFamily()).isEqualTo("bert");
    assertThat(registered.getLabelsList()).containsExactly("no", "yes");
    assertThat(registered.getTrainingRun()).isEmpty();
    assertThat(get("checkpoints/mine")).isEqualTo(registered);
    // The same content again is the same checkpoint.
    assertThat(register("model", "mine")).isEqualTo(registered);
  }

  @Test
  void register_idTakenByOtherContent_isRefused() throws Exception {
    writeModel("one", 1);
    writeModel("two", 2);
    register("one", "mine");

    var refused = Refusals.of(() -> register("two", "mine"));

    assertThat(refused.getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_ID_TAKEN");
  }

  @Test
  void register_truncatedWeights_storesNothing() throws Exception {
    writeModel("model", 1);
    var weights = directory.resolve("data/model/model.safetensors");
    var bytes = Files.readAllBytes(weights);
    Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length - 10));

    var refused = Refusals.of(() -> register("model", "mine"));

    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(list(0, "", "")).isEmpty();
  }

  @Test
  void register_missingDirectory_isNotFound() {
    var refused = Refusals.of(() -> register("none", "mine"));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
  }

  @Test
  void register_directoryOutsideTheRoots_isRefused() throws Exception {
    Files.createDirectories(directory.resolve("elsewhere"));
    var refused = Refusals.of(() -> register("../elsewhere", "mine"));
    assertThat(refused.getCode()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
  }

  @Test
  void get_unknown_isNotFound() {
    var refused = Refusals.of(() -> get("checkpoints/none"));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_NOT_FOUND");
  }

  @Test
  void list_pages_giveEveryCheckpointOnceOldestFirst() throws Exception {
    var registered = new ArrayList<Checkpoint>();
    for (String id : List.of("c", "a", "b")) {
      writeModel(id, id.hashCode());
      registered.add(register(id, id));
    }
    var listed = new ArrayList<Checkpoint>();
    String token = "";
    do {
      var page =
          trainer.checkpointService.listCheckpoints(
              ListCheckpointsRequest.newBuilder().setPageSize(2).setPageToken(token).build());
      listed.addAll(page.getCheckpointsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());

    assertThat(listed).isEqualTo(registered);
    assertThat(list(0, "", "trainingRuns/none")).isEmpty();
    assertThat(Refusals.fields(Refusals.of(() -> list(1, "bogus", ""))))
        .containsExactly("page_token");
  }

  @Test
  void list_ofARun_givesItsCheckpoints() throws Exception {
    writeModel("other", 1);
    register("other", "other");
    trainer.worker.start();
    var run = trainer.train(Specs.classification(2).build());

    assertThat(list(0, "", run.getName()))
        .extracting(Checkpoint::getName)
        .isEqualTo(run.getCheckpointsList());
  }

  @Test
  void download_checkpoint_givesEveryFileWhole() throws Exception {
    writeModel("model", 1);
    register("model", "mine");

    var files = download("checkpoints/mine");

    assertThat(files).containsKeys("config.json", "model.safetensors", "vocab.txt");
    for (var file : files.entrySet()) {
      assertThat(trainer.checkpoints.directory("mine").resolve(file.getKey()))
          .hasBinaryContent(file.getValue());
    }
    long size = files.values().stream().mapToLong(bytes -> bytes.length).sum();
    assertThat(get("checkpoints/mine").getSizeBytes()).isEqualTo(size);
  }

  @Test
  void download_damagedFile_isDataLoss() throws Exception {
    writeModel("model", 1);
    register("model", "mine");
    var vocabulary = directory.resolve("checkpoints/mine/vocab.txt");
    Files.writeString(vocabulary, Files.readString(vocabulary).replace("doctor", "vector"));

    var refused = Refusals.of(() -> download("checkpoints/mine"));

    assertThat(refused.getCode()).isEqualTo(Code.DATA_LOSS_VALUE);
  }

  private void writeModel(String name, long seed) throws Exception {
    Models.write(directory.resolve("data").resolve(name), seed);
  }

  private Checkpoint register(String uri, String id) {
    return trainer
        .checkpointService
        .registerCheckpoint(
            RegisterCheckpointRequest.newBuilder().setUri(uri).setCheckpointId(id).build())
        .getCheckpoint();
  }

  private Checkpoint get(String name) {
    return trainer
        .checkpointService
        .getCheckpoint(GetCheckpointRequest.newBuilder().setName(name).build())
        .getCheckpoint();
  }

  private List<Checkpoint> list(int size, String token, String run) {
    return trainer
        .checkpointService
        .listCheckpoints(
            ListCheckpointsRequest.newBuilder()
                .setPageSize(size)
                .setPageToken(token)
                .setTrainingRun(run)
                .build())
        .getCheckpointsList();
  }

  private Map<String, byte[]> download(String name) {
    var files = new TreeMap<String, ByteArrayOutputStream>();
    var chunks =
        trainer.checkpointService.downloadCheckpoint(
            DownloadCheckpointRequest.newBuilder().setName(name).build());
    while (chunks.hasNext()) {
      DownloadCheckpointResponse chunk = chunks.next();
      var file = files.computeIfAbsent(chunk.getFileName(), key -> new ByteArrayOutputStream());
      assertThat(chunk.getOffsetBytes()).isEqualTo(file.size());
      assertThat(chunk.getContent().size()).isLessThanOrEqualTo(1 << 20);
      file.writeBytes(chunk.getContent().toByteArray());
      assertThat(file.size()).isLessThanOrEqualTo((int) chunk.getFileSizeBytes());
    }
    var whole = new TreeMap<String, byte[]>();
    files.forEach((key, value) -> whole.put(key, value.toByteArray()));
    return whole;
  }
}
