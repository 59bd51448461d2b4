package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.UntrustedJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hugging Face's {@code config.json}: reading what we support, refusing the rest by name. */
final class HuggingFaceConfig {
  static final long MAX_BYTES = 1 << 20;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ObjectNode json;
  private final EncoderConfig encoder;

  private HuggingFaceConfig(ObjectNode json) {
    this.json = json;
    this.encoder = readEncoder(json);
  }

  static HuggingFaceConfig read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw InvalidInputException.invalid(
          "CONFIG_MISSING",
          HuggingFaceFiles.CONFIG,
          "there is no %s; a checkpoint is a Hugging Face directory with config.json and model.safetensors"
              .formatted(HuggingFaceFiles.CONFIG));
    }
    if (Files.size(file) > MAX_BYTES) {
      throw invalid(
          HuggingFaceFiles.CONFIG,
          HuggingFaceFiles.CONFIG + " is larger than " + MAX_BYTES + " bytes");
    }
    JsonNode json =
        UntrustedJson.tree(
            Files.readAllBytes(file),
            what ->
                invalid(
                    HuggingFaceFiles.CONFIG, HuggingFaceFiles.CONFIG + " cannot be read: " + what));
    if (json instanceof ObjectNode object) {
      return new HuggingFaceConfig(object);
    }
    throw invalid(HuggingFaceFiles.CONFIG, HuggingFaceFiles.CONFIG + " is not a JSON object");
  }

  EncoderConfig encoder() {
    return encoder;
  }

  /** Hugging Face's class name, such as {@code BertForMaskedLM}; null where none is given. */
  @Nullable String className() {
    JsonNode name = json.path("architectures").path(0);
    return name.isTextual() ? name.textValue() : null;
  }

  /**
   * Refuses a masked language model whose decoder is not the embedding; nothing else has a decoder.
   */
  void requireTiedDecoder() {
    refuse(json, "tie_word_embeddings", "true");
  }

  /** Label names in the order of the logits; {@code LABEL_0, ...} where there are none. */
  List<String> labels() {
    JsonNode id2label = json.path("id2label");
    if (id2label.isMissingNode() || id2label.isNull()) {
      int count = integer("num_labels", 2);
      if (count < 0 || count > 1000) {
        throw invalid("num_labels", "num_labels must be at most 1000, got " + count);
      }
      var labels = new ArrayList<String>();
      for (int i = 0; i < count; i++) {
        labels.add("LABEL_" + i);
      }
      return labels;
    }
    var labels = new ArrayList<String>();
    for (int i = 0; i < id2label.size(); i++) {
      JsonNode label = id2label.isArray() ? id2label.path(i) : id2label.path(Integer.toString(i));
      if (label.isMissingNode()) {
        throw invalid(
            "id2label", "id2label has " + id2label.size() + " names but none for class " + i);
      }
      // Names that look like numbers are written as numbers by some; they are names all the same.
      if (!label.isTextual() && !label.isNumber() && !label.isBoolean()) {
        throw invalid(
            "id2label",
            "id2label names class " + i + " " + Quoted.of(label.toString()) + "; give it a text");
      }
      labels.add(label.asText());
    }
    return labels;
  }

  /** Writes {@code to}: this file with other names for the labels, all else as it is. */
  void writeNamed(Path to, List<String> names) throws IOException {
    ObjectNode named = json.deepCopy();
    named.remove("num_labels"); // which id2label says
    putLabels(named, names);
    DurableFiles.write(to, JSON.writeValueAsBytes(named));
  }

  private static void putLabels(ObjectNode json, List<String> labels) {
    ObjectNode id2label = json.putObject("id2label");
    ObjectNode label2id = json.putObject("label2id");
    for (int i = 0; i < labels.size(); i++) {
      id2label.put(Integer.toString(i), labels.get(i));
      label2id.put(labels.get(i), i);
    }
  }

  private static EncoderConfig readEncoder(JsonNode json) {
    var c = new Reader(json);
    Family family = family(json.path("model_type").asText(""));
    refuse(json, "position_embedding_type", "absolute");
    refuse(json, "is_decoder", "false");
    refuse(json, "add_cross_attention", "false");
    refuse(json, "is_encoder_decoder", "false");
    refuse(json, "problem_type", "single_label_classification");
    refuseFilled(json, "quantization_config", "save the weights as F32, F16 or BF16");
    refuseFilled(json, "pruned_heads", "use a model with all its attention heads");
    refuse(json, "embedding_size", json.path("hidden_size").asText());
    double hiddenDropout = c.number("hidden_dropout_prob", .1);
    return new EncoderConfig(
        family,
        c.integer("vocab_size"),
        c.integer("hidden_size"),
        c.integer("num_hidden_layers"),
        c.integer("num_attention_heads"),
        c.integer("intermediate_size"),
        c.integer("max_position_embeddings"),
        c.integer("type_vocab_size", 2),
        c.number("layer_norm_eps", 1e-12),
        activation(json.path("hidden_act").asText("gelu")),
        c.integer("pad_token_id", family == Family.ROBERTA ? 1 : 0),
        hiddenDropout,
        c.number("attention_probs_dropout_prob", .1),
        c.number("classifier_dropout", hiddenDropout),
        c.integerOrNull("bos_token_id"),
        c.integerOrNull("eos_token_id"));
  }

  private static Family family(String modelType) {
    for (Family family : Family.values()) {
      if (family.hfName().equals(modelType)) {
        return family;
      }
    }
    throw unsupported(
        "model_type",
        modelType.isEmpty()
            ? "config.json has no model_type; name what the model is, \"bert\" or \"roberta\""
            : "model_type '%s' is not supported, only bert and roberta are; use such a checkpoint"
                .formatted(Quoted.of(modelType)));
  }

  private static Activation activation(String name) {
    return switch (name) {
      case "gelu", "gelu_python" -> Activation.GELU;
      // One function, written in four ways.
      case "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh" -> Activation.GELU_NEW;
      case "relu" -> Activation.RELU;
      default ->
          throw unsupported(
              "hidden_act",
              "hidden_act '%s' is not supported; known are %s"
                  .formatted(
                      Quoted.of(name),
                      Arrays.stream(Activation.values()).map(Activation::hfName).toList()));
    };
  }

  private static void refuse(JsonNode json, String key, String onlySupported) {
    JsonNode value = json.path(key);
    if (!value.isMissingNode() && !value.isNull() && !value.asText().equals(onlySupported)) {
      throw unsupported(
          key,
          "%s = %s is not supported, only %s; use a plain BERT or RoBERTa encoder"
              .formatted(key, Quoted.of(value.toString()), onlySupported));
    }
  }

  private static void refuseFilled(JsonNode json, String key, String advice) {
    JsonNode value = json.path(key);
    if (!value.isMissingNode()
        && !value.isNull()
        && !(value.isContainerNode() && value.isEmpty())) {
      throw unsupported(
          key,
          "%s is not supported, config.json has %s; %s"
              .formatted(key, Quoted.of(value.toString()), advice));
    }
  }

  private int integer(String key, int otherwise) {
    return new Reader(json).integer(key, otherwise);
  }

  /** The bytes of an architecture that its digest is over: keys in a fixed order, no spaces. */
  static byte[] canonicalBytes(Architecture architecture) {
    return canonical(architecture).toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Keys whose values differ, each with both values. */
  static List<String> differences(Architecture a, Architecture b) {
    return differences(canonical(a), canonical(b));
  }

  /** Keys whose values differ, each with both values. */
  static List<String> differences(EncoderConfig a, EncoderConfig b) {
    ObjectNode left = JSON.createObjectNode();
    ObjectNode right = JSON.createObjectNode();
    writeEncoder(left, a);
    writeEncoder(right, b);
    return differences(left, right);
  }

  private static List<String> differences(ObjectNode a, ObjectNode b) {
    var differences = new ArrayList<String>();
    for (Map.Entry<String, JsonNode> entry : a.properties()) {
      JsonNode value = entry.getValue();
      JsonNode other = b.path(entry.getKey());
      if (!value.equals(other)) {
        String padded =
            entry.getKey().equals("vocab_size") && isPadded(value.asInt(), other.asInt())
                ? " (one vocabulary was padded to a multiple of 8: resize its embeddings to the"
                    + " other's rows)"
                : "";
        differences.add(entry.getKey() + " " + text(value) + " and " + text(other) + padded);
      }
    }
    return differences;
  }

  /** Whether one is the other rounded up to a multiple of 8, or of a larger power of two. */
  private static boolean isPadded(int a, int b) {
    int small = Math.min(a, b);
    int large = Math.max(a, b);
    return large % 8 == 0 && large - small < Math.min(1024, Integer.lowestOneBit(large));
  }

  private static String text(JsonNode value) {
    return Quoted.of(value.isValueNode() ? value.asText() : value.toString());
  }

  private static ObjectNode canonical(Architecture architecture) {
    ObjectNode json = JSON.createObjectNode();
    json.put("head", architecture.head().name().toLowerCase(Locale.ROOT));
    architecture.labels().forEach(json.putArray("labels")::add);
    writeEncoder(json, architecture.encoder());
    return json;
  }

  static Digest write(Path file, Architecture architecture) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.putArray("architectures").add(className(architecture));
    writeEncoder(json, architecture.encoder());
    Integer bos = architecture.encoder().bosTokenId();
    Integer eos = architecture.encoder().eosTokenId();
    if (bos != null) {
      json.put("bos_token_id", bos);
    }
    if (eos != null) {
      json.put("eos_token_id", eos);
    }
    if (architecture.head() == Head.CLASSIFICATION) {
      putLabels(json, architecture.labels());
      json.put("problem_type", "single_label_classification");
    }
    json.put("torch_dtype", "float32");
    byte[] bytes = JSON.writeValueAsBytes(json);
    DurableFiles.write(file, bytes);
    return Digest.of(bytes);
  }

  private static void writeEncoder(ObjectNode json, EncoderConfig c) {
    json.put("model_type", c.family().hfName());
    json.put("vocab_size", c.vocabularySize());
    json.put("hidden_size", c.hiddenSize());
    json.put("num_hidden_layers", c.layerCount());
    json.put("num_attention_heads", c.attentionHeadCount());
    json.put("intermediate_size", c.intermediateSize());
    json.put("max_position_embeddings", c.maxPositions());
    json.put("type_vocab_size", c.typeVocabularySize());
    json.put("layer_norm_eps", c.layerNormEpsilon());
    json.put("hidden_act", c.activation().hfName());
    json.put("pad_token_id", c.padTokenId());
    json.put("hidden_dropout_prob", c.hiddenDropout());
    json.put("attention_probs_dropout_prob", c.attentionDropout());
    json.put("classifier_dropout", c.classifierDropout());
    json.put("position_embedding_type", "absolute");
  }

  private static String className(Architecture architecture) {
    String family = architecture.encoder().family() == Family.BERT ? "Bert" : "Roberta";
    return family
        + switch (architecture.head()) {
          case NONE -> "Model";
          case CLASSIFICATION -> "ForSequenceClassification";
          case MASKED_LANGUAGE_MODEL -> "ForMaskedLM";
        };
  }

  private static InvalidInputException invalid(String key, String message) {
    return InvalidInputException.invalid("CONFIG_INVALID", key, message);
  }

  private static InvalidInputException unsupported(String key, String message) {
    return InvalidInputException.invalid("CONFIG_UNSUPPORTED", key, message);
  }

  /** Typed values of a JSON object, refusing anything else by its key. */
  private record Reader(JsonNode json) {
    int integer(String key) {
      JsonNode value = json.path(key);
      if (!value.isIntegralNumber() || !value.canConvertToInt()) {
        throw invalid(
            key,
            "config.json needs an integer %s, got %s".formatted(key, Quoted.of(value.toString())));
      }
      return value.intValue();
    }

    int integer(String key, int otherwise) {
      return json.hasNonNull(key) ? integer(key) : otherwise;
    }

    @Nullable Integer integerOrNull(String key) {
      JsonNode value = json.path(key);
      return value.isIntegralNumber() && value.canConvertToInt() ? value.intValue() : null;
    }

    double number(String key, double otherwise) {
      JsonNode value = json.path(key);
      if (value.isMissingNode() || value.isNull()) {
        return otherwise;
      }
      if (!value.isNumber()) {
        throw invalid(
            key,
            "config.json needs a number %s, got %s".formatted(key, Quoted.of(value.toString())));
      }
      return value.doubleValue();
    }
  }
}
