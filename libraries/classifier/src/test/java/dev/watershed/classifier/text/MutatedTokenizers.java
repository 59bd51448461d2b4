package dev.watershed.classifier.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Bytes of tokenizer.json files that are a little wrong, or rightly odd. */
final class MutatedTokenizers {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Parts that tokenizers have, with harmless and with dangerous parameters. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "-1",
          "1",
          "200",
          "1e400",
          "4294967296",
          "\"\"",
          "\"a\"",
          "\"[UNK]\"",
          "\"##\"",
          "\"\\ud83d\\ude00\"",
          "\"\\ud800\"",
          "\"\\u0000\"",
          "\"\\u0301\"",
          "\"\\uFDFA\"",
          "[]",
          "{}",
          "[[]]",
          "{\"type\":\"NFD\"}",
          "{\"type\":\"NFKC\"}",
          "{\"type\":\"NFKD\"}",
          "{\"type\":\"NFC\"}",
          "{\"type\":\"Lowercase\"}",
          "{\"type\":\"StripAccents\"}",
          "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":true,\"lowercase\":true}",
          "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKD\"},{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]}",
          "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\"}",
          "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"aa\"}",
          "{\"type\":\"FixedLength\",\"length\":0}",
          "{\"type\":\"BertPreTokenizer\"}",
          "{\"type\":\"Whitespace\"}",
          "{\"type\":\"WhitespaceSplit\"}",
          "{\"type\":\"Punctuation\",\"behavior\":\"Isolated\"}",
          "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":false}",
          "{\"type\":\"ByteLevel\"}",
          "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},{\"type\":\"Punctuation\"}]}",
          "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$b\"},\"behavior\":\"Isolated\",\"invert\":false}");

  private final byte[] original;
  private final RandomGenerator random;

  MutatedTokenizers(byte[] original, RandomGenerator random) {
    this.original = original;
    this.random = random;
  }

  /** Another one each time. */
  byte[] next() {
    try {
      if (random.nextInt(4) == 0) {
        return bytesChanged();
      }
      JsonNode root = JSON.readTree(original);
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        change(root);
      }
      return JSON.writeValueAsBytes(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] bytesChanged() {
    byte[] bytes = original.clone();
    int changes = 1 + random.nextInt(8);
    for (int i = 0; i < changes; i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    if (random.nextInt(4) == 0) {
      return new String(bytes, StandardCharsets.ISO_8859_1)
          .substring(0, random.nextInt(bytes.length))
          .getBytes(StandardCharsets.ISO_8859_1);
    }
    return bytes;
  }

  private void change(JsonNode root) throws IOException {
    List<JsonNode> containers = new ArrayList<>();
    collect(root, containers);
    JsonNode chosen = containers.get(random.nextInt(containers.size()));
    JsonNode value = JSON.readTree(VALUES.get(random.nextInt(VALUES.size())));
    if (chosen instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.isEmpty() ? "a" : names.get(random.nextInt(names.size()));
      switch (random.nextInt(5)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(name + "\u0301", object.path(name));
        case 2 -> object.set(value.isTextual() ? value.textValue() : "the the", number());
        case 3 -> object.set(name, number());
        default -> object.set(name, value);
      }
    } else if (chosen instanceof ArrayNode array && !array.isEmpty()) {
      int at = random.nextInt(array.size());
      if (random.nextBoolean()) {
        array.insert(at, array.get(at).deepCopy());
      } else {
        array.set(at, value);
      }
    }
  }

  private JsonNode number() {
    return JsonNodeFactory.instance.numberNode(random.nextInt(-1, 300));
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode()) {
      containers.add(node);
      node.forEach(child -> collect(child, containers));
    }
  }
}
