package dev.watershed.trainer.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.rpc.Code;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.Models;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointView;
import dev.watershed.trainer.v1.DescribeCheckpointRequest;
import dev.watershed.trainer.v1.DescribeCheckpointResponse;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import dev.watershed.trainer.v1.FileDescription;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ParameterGroup;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointServiceTest {
  private Path directory;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
    trainer = new Trainer(directory, TestDatabase.h2("classpath:db/trainer"), false);
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
  void register_shards_isTheSameContent() throws Exception {
    writeModel("single", 1);
    writeModel("sharded", 1);
    Models.split(directory.resolve("data/sharded"));

    var single = register("single", "single");
    var sharded = register(directory.resolve("data/sharded").toUri().toString(), "sharded");

    assertThat(sharded.getDigest()).isEqualTo(single.getDigest());
    assertThat(sharded.getNoticesList()).isEmpty();
    assertThat(download("checkpoints/sharded"))
        .containsKeys(
            "config.json",
            "vocab.txt",
            "model.safetensors.index.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors");
  }

  /** Hugging Face's cache: snapshots/REVISION/NAME is a link to ../../blobs/DIGEST. */
  @Test
  void register_linksWithinTheRoots_areFollowed() throws Exception {
    writeModel("blobs", 1);
    var snapshot = Files.createDirectories(directory.resolve("data/snapshots/main"));
    try (var files = Files.list(directory.resolve("data/blobs"))) {
      for (var file : files.toList()) {
        Files.createSymbolicLink(
            snapshot.resolve(file.getFileName()),
            Path.of("../../blobs").resolve(file.getFileName()));
      }
    }

    var linked = register("snapshots/main", "linked");

    assertThat(linked)
        .isEqualTo(
            register("blobs", "plain").toBuilder()
                .setName(linked.getName())
                .setCreateTime(linked.getCreateTime())
                .build());
    Files.createSymbolicLink(snapshot.resolve("pytorch_model.bin"), Path.of("../../blobs/x"));
    var dangling = Refusals.of(() -> register("snapshots/main", "dangling"));
    assertThat(Refusals.reason(dangling)).isEqualTo("FILE_NOT_FOUND");
  }

  @Test
  void register_linkOutOfTheRoots_isRefused() throws Exception {
    writeModel("model", 1);
    var secret = Files.writeString(directory.resolve("secret.json"), "{}");
    Files.createSymbolicLink(directory.resolve("data/model/added_tokens.json"), secret);

    var refused = Refusals.of(() -> register("model", "mine"));

    assertThat(refused.getCode()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
    assertThat(list(0, "", "")).isEmpty();
  }

  @Test
  void register_shardMissing_isRefusedByName() throws Exception {
    writeModel("model", 1);
    Models.split(directory.resolve("data/model"));
    Files.delete(directory.resolve("data/model/model-00002-of-00002.safetensors"));
    refused("SHARD_MISSING", "model-00002-of-00002.safetensors");
  }

  @Test
  void register_shardTruncated_isRefusedByName() throws Exception {
    writeModel("model", 1);
    Models.split(directory.resolve("data/model"));
    var shard = directory.resolve("data/model/model-00002-of-00002.safetensors");
    var bytes = Files.readAllBytes(shard);
    Files.write(shard, java.util.Arrays.copyOf(bytes, bytes.length - 10));
    refused("SAFETENSORS_TRUNCATED", "model-00002-of-00002.safetensors");
  }

  @Test
  void register_vocabularyThatDoesNotFit_isRefusedWithBothNumbers() throws Exception {
    writeModel("model", 1);
    Files.writeString(
        directory.resolve("data/model/vocab.txt"), "further\n", StandardOpenOption.APPEND);
    refused("TOKENIZER_TOO_LARGE", "44 tokens", "43 rows");
  }

  @Test
  void register_vocabularySmallerThanTheEmbeddings_isANotice() throws Exception {
    writeModel("model", 1);
    var vocabulary = directory.resolve("data/model/vocab.txt");
    var lines = Files.readAllLines(vocabulary);
    Files.write(vocabulary, lines.subList(0, lines.size() - 1));

    assertThat(register("model", "mine").getNoticesList())
        .singleElement()
        .asString()
        .contains("42 tokens", "43 rows");
    assertThat(get("checkpoints/mine").getNoticesCount()).isEqualTo(1);
  }

  @Test
  void register_unsupportedArchitecture_isRefusedByItsKey() throws Exception {
    writeModel("model", 1);
    var config = directory.resolve("data/model/config.json");
    var text = Files.readString(config);
    Files.writeString(config, text.replace("\"bert\"", "\"deberta-v2\""));
    refused("CONFIG_UNSUPPORTED", "model_type", "deberta-v2");
    Files.writeString(config, text.replace("\"absolute\"", "\"relative_key\""));
    refused("CONFIG_UNSUPPORTED", "position_embedding_type", "relative_key");
  }

  @Test
  void register_pickleOnly_isRefusedWithTheConversion() throws Exception {
    writeModel("model", 1);
    Files.move(
        directory.resolve("data/model/model.safetensors"),
        directory.resolve("data/model/pytorch_model.bin"));
    refused(
        "WEIGHTS_MISSING",
        "pytorch_model.bin",
        "BertForSequenceClassification",
        "safe_serialization=True");
  }

  @Test
  void register_labelsNamed_isTheSameAsTheModelThatHadThem() throws Exception {
    writeModel("named", 1);
    writeModel("model", 1);
    var config = directory.resolve("data/model/config.json");
    var before =
        Files.readString(config).replace("\"no\"", "\"LABEL_0\"").replace("\"yes\"", "\"LABEL_1\"");
    Files.writeString(config, before);
    var named = register("named", "named");
    assertThat(register("model", "unnamed").getDigest()).isNotEqualTo(named.getDigest());

    var registered = register("model", "mine", "no", "yes");

    assertThat(registered.getLabelsList()).containsExactly("no", "yes");
    assertThat(registered.getDigest()).isEqualTo(named.getDigest());
    assertThat(registered.getNoticesList())
        .singleElement()
        .asString()
        .contains("named at registration: no, yes (LABEL_0, LABEL_1");
    assertThat(Files.readString(config)).isEqualTo(before);
    assertThat(new String(download("checkpoints/mine").get("config.json"), UTF_8))
        .contains("\"no\"")
        .doesNotContain("LABEL_");
    for (List<String> wrong : List.of(List.of("no"), List.of("no", "no"))) {
      var refused = Refusals.of(() -> register("model", "other", wrong.toArray(String[]::new)));
      assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
      assertThat(Refusals.reason(refused)).isEqualTo("LABELS_INVALID");
      assertThat(Refusals.fields(refused)).containsExactly("labels");
    }
    var unseen = Refusals.of(() -> register("model", "other", "a", "b\u202e"));
    assertThat(Refusals.reason(unseen)).isEqualTo("REQUEST_INVALID");
    assertThat(Refusals.fields(unseen)).containsExactly("labels[1]");
    assertThat(Files.readString(config)).isEqualTo(before);
  }

  @Test
  void register_trainingDirectory_hasTheStepOfItsStateOrFolder() throws Exception {
    writeModel("seed1/checkpoint-60", 1);
    assertThat(register("seed1/checkpoint-60", "folder").getStep()).isEqualTo(60);
    var state = directory.resolve("data/seed1/checkpoint-60/trainer_state.json");
    Files.writeString(
        state, "{\"epoch\": 1.5, \"global_step\": 61, \"log_history\": [{\"loss\": NaN}]}");
    var told = register("seed1/checkpoint-60", "told");
    assertThat(told.getStep()).isEqualTo(61);
    assertThat(told.getNoticesList()).anyMatch(notice -> notice.contains("checkpoint-60"));
    writeModel("plain", 1);
    assertThat(register("plain", "plain").getStep()).isZero();
  }

  @Test
  void register_withoutATokenizer_isGivenOneAndSaysSo() throws Exception {
    writeModel("whole", 1);
    writeModel("bare", 1);
    for (String file : List.of("vocab.txt", "tokenizer_config.json")) {
      Files.delete(directory.resolve("data/bare").resolve(file));
    }
    var request = RegisterCheckpointRequest.newBuilder().setUri("bare").setCheckpointId("given");
    for (String tokenizer : List.of("whole", "whole/vocab.txt")) {
      var given =
          trainer
              .checkpointService
              .registerCheckpoint(request.setTokenizerUri(tokenizer).build())
              .getCheckpoint();
      assertThat(given.getNoticesList())
          .singleElement()
          .asString()
          .contains("given that of whole at registration");
    }
    assertThat(download("checkpoints/given").get("vocab.txt"))
        .isEqualTo(download("checkpoints/" + id(register("whole", "whole"))).get("vocab.txt"));
    assertThat(directory.resolve("data/bare/vocab.txt")).doesNotExist();

    var own =
        trainer
            .checkpointService
            .registerCheckpoint(
                request.setUri("whole").setCheckpointId("own").setTokenizerUri("bare").build())
            .getCheckpoint();
    assertThat(own.getNoticesList()).singleElement().asString().contains("which was kept");

    var nowhere =
        Refusals.of(
            () ->
                trainer.checkpointService.registerCheckpoint(
                    request.setUri("bare").setCheckpointId("x").setTokenizerUri("bare").build()));
    assertThat(Refusals.reason(nowhere)).isEqualTo("TOKENIZER_NOT_FOUND");
    assertThat(nowhere.toString()).contains("tokenizer_uri");
    var outside =
        Refusals.of(
            () ->
                trainer.checkpointService.registerCheckpoint(
                    request.setTokenizerUri("../checkpoints").build()));
    assertThat(outside.getCode()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
  }

  private static String id(Checkpoint checkpoint) {
    return checkpoint.getName().substring(checkpoint.getName().indexOf('/') + 1);
  }

  @Test
  void register_hugeVocabulary_isRefusedBeforeItIsCopied() throws Exception {
    writeModel("model", 1);
    var vocabulary = directory.resolve("data/model/vocab.txt");
    try (var channel = FileChannel.open(vocabulary, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), 30L << 30);
    }
    refused("FILE_TOO_LARGE", "vocab.txt has 32212254721 bytes, at most 33554432 are read");
  }

  @Test
  void register_weightsThatAreNotFinite_namesTheCallersFile() throws Exception {
    writeModel("model", 1);
    var weights = directory.resolve("data/model/model.safetensors");
    var bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(bytes.length - Float.BYTES, Float.NaN);
    Files.write(weights, bytes);
    refused("TENSOR_NOT_FINITE", "of model.safetensors holds NaN at element");
  }

  /** Four gigabytes that no disk holds, of a tensor that nobody knows. */
  @Test
  @Timeout(60)
  void register_deadlinePasses_endsAndLeavesNothing() throws Exception {
    writeModel("model", 1);
    long size = 4L << 30;
    var header =
        String.format(
            Locale.ROOT,
            "{\"unknown\":{\"dtype\":\"U8\",\"shape\":[4,1073741824],\"data_offsets\":[0,%d]}}",
            size);
    Models.split(directory.resolve("data/model"));
    try (var channel =
        FileChannel.open(
            directory.resolve("data/model/model-00003-of-00002.safetensors"),
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE_NEW)) {
      var start = ByteBuffer.allocate(8 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
      start.putLong(header.length()).put(header.getBytes(UTF_8)).flip();
      channel.write(start);
      channel.write(ByteBuffer.allocate(1), 8 + header.length() + size - 1);
    }
    var index = directory.resolve("data/model/model.safetensors.index.json");
    Files.writeString(
        index,
        Files.readString(index)
            .replaceFirst(
                "\"weight_map\"\\s*:\\s*\\{",
                "\"weight_map\":{\"unknown\":\"model-00003-of-00002.safetensors\","));

    var refused =
        Refusals.of(
            () ->
                trainer
                    .checkpointService
                    .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
                    .registerCheckpoint(
                        RegisterCheckpointRequest.newBuilder()
                            .setUri("model")
                            .setCheckpointId("mine")
                            .build()));

    assertThat(refused.getCode()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    boolean left = true;
    while (left) {
      try (var kept = Files.list(directory.resolve("checkpoints"))) {
        left = kept.findAny().isPresent();
      }
      Thread.onSpinWait();
    }
    assertThat(list(0, "", "")).isEmpty();
  }

  @Test
  void register_file_isRefused() throws Exception {
    writeModel("model", 1);
    var refused = Refusals.of(() -> register("model/config.json", "mine"));
    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("NO_DIRECTORY");
    assertThat(Refusals.fields(refused)).containsExactly("uri");
  }

  /** Registering "model" is refused, tells no path of the server, and stores nothing. */
  private void refused(String reason, String... messages) throws Exception {
    var refused = Refusals.of(() -> register("model", "mine"));
    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo(reason);
    assertThat(Refusals.fields(refused)).singleElement().asString().startsWith("uri.");
    assertThat(refused.getMessage())
        .contains(messages)
        .doesNotContain(directory.toString(), "incoming");
    assertThat(list(0, "", "")).isEmpty();
    try (var kept = Files.list(directory.resolve("checkpoints"))) {
      assertThat(kept).isEmpty();
    }
  }

  @Test
  void describe_checkpoint_givesItsEncoderFilesTensorsAndNorms() throws Exception {
    writeModel("model", 1);
    var registered = register("model", "mine");

    var described = describe("checkpoints/mine");

    assertThat(described.getCheckpoint()).isEqualTo(registered);
    var encoder = described.getEncoder();
    assertThat(encoder.getFamily()).isEqualTo("bert");
    assertThat(encoder.getVocabularySize()).isEqualTo(43);
    assertThat(encoder.getHiddenSize()).isEqualTo(16);
    assertThat(encoder.getLayerCount()).isEqualTo(1);
    assertThat(encoder.getAttentionHeadCount()).isEqualTo(2);
    assertThat(encoder.getIntermediateSize()).isEqualTo(32);
    assertThat(encoder.getMaxTokens()).isEqualTo(40);
    assertThat(encoder.getTypeVocabularySize()).isEqualTo(2);
    assertThat(encoder.getLayerNormEpsilon()).isEqualTo(1e-12);
    assertThat(encoder.getActivation()).isEqualTo("gelu");
    assertThat(described.getFilesList())
        .extracting(FileDescription::getName)
        .containsExactly("config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt");
    assertThat(
            described.getFilesList().stream()
                .mapToLong(file -> file.getDigest().getSizeBytes())
                .sum())
        .isEqualTo(registered.getSizeBytes());
    try (var weights =
        HuggingFaceCheckpoint.open(trainer.checkpoints.hold("mine").directory()).read()) {
      long offset = 0;
      for (var tensor : described.getTensorsList()) {
        assertThat(tensor.getOffset()).isEqualTo(offset);
        double squares = 0;
        for (float value : weights.copyOf(tensor.getName())) {
          squares += (double) value * value;
        }
        assertThat(tensor.getL2Norm())
            .isCloseTo(Math.sqrt(squares), within(1e-12 * Math.sqrt(squares)));
        offset +=
            tensor.getShapeList().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
      }
      assertThat(offset).isEqualTo(registered.getParameterCount());
    }
    assertThat(described.getGroupsList())
        .extracting(ParameterGroup::getName)
        .containsExactly("embeddings", "layer 0", "pooler", "head");
    assertThat(
            described.getGroupsList().stream().mapToLong(ParameterGroup::getParameterCount).sum())
        .isEqualTo(registered.getParameterCount());
  }

  @Test
  void describe_unknownOrDamaged_isRefused() throws Exception {
    assertThat(Refusals.of(() -> describe("checkpoints/none")).getCode())
        .isEqualTo(Code.NOT_FOUND_VALUE);
    writeModel("model", 1);
    register("model", "mine");
    describe("checkpoints/mine");
    // This process has verified it before; another version of the file is verified again.
    var weights = directory.resolve("checkpoints/mine/model.safetensors");
    var bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    Files.setLastModifiedTime(weights, FileTime.fromMillis(1));

    var refused = Refusals.of(() -> describe("checkpoints/mine"));

    assertThat(refused.getCode()).isEqualTo(Code.DATA_LOSS_VALUE);
    assertThat(refused.getMessage())
        .contains("model.safetensors", "SHA-256")
        .doesNotContain(directory.toString());
  }

  private DescribeCheckpointResponse describe(String name) {
    return trainer.checkpointService.describeCheckpoint(
        DescribeCheckpointRequest.newBuilder().setName(name).build());
  }

  @Test
  void train_robertaWithATokenizerDirectory_keepsTheTokenizer() throws Exception {
    Models.writeBytePairs(directory.resolve("data/pairs"));
    trainer.start();
    var spec = Specs.classification(2);
    spec.getRandomBuilder().setFamily("roberta").setTokenizerUri("pairs").setMaxPositions(200);

    var run = trainer.train(spec.build());

    assertThat(run.getError().getMessage()).isEmpty();
    var described = describe(run.getCheckpoints(0).getCheckpoint());
    assertThat(described.getFilesList())
        .extracting(FileDescription::getName)
        .contains("vocab.json", "merges.txt");
    assertThat(described.getEncoder().getVocabularySize()).isEqualTo(262);
    assertThat(described.getEncoder().getMaxTokens()).isEqualTo(198);
  }

  @Test
  void train_tokenizerOfRandomWeightsReadOtherwiseThanItSays_isToldWithRunAndCheckpoint()
      throws Exception {
    var tokenizer = Files.createDirectories(directory.resolve("data/cased"));
    try (var miniature = Tokenizers.miniature()) {
      miniature.copyTo(tokenizer, 18);
    }
    Files.writeString(tokenizer.resolve("tokenizer_config.json"), "{\"do_lower_case\": false}");
    trainer.start();
    var spec = Specs.classification(2);
    spec.getRandomBuilder().setTokenizerUri("cased");

    var run = trainer.train(spec.build());

    assertThat(run.getError().getMessage()).isEmpty();
    var told =
        "tokenizer.json has lowercase true, tokenizer_config.json makes it false (do_lower_case); the latter is heeded, as by Hugging Face's fast tokenizers";
    assertThat(run.getNoticesList()).contains(told);
    assertThat(get(run.getCheckpoints(0).getCheckpoint()).getNoticesList()).contains(told);
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
  void get_unknown_isNotFoundWithTheNearestName() throws Exception {
    writeModel("model", 1);
    register("model", "bert-base");
    var refused = Refusals.of(() -> get("checkpoints/bert-bsae"));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_NOT_FOUND");
    assertThat(refused.getMessage()).contains("\"bert-bsae\"; did you mean \"bert-base\"?");
    assertThat(Refusals.of(() -> get("checkpoints/none")).getMessage())
        .isEqualTo("There is no checkpoint \"none\". List the checkpoints to see what there is.");
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
              ListCheckpointsRequest.newBuilder()
                  .setPageSize(2)
                  .setPageToken(token)
                  .setView(CheckpointView.CHECKPOINT_VIEW_FULL)
                  .build());
      listed.addAll(page.getCheckpointsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());

    assertThat(listed).isEqualTo(registered);
    assertThat(registered).allMatch(checkpoint -> checkpoint.getLabelsCount() > 0);
    assertThat(list(0, "", ""))
        .isEqualTo(
            registered.stream()
                .map(checkpoint -> checkpoint.toBuilder().clearLabels().clearNotices().build())
                .toList());
    assertThat(list(0, "", "trainingRuns/none")).isEmpty();
    assertThat(Refusals.fields(Refusals.of(() -> list(1, "bogus", ""))))
        .containsExactly("page_token");
  }

  @Test
  void list_ofARun_givesItsCheckpoints() throws Exception {
    writeModel("other", 1);
    register("other", "other");
    trainer.start();
    var run = trainer.train(Specs.classification(2).build());

    assertThat(list(0, "", run.getName()))
        .extracting(Checkpoint::getName)
        .isEqualTo(Specs.checkpoints(run));
  }

  @Test
  void download_checkpoint_givesEveryFileWhole() throws Exception {
    writeModel("model", 1);
    register("model", "mine");

    var files = download("checkpoints/mine");

    assertThat(files).containsKeys("config.json", "model.safetensors", "vocab.txt");
    for (var file : files.entrySet()) {
      assertThat(trainer.checkpoints.hold("mine").directory().resolve(file.getKey()))
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

  private Checkpoint register(String uri, String id, String... labels) {
    return trainer
        .checkpointService
        .registerCheckpoint(
            RegisterCheckpointRequest.newBuilder()
                .setUri(uri)
                .setCheckpointId(id)
                .addAllLabels(List.of(labels))
                .build())
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
