package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HuggingFaceCheckpointTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/encoder");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Path directory = Path.of("");

  @BeforeEach
  void choose(@TempDir Path temporary) {
    directory = temporary.resolve("checkpoint");
  }

  private static EncoderConfig tiny(Family family) {
    return new EncoderConfig(family, 11, 8, 2, 2, 12, 10, 2, 1e-12, Activation.GELU, 1, .1, .2, .3);
  }

  private static Architecture architecture(Family family, Head head) {
    List<String> labels = head == Head.CLASSIFICATION ? List.of("no", "yes") : List.of();
    return new Architecture(tiny(family), head, labels);
  }

  private void writeTiny(Family family, Head head) throws IOException {
    ParameterLayout layout = ParameterLayout.of(architecture(family, head));
    try (ParameterVector weights = ParameterVector.random(layout, .1, 1)) {
      HuggingFaceCheckpoint.write(directory, weights);
    }
  }

  private void editConfig(Consumer<ObjectNode> edit) throws IOException {
    Path file = directory.resolve("config.json");
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    edit.accept(json);
    Files.write(file, JSON.writeValueAsBytes(json));
  }

  /** Rewrites the weights with each tensor renamed, dropped (null) or added to. */
  private void editTensors(Consumer<List<Safetensors.Content>> edit, UnaryOperator<String> rename)
      throws IOException {
    Path file = directory.resolve("model.safetensors");
    var contents = new ArrayList<Safetensors.Content>();
    try (Safetensors in = Safetensors.open(file)) {
      for (Safetensors.Tensor tensor : in.tensors().values()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) (tensor.end() - tensor.begin()));
        in.read(tensor, bytes);
        contents.add(new Safetensors.Content(rename.apply(tensor.name()), tensor.shape(), bytes));
      }
    }
    edit.accept(contents);
    Safetensors.write(file, Map.of(), contents);
  }

  private void refused(String reason, String... messages) {
    assertThatThrownBy(
            () -> {
              HuggingFaceCheckpoint.open(directory).read().close();
            })
        .hasMessageContainingAll(messages)
        .hasMessageNotContaining(directory.toString())
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private Digest digest() throws IOException {
    try (ParameterVector weights = HuggingFaceCheckpoint.open(directory).read()) {
      return weights.digest();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BERT,NONE",
    "BERT,CLASSIFICATION",
    "BERT,MASKED_LANGUAGE_MODEL",
    "ROBERTA,NONE",
    "ROBERTA,CLASSIFICATION",
    "ROBERTA,MASKED_LANGUAGE_MODEL"
  })
  void write_thenOpen_givesTheSameDigest(Family family, Head head) throws IOException {
    ParameterLayout layout = ParameterLayout.of(architecture(family, head));
    try (ParameterVector weights = ParameterVector.random(layout, .1, 1)) {
      HuggingFaceCheckpoint.write(directory, weights);
      HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.open(directory);
      assertThat(checkpoint.architecture()).isEqualTo(architecture(family, head));
      assertThat(checkpoint.notices()).isEmpty();
      assertThat(digest()).isEqualTo(weights.digest());
    }
    JsonNode config = JSON.readTree(directory.resolve("config.json").toFile());
    assertThat(config.path("label2id").path("yes").asInt(-1))
        .isEqualTo(head == Head.CLASSIFICATION ? 1 : -1);
    try (Safetensors in = Safetensors.open(directory.resolve("model.safetensors"))) {
      assertThat(in.metadata()).containsEntry("format", "pt");
    }
  }

  @Test
  void write_tokenizerFiles_areCopied(@TempDir Path elsewhere) throws IOException {
    Path vocabulary = Files.writeString(elsewhere.resolve("vocab.txt"), "[PAD]\n");
    ParameterLayout layout = ParameterLayout.of(architecture(Family.BERT, Head.NONE));
    try (ParameterVector weights = ParameterVector.allocate(layout)) {
      HuggingFaceCheckpoint.write(directory, weights, vocabulary);
      assertThat(directory.resolve("vocab.txt")).hasSameTextualContentAs(vocabulary);
      assertThatThrownBy(
              () -> HuggingFaceCheckpoint.write(directory, weights, elsewhere.resolve("passwd")))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void open_oldLayerNormNames_areTheSameWeights() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Digest expected = digest();
    editTensors(
        contents -> {},
        name ->
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta"));
    assertThat(digest()).isEqualTo(expected);
    assertThat(HuggingFaceCheckpoint.open(directory).notices()).isEmpty();
  }

  @Test
  void open_bothLayerNormNames_isRefused() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editTensors(
        contents ->
            contents.add(
                new Safetensors.Content(
                    "bert.embeddings.LayerNorm.gamma", List.of(8), ByteBuffer.allocate(32))),
        name -> name);
    refused("TENSOR_AMBIGUOUS", "bert.embeddings.LayerNorm.gamma", "keep one");
  }

  @Test
  void open_bareEncoder_needsNoPrefix() throws IOException {
    writeTiny(Family.ROBERTA, Head.NONE);
    Digest expected = digest();
    editTensors(contents -> {}, name -> name.substring("roberta.".length()));
    assertThat(digest()).isEqualTo(expected);
  }

  @Test
  void open_unknownHeads_areIgnoredWithANotice() throws IOException {
    writeTiny(Family.BERT, Head.MASKED_LANGUAGE_MODEL);
    Digest expected = digest();
    editTensors(
        contents -> {
          contents.add(
              new Safetensors.Content(
                  "cls.seq_relationship.weight", List.of(2, 8), ByteBuffer.allocate(64)));
          contents.add(
              new Safetensors.Content(
                  "bert.embeddings.position_ids", List.of(1, 2), ByteBuffer.allocate(8)));
        },
        name -> name);
    assertThat(digest()).isEqualTo(expected);
    assertThat(HuggingFaceCheckpoint.open(directory).notices())
        .containsExactly("ignored tensors: cls.seq_relationship.weight");
  }

  @Test
  void open_missingPoolerUnderAnotherHead_isDrawnWithANotice() throws IOException {
    writeTiny(Family.BERT, Head.MASKED_LANGUAGE_MODEL);
    editTensors(
        contents -> contents.removeIf(content -> content.name().contains("pooler")), name -> name);
    assertThat(HuggingFaceCheckpoint.open(directory).notices()).hasSize(1);
    assertThat(HuggingFaceCheckpoint.open(directory).notices().get(0)).contains("bert.pooler");
    assertThat(digest()).isEqualTo(digest());
  }

  @Test
  void open_missingTensor_isRefusedByName() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    String name = "bert.encoder.layer.1.attention.self.key.bias";
    editTensors(contents -> contents.removeIf(content -> content.name().equals(name)), n -> n);
    refused("TENSOR_MISSING", name);
    editTensors(
        contents ->
            contents.add(new Safetensors.Content(name, List.of(4, 2), ByteBuffer.allocate(32))),
        n -> n);
    refused("TENSOR_MISSHAPEN", name, "[4, 2]", "[8]");
  }

  @Test
  void open_integerWeights_areRefusedByName() throws IOException {
    writeTiny(Family.ROBERTA, Head.NONE);
    Path file = directory.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    int at = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("F32");
    bytes[at] = 'I';
    Files.write(file, bytes);
    refused("TENSOR_TYPE", "roberta.embeddings.word_embeddings.weight", "I32");
  }

  @Test
  void read_notANumber_isRefusedByName() throws IOException {
    writeTiny(Family.ROBERTA, Head.CLASSIFICATION);
    editTensors(
        contents ->
            contents.stream()
                .filter(content -> content.name().equals("classifier.dense.bias"))
                .forEach(
                    content ->
                        content.bytes().order(ByteOrder.LITTLE_ENDIAN).putFloat(12, Float.NaN)),
        name -> name);
    refused("TENSOR_NOT_FINITE", "classifier.dense.bias", "element 3");
  }

  @Test
  void open_decoderStoredBesideTheEmbedding_mustBeTied() throws IOException {
    writeTiny(Family.ROBERTA, Head.MASKED_LANGUAGE_MODEL);
    Digest expected = digest();
    var decoder = new ArrayList<Safetensors.Content>();
    editTensors(
        contents -> {
          for (Safetensors.Content content : contents) {
            if (content.name().endsWith("word_embeddings.weight")) {
              decoder.add(
                  new Safetensors.Content(
                      "lm_head.decoder.weight", content.shape(), content.bytes()));
            }
          }
          contents.addAll(decoder);
        },
        name -> name.equals("lm_head.bias") ? "lm_head.decoder.bias" : name);
    assertThat(digest()).isEqualTo(expected);
    assertThat(HuggingFaceCheckpoint.open(directory).notices()).isEmpty();
    editTensors(
        contents ->
            contents.stream()
                .filter(content -> content.name().equals("lm_head.decoder.weight"))
                .forEach(content -> content.bytes().putFloat(0, 0)),
        name -> name);
    refused("DECODER_NOT_TIED", "lm_head.decoder.weight");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model_type|\"distilbert\"|CONFIG_UNSUPPORTED",
        "model_type|\"\"|CONFIG_UNSUPPORTED",
        "position_embedding_type|\"relative_key\"|CONFIG_UNSUPPORTED",
        "position_embedding_type|\"relative_key_query\"|CONFIG_UNSUPPORTED",
        "is_decoder|true|CONFIG_UNSUPPORTED",
        "is_encoder_decoder|true|CONFIG_UNSUPPORTED",
        "problem_type|\"regression\"|CONFIG_UNSUPPORTED",
        "problem_type|\"multi_label_classification\"|CONFIG_UNSUPPORTED",
        "quantization_config|{\"quant_method\":\"gptq\"}|CONFIG_UNSUPPORTED",
        "pruned_heads|{\"0\":[1]}|CONFIG_UNSUPPORTED",
        "add_cross_attention|true|CONFIG_UNSUPPORTED",
        "hidden_act|\"silu\"|CONFIG_UNSUPPORTED",
        "embedding_size|4|CONFIG_UNSUPPORTED",
        "hidden_size|7|CONFIG_INVALID",
        "hidden_size|-8|CONFIG_INVALID",
        "hidden_size|\"8\"|CONFIG_INVALID",
        "hidden_size|100000000000|CONFIG_INVALID",
        "vocab_size|2147483647|CONFIG_INVALID",
        "num_hidden_layers|1000000|CONFIG_INVALID",
        "num_attention_heads|0|CONFIG_INVALID",
        "pad_token_id|11|CONFIG_INVALID",
        "layer_norm_eps|0|CONFIG_INVALID",
        "hidden_dropout_prob|1.0|CONFIG_INVALID",
        "hidden_dropout_prob|\"x\"|CONFIG_INVALID",
        "id2label|{\"1\":\"a\",\"2\":\"b\"}|CONFIG_INVALID",
        "id2label|{\"0\":\"a\"}|LABELS_INVALID",
        "id2label|{\"0\":\"a\",\"1\":\"a\"}|LABELS_INVALID",
        "id2label|{\"0\":\"a\",\"1\":\"\"}|LABELS_INVALID",
        "id2label|{\"0\":\"a\",\"1\":\"b\\u001b[31m\"}|LABELS_INVALID",
        "id2label|{\"0\":\"a\",\"1\":\"b\\u202e\"}|LABELS_INVALID",
        "id2label|{\"0\":\"a\",\"1\":null}|CONFIG_INVALID",
        "id2label|[\"a\",[\"b\"]]|CONFIG_INVALID",
      })
  void open_unsupportedConfig_isRefusedByKey(String key, String value, String reason)
      throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    JsonNode node = JSON.readTree(value);
    editConfig(json -> json.set(key, node));
    refused(reason, key.equals("id2label") ? "label" : key);
  }

  @Test
  void open_configThatIsNone_isRefused() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Path file = directory.resolve("config.json");
    for (String text : List.of("", "[]", "{", "null", "{\"a\":1,\"a\":2}")) {
      Files.writeString(file, text);
      refused("CONFIG_INVALID", "config.json");
    }
    Files.delete(file);
    refused("CONFIG_MISSING", "config.json");
  }

  @ParameterizedTest
  @CsvSource({
    "pytorch_model.bin, a pickle, BertForSequenceClassification as M; M.from_pretrained('.').save",
    "pytorch_model.bin.index.json, pickles, M.from_pretrained('.').save_pretrained('.'",
    "tf_model.h5, TensorFlow, M.from_pretrained('.' from_tf=True).save",
    "flax_model.msgpack, Flax, M.from_pretrained('.' from_flax=True).save",
  })
  void open_otherWeightFiles_areRefusedWithAdvice(String other, String what, String command)
      throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Files.move(directory.resolve("model.safetensors"), directory.resolve(other));
    refused(
        "WEIGHTS_MISSING",
        "model.safetensors",
        other,
        what,
        command.replace("'.' f", "'.', f"),
        "safe_serialization=True");
  }

  @Test
  void open_directoryWithoutWeights_isRefused() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    Files.delete(directory.resolve("model.safetensors"));
    refused("WEIGHTS_MISSING", "a directory with config.json and model.safetensors");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"distilbert", "deberta", "deberta-v2", "electra", "albert", "xlm-roberta", "gpt2"})
  void open_otherModelType_isRefusedByItsName(String type) throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editConfig(json -> json.put("model_type", type));
    refused("CONFIG_UNSUPPORTED", "model_type '" + type + "'", "bert and roberta");
  }

  @ParameterizedTest
  @CsvSource({
    "gelu,GELU",
    "gelu_python,GELU",
    "gelu_new,GELU_NEW",
    "gelu_fast,GELU_NEW",
    "gelu_accurate,GELU_NEW",
    "gelu_pytorch_tanh,GELU_NEW",
    "relu,RELU"
  })
  void open_activationByAnyOfItsNames_isKnown(String name, Activation expected) throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editConfig(json -> json.put("hidden_act", name));
    assertThat(HuggingFaceCheckpoint.open(directory).architecture().encoder().activation())
        .isEqualTo(expected);
  }

  @Test
  void open_classifierDropoutThatIsNull_isThatOfHiddenStates() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    assertThat(HuggingFaceCheckpoint.open(directory).architecture().encoder().classifierDropout())
        .isEqualTo(.3);
    editConfig(json -> json.putNull("classifier_dropout"));
    assertThat(HuggingFaceCheckpoint.open(directory).architecture().encoder().classifierDropout())
        .isEqualTo(.1);
  }

  @Test
  void open_keysWithTheirHarmlessValues_areAccepted() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editConfig(
        json -> {
          json.put("problem_type", "single_label_classification");
          json.putNull("quantization_config");
          json.putObject("pruned_heads");
          json.put("is_decoder", false);
          json.put("chunk_size_feed_forward", 0);
        });
    HuggingFaceCheckpoint.open(directory).read().close();
  }

  /** What the two models' own repositories publish, without what no computation reads. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void write_publishedConfig_keepsEveryKeyThatMatters(Family family) throws IOException {
    Files.createDirectories(directory);
    ObjectNode published = JSON.createObjectNode();
    boolean bert = family == Family.BERT;
    published.putArray("architectures").add(bert ? "BertForMaskedLM" : "RobertaForMaskedLM");
    published.put("attention_probs_dropout_prob", .1).put("hidden_act", "gelu");
    published.put("hidden_dropout_prob", .1).put("hidden_size", 768);
    published.put("intermediate_size", 3072).put("layer_norm_eps", bert ? 1e-12 : 1e-5);
    published.put("max_position_embeddings", bert ? 512 : 514);
    published.put("model_type", family.hfName()).put("num_attention_heads", 12);
    published.put("num_hidden_layers", 12).put("pad_token_id", bert ? 0 : 1);
    published.put("type_vocab_size", bert ? 2 : 1).put("vocab_size", bert ? 30522 : 50265);
    if (!bert) {
      published.put("bos_token_id", 0).put("eos_token_id", 2);
    }
    ObjectNode given = published.deepCopy();
    given.put("initializer_range", .02).put("use_cache", true).put("gradient_checkpointing", false);
    Path file = directory.resolve("config.json");
    Files.write(file, JSON.writeValueAsBytes(given));

    EncoderConfig encoder = HuggingFaceConfig.read(file).encoder();
    assertThat(encoder.maxTokens()).isEqualTo(512);
    HuggingFaceConfig.write(file, new Architecture(encoder, Head.MASKED_LANGUAGE_MODEL, List.of()));

    JsonNode written = JSON.readTree(file.toFile());
    for (var entry : published.properties()) {
      assertThat(written.path(entry.getKey())).as(entry.getKey()).isEqualTo(entry.getValue());
    }
    assertThat(written.has("bos_token_id")).isEqualTo(!bert);
  }

  @Test
  void read_fileChangedSinceItWasOpened_isCorrupt() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    HuggingFaceCheckpoint opened = HuggingFaceCheckpoint.open(directory);
    Path file = directory.resolve("model.safetensors");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThatThrownBy(opened::read)
        .hasMessageContainingAll("model.safetensors", "changed", "1970-01-01")
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.kind()).isEqualTo(InvalidInputException.Kind.CORRUPT));
    Files.delete(file);
    assertThatThrownBy(opened::read).hasMessageContainingAll("model.safetensors", "gone");
  }

  @Test
  void open_labelsInAnotherOrder_areInTheOrderOfTheirNumbers() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editConfig(json -> json.putObject("id2label").put("1", "entailment").put("0", "contradiction"));
    assertThat(HuggingFaceCheckpoint.open(directory).architecture().labels())
        .containsExactly("contradiction", "entailment");
    editConfig(json -> json.remove("id2label"));
    assertThat(HuggingFaceCheckpoint.open(directory).architecture().labels())
        .containsExactly("LABEL_0", "LABEL_1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"0\": 0, \"1\": 1}|0|1",
        "{\"0\": 0.0, \"1\": 1.0}|0.0|1.0",
        "{\"0\": false, \"1\": true}|false|true",
        "[\"no\", \"yes\"]|no|yes"
      })
  void open_labelsThatAreNoTextOrAList_areReadAsText(String id2label, String first, String second)
      throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    JsonNode node = JSON.readTree(id2label);
    editConfig(json -> json.set("id2label", node));
    assertThat(HuggingFaceCheckpoint.open(directory).architecture().labels())
        .containsExactly(first, second);
  }

  @Test
  void open_labelsThatDifferInCaseOnly_isANotice() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editConfig(json -> json.putObject("id2label").put("0", "Yes").put("1", "yes"));
    assertThat(HuggingFaceCheckpoint.open(directory).notices())
        .singleElement()
        .asString()
        .contains("'Yes' and 'yes'", "case only");
  }

  /** Nothing but a masked language model has a decoder that could be untied. */
  @Test
  void open_untiedEmbeddings_areRefusedWhereThereIsADecoder() throws IOException {
    for (Head head : Head.values()) {
      writeTiny(Family.ROBERTA, head);
      editConfig(json -> json.put("tie_word_embeddings", false));
      if (head == Head.MASKED_LANGUAGE_MODEL) {
        refused("CONFIG_UNSUPPORTED", "tie_word_embeddings");
      } else {
        assertThat(HuggingFaceCheckpoint.open(directory).architecture().head()).isEqualTo(head);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"module.", "_orig_mod.", "module._orig_mod.", "bert.", "roberta.", "model.net."})
  void open_namesThatAllBeginAlike_areReadWithoutThatAndANotice(String prefix) throws IOException {
    for (Family family : Family.values()) {
      for (Head head : Head.values()) {
        writeTiny(family, head);
        Digest expected = digest();
        editTensors(contents -> {}, name -> prefix + name);
        assertThat(digest()).isEqualTo(expected);
        assertThat(HuggingFaceCheckpoint.open(directory).notices())
            .singleElement()
            .asString()
            .contains("'" + prefix + "'");
      }
    }
  }

  @Test
  void open_someNamesBeginOtherwise_isRefusedWithNamesThatThereAre() throws IOException {
    writeTiny(Family.BERT, Head.CLASSIFICATION);
    editTensors(contents -> {}, name -> name.startsWith("classifier.") ? name : "module." + name);
    refused("TENSOR_MISSING", "bert.embeddings.word_embeddings.weight", "such as module.bert.");
  }

  /** One limit that no message of a parser names: how deep it may be. */
  @Test
  void open_configThatIsTooLargeOrTooDeep_isRefusedInOurWords() throws IOException {
    writeTiny(Family.BERT, Head.NONE);
    Path config = directory.resolve("config.json");
    Files.writeString(config, "[".repeat(100_000));
    refused("CONFIG_INVALID", "nested deeper than 64");
    Files.writeString(config, "{\"a\": " + " ".repeat(1 << 20) + "1}");
    refused("CONFIG_INVALID", "larger than 1048576 bytes");
    Files.writeString(config, "{\"a\": 1,\n \"a\": 2}");
    refused("CONFIG_INVALID", "duplicate name 'a' in one object at line 2");
    Files.writeString(config, "{\"a\": x}");
    assertThatThrownBy(() -> HuggingFaceCheckpoint.open(directory))
        .hasMessage("config.json cannot be read: it is not JSON at line 1, column 7");
  }

  @Test
  void differences_paddedVocabulary_isSaid() {
    var a = architecture(Family.BERT, Head.NONE);
    var e = a.encoder();
    var padded =
        new Architecture(
            new EncoderConfig(
                e.family(), 16, 8, 2, 2, 12, 10, 2, 1e-12, Activation.GELU, 1, .1, .2, .3),
            Head.NONE,
            List.of());
    assertThat(a.differences(padded))
        .singleElement()
        .asString()
        .startsWith("vocab_size 11 and 16 (one vocabulary was padded to a multiple of 8");
  }

  @Test
  void open_withoutArchitectures_seesTheHeadByItsTensors() throws IOException {
    for (Family family : Family.values()) {
      for (Head head : Head.values()) {
        writeTiny(family, head);
        editConfig(json -> json.remove("architectures"));
        assertThat(HuggingFaceCheckpoint.open(directory).architecture().head()).isEqualTo(head);
      }
    }
  }

  @Test
  void open_anotherHeadsClass_readsTheEncoderWithANotice() throws IOException {
    writeTiny(Family.BERT, Head.NONE);
    editConfig(json -> json.putArray("architectures").add("BertForQuestionAnswering"));
    HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.open(directory);
    assertThat(checkpoint.architecture().head()).isEqualTo(Head.NONE);
    assertThat(checkpoint.notices().get(0)).contains("BertForQuestionAnswering");
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void open_goldenModels_areThreeLabelClassifiers(Family family) throws IOException {
    HuggingFaceCheckpoint checkpoint =
        HuggingFaceCheckpoint.open(GOLDEN.resolve(family.hfName()).resolve("a"));
    assertThat(checkpoint.architecture().labels())
        .containsExactly("contradiction", "entailment", "neutral");
    assertThat(checkpoint.architecture().encoder().maxTokens())
        .isEqualTo(family == Family.BERT ? 34 : 32);
    assertThat(checkpoint.notices()).isEmpty();
  }
}
