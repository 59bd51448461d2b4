package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights in shards. */
final class WeightFilesTest {
  private static final String INDEX = "model.safetensors.index.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private Path directory = Path.of("");

  @BeforeEach
  void choose(@TempDir Path temporary) {
    directory = temporary.resolve("checkpoint");
  }

  private Digest writeTiny(Family family, Head head) throws IOException {
    List<String> labels = head == Head.CLASSIFICATION ? List.of("no", "yes") : List.of();
    var encoder =
        new EncoderConfig(family, 11, 8, 2, 2, 12, 10, 2, 1e-12, Activation.GELU, 1, .1, .2, .3);
    var layout = ParameterLayout.of(new Architecture(encoder, head, labels));
    try (ParameterVector weights = ParameterVector.random(layout, .1, 1)) {
      HuggingFaceCheckpoint.write(directory, weights);
      return weights.digest();
    }
  }

  private Digest digest() throws IOException {
    try (ParameterVector weights = HuggingFaceCheckpoint.open(directory).read()) {
      return weights.digest();
    }
  }

  private void editIndex(Consumer<ObjectNode> edit) throws IOException {
    Path file = directory.resolve(INDEX);
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    edit.accept((ObjectNode) json.path("weight_map"));
    Files.write(file, JSON.writeValueAsBytes(json));
  }

  private void refused(String reason, String... messages) {
    assertThatThrownBy(() -> HuggingFaceCheckpoint.open(directory).read().close())
        .hasMessageContainingAll(messages)
        .hasMessageNotContaining(directory.toString())
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @ParameterizedTest
  @CsvSource({
    "BERT,NONE,1",
    "BERT,CLASSIFICATION,2",
    "BERT,MASKED_LANGUAGE_MODEL,7",
    "ROBERTA,NONE,3",
    "ROBERTA,CLASSIFICATION,256",
    "ROBERTA,MASKED_LANGUAGE_MODEL,4"
  })
  void open_shards_areTheSameWeights(Family family, Head head, int count) throws IOException {
    Digest expected = writeTiny(family, head);
    Shards.split(directory, Math.min(count, 40));
    assertThat(digest()).isEqualTo(expected);
    assertThat(HuggingFaceCheckpoint.open(directory).notices()).isEmpty();
  }

  @Test
  void open_shardsWithOldNames_areTheSameWeights() throws IOException {
    Digest expected = writeTiny(Family.BERT, Head.NONE);
    Shards.split(
        directory,
        3,
        name ->
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta")
                .replace("bert.", ""));
    assertThat(digest()).isEqualTo(expected);
  }

  @Test
  void open_decoderInAnotherShardThanTheEmbedding_mustBeTied() throws IOException {
    Digest expected = writeTiny(Family.ROBERTA, Head.MASKED_LANGUAGE_MODEL);
    String embedding = "roberta.embeddings.word_embeddings.weight";
    ByteBuffer bytes = ByteBuffer.allocate(11 * 8 * Float.BYTES);
    try (Safetensors in = Safetensors.open(directory.resolve("model.safetensors"))) {
      in.read(Objects.requireNonNull(in.tensors().get(embedding)), bytes);
    }
    Shards.split(directory, 2);
    String decoder = "lm_head.decoder.weight";
    var content = new Safetensors.Content(decoder, List.of(11, 8), bytes);
    Path third = directory.resolve("third.safetensors");
    Safetensors.write(third, Map.of(), List.of(content));
    editIndex(map -> map.put(decoder, "third.safetensors"));
    assertThat(digest()).isEqualTo(expected);
    bytes.putFloat(0, 7);
    Safetensors.write(third, Map.of(), List.of(content));
    refused("DECODER_NOT_TIED", decoder);
  }

  @Test
  void open_missingShard_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    String shard = Shards.split(directory, 3).get(1);
    Files.delete(directory.resolve(shard));
    refused("SHARD_MISSING", shard, "all 3 shards");
  }

