package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.trainer.Models;
import dev.watershed.trainer.v1.RandomInitialization;
import dev.watershed.trainer.v1.TrainingRunSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which starting points may share encoded rows. */
final class StartingPointTest {
  @TempDir private Path directory = Path.of("");
  private Path tokenizer = Path.of("");

  @BeforeEach
  void writeTokenizer() throws IOException {
    tokenizer = Files.createDirectory(directory.resolve("tokenizer"));
    try (var miniature = Tokenizers.miniature()) {
      miniature.copyTo(tokenizer, 18);
    }
  }

  private String identity(TrainingRunSpec spec) throws IOException {
    var store = new FileCheckpointStore(directory.resolve("store"), Clock.systemUTC());
    try (var start = StartingPoint.open(spec, store, new DataRoots(List.of(directory)))) {
      return start.tokenizerIdentity();
    }
  }

  private static TrainingRunSpec random(String tokenizerUri, int maxPositions) {
    return TrainingRunSpec.newBuilder()
        .setRandom(
            RandomInitialization.newBuilder()
                .setFamily("bert")
                .setTokenizerUri(tokenizerUri)
                .setLayerCount(1)
                .setHiddenSize(8)
                .setAttentionHeadCount(1)
                .setIntermediateSize(8)
                .setMaxPositions(maxPositions)
                .setSeed(1))
        .build();
  }

  @Test
  void tokenizerIdentity_whateverReadsTextsOtherwise_counts() throws IOException {
    String first = identity(random("tokenizer", 20));
    assertThat(identity(random("tokenizer", 20))).isEqualTo(first);
    assertThat(identity(random("tokenizer/vocab.txt", 20))).isEqualTo(first);
    assertThat(identity(random(tokenizer.toUri().toString(), 20))).isEqualTo(first);
    assertThat(identity(random("tokenizer", 21))).isNotEqualTo(first);
    Path config = tokenizer.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"do_lower_case\": true, \"model_max_length\": 7}");
    assertThat(identity(random("tokenizer", 20))).isEqualTo(first);
    Files.writeString(config, "{\"do_lower_case\": false}");
    String second = identity(random("tokenizer", 20));
    assertThat(second).isNotEqualTo(first);
    Files.delete(tokenizer.resolve("tokenizer.json"));
    assertThat(identity(random("tokenizer", 20))).isEqualTo(second);
    Path vocabulary = tokenizer.resolve("vocab.txt");
    Files.writeString(
        vocabulary, Files.readString(vocabulary).replace("\ndoctor\n", "\ndentist\n"));
    assertThat(identity(random("tokenizer", 20))).isNotEqualTo(second);
  }

  @Test
  void tokenizerIdentity_checkpointsOfOneDigestButOtherTokenizers_differ() throws IOException {
    var store = new FileCheckpointStore(directory.resolve("store"), Clock.systemUTC());
    Path model = directory.resolve("model");
    Models.write(model, 1);
    store.put("a", "", 0, model);
    Path vocabulary = model.resolve("vocab.txt");
    Files.writeString(
        vocabulary, Files.readString(vocabulary).replace("\ndoctor\n", "\ndentist\n"));
    store.put("b", "", 0, model);
    assertThat(store.find("a").orElseThrow().digest())
        .isEqualTo(store.find("b").orElseThrow().digest());
    assertThat(identity(checkpoint("a"))).isNotEqualTo(identity(checkpoint("b")));
    assertThat(identity(checkpoint("a"))).isEqualTo(identity(checkpoint("a")));
  }

  @Test
  void open_checkpointWithoutATokenizer_needsNoneForRowsOfIds() throws IOException {
    var store = new FileCheckpointStore(directory.resolve("store"), Clock.systemUTC());
    Path model = directory.resolve("model");
    Models.write(model, 1);
    Files.delete(model.resolve("vocab.txt"));
    store.put("blind", "", 0, model);
    try (var start =
        StartingPoint.open(checkpoint("blind"), store, new DataRoots(List.of(directory)))) {
      assertThat(start.tokenizer()).isNull();
      assertThat(start.contentDigest()).hasSize(64);
      assertThat(start.tokenizerIdentity()).startsWith("none/");
      assertThatThrownBy(start::requireTokenizer)
          .hasMessageContaining("checkpoints/blind comes without a tokenizer");
    }
  }

  private static TrainingRunSpec checkpoint(String id) {
    return TrainingRunSpec.newBuilder().setInitialCheckpoint("checkpoints/" + id).build();
  }

  @Test
  void open_directoryWithoutATokenizer_isRefusedAsOfItsField() throws IOException {
    Files.createDirectory(directory.resolve("empty"));
    assertThatThrownBy(() -> identity(random("empty", 20)))
        .hasMessageContainingAll("tokenizer.json", "vocab.txt", "merges.txt");
    assertThatThrownBy(() -> identity(random("../elsewhere", 20))).hasMessageContaining("outside");
  }
}