  @Test
  void open_truncatedShard_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Path shard = directory.resolve(Shards.split(directory, 3).get(2));
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 4));
    refused("SAFETENSORS_TRUNCATED", "model-00003-of-00003.safetensors");
    Files.write(shard, Arrays.copyOf(bytes, 100));
    refused("SAFETENSORS_TRUNCATED", "model-00003-of-00003.safetensors");
    Files.write(shard, new byte[0]);
    refused("SAFETENSORS_TRUNCATED", "model-00003-of-00003.safetensors");
  }

  @Test
  void open_tensorElsewhereThanTheIndexSays_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    List<String> shards = Shards.split(directory, 2);
    editIndex(map -> map.put("bert.pooler.dense.bias", shards.get(0)));
    editIndex(map -> map.put("classifier.bias", shards.get(1)));
    editIndex(map -> map.put("bert.nonsense", shards.get(1)));
    refused("TENSOR_MISSING", INDEX);
  }

  @Test
  void open_tensorThatTheIndexPromisesAndNoShardHolds_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    List<String> shards = Shards.split(directory, 2);
    editIndex(map -> map.put("bert.nonsense", shards.get(1)));
    refused("TENSOR_MISSING", "bert.nonsense", shards.get(1), INDEX);
  }

  @Test
  void open_parameterInNoShard_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Shards.split(directory, 2, name -> name.equals("classifier.bias") ? "other" : name);
    refused("TENSOR_MISSING", "classifier.bias", "the 2 shards");
  }

  @Test
  void open_tensorInTwoShards_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Path single = directory.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(single);
    Shards.split(directory, 2);
    Files.write(directory.resolve("model-extra.safetensors"), whole);
    editIndex(map -> map.put("classifier.bias", "model-extra.safetensors"));
    refused("TENSOR_AMBIGUOUS", "model-00001-of-00002.safetensors", "model-extra.safetensors");
  }

  @Test
  void open_tensorThatTheIndexDoesNotName_isReadWithANotice() throws IOException {
    Digest expected = writeTiny(Family.BERT, Head.CLASSIFICATION);
    Shards.split(directory, 2);
    editIndex(map -> map.remove("classifier.bias"));
    assertThat(digest()).isEqualTo(expected);
    assertThat(HuggingFaceCheckpoint.open(directory).notices().get(0)).contains("classifier.bias");
  }

  @Test
  void open_singleFileBesideAnIndex_isReadWithANotice() throws IOException {
    Digest expected = writeTiny(Family.BERT, Head.CLASSIFICATION);
    Files.writeString(directory.resolve(INDEX), "not even JSON");
    assertThat(digest()).isEqualTo(expected);
    assertThat(HuggingFaceCheckpoint.open(directory).notices().get(0)).contains(INDEX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.safetensors",
        "/etc/passwd",
        "/tmp/model.safetensors",
        "a/model.safetensors",
        "a\\\\model.safetensors",
        ".hidden.safetensors",
        "..",
        "",
        "model.bin",
        "model\u0000.safetensors",
        "config.json"
      })
  void open_shardThatIsNoPlainName_isRefused(String name) throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Shards.split(directory, 2);
    editIndex(map -> map.put("classifier.bias", name));
    refused("INDEX_INVALID", "classifier.bias");
  }

  @Test
  void open_shardThatIsADirectory_isRefused() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Path shard = directory.resolve(Shards.split(directory, 2).get(0));
    Files.delete(shard);
    Files.createDirectory(shard);
    refused("NO_PLAIN_FILE", "model-00001-of-00002.safetensors");
  }

  @Test
  void open_indexThatIsNone_isRefused() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Shards.split(directory, 2);
    Path index = directory.resolve(INDEX);
    for (String text :
        List.of(
            "",
            "{",
            "[]",
            "null",
            "{}",
            "{\"weight_map\":{}}",
            "{\"weight_map\":[]}",
            "{\"weight_map\":{\"a\":1}}",
            "{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"y.safetensors\"}}",
            "[".repeat(100_000))) {
      Files.writeString(index, text);
      refused("INDEX_INVALID", INDEX);
    }
  }

  @Test
  void open_tooManyShards_isRefused() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Shards.split(directory, 2);
    editIndex(
        map -> {
          for (int i = 0; i < 300; i++) {
            map.put("t" + i, "s" + i + ".safetensors");
          }
        });
    refused("INDEX_INVALID", "256");
  }

  @Test
  void read_shardChangedSinceItWasOpened_isCorrupt() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Path shard = directory.resolve(Shards.split(directory, 2).get(1));
    HuggingFaceCheckpoint opened = HuggingFaceCheckpoint.open(directory);
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 4));
    assertThatThrownBy(opened::read)
        .hasMessageContaining("model-00002-of-00002.safetensors")
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.kind()).isEqualTo(InvalidInputException.Kind.CORRUPT));
  }
}
