package dev.watershed.classifier.text;

import static dev.watershed.classifier.InvalidInputException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.InvalidInputException.Kind;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files that define a tokenizer, by Hugging Face's names for them, and the {@code
 * tokenizer.json} they amount to: the one form the native library reads.
 */
final class TokenizerFiles {
  static final String TOKENIZER_JSON = "tokenizer.json";
  static final String WORD_PIECES = "vocab.txt";
  static final String BYTE_PAIR_VOCABULARY = "vocab.json";
  static final String BYTE_PAIR_MERGES = "merges.txt";
  static final String CONFIG = "tokenizer_config.json";
  static final String SPECIAL_TOKENS_MAP = "special_tokens_map.json";
  static final String ADDED_TOKENS = "added_tokens.json";

  private static final long MAX_FILE_BYTES = 64L << 20;
  private static final int MAX_TOKENS = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, byte[]> contents;
  private final Family family;
  private final ObjectNode tokenizerJson;
  private final Map<String, String> specialNames;
  private final Map<String, Integer> vocabulary;

  TokenizerFiles(Map<String, byte[]> contents, Family family) {
    this.contents = new LinkedHashMap<>(contents);
    this.family = family;
    this.specialNames = readSpecialNames();
    this.tokenizerJson = readOrMakeTokenizerJson();
    this.vocabulary = readVocabulary(tokenizerJson);
  }

  /** Reads what a directory has of them, or one file of vocabulary and its neighbours. */
  static TokenizerFiles read(Path path, Family family) {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    Path directory = Files.isDirectory(path) ? path : path.resolveSibling("");
    String name = String.valueOf(path.getFileName());
    if (Files.isDirectory(path)) {
      for (String vocabulary :
          List.of(TOKENIZER_JSON, WORD_PIECES, BYTE_PAIR_VOCABULARY, BYTE_PAIR_MERGES)) {
        readIfThere(directory.resolve(vocabulary), vocabulary, contents);
      }
    } else if (name.equals(BYTE_PAIR_VOCABULARY) || name.equals(BYTE_PAIR_MERGES)) {
      readIfThere(directory.resolve(BYTE_PAIR_VOCABULARY), BYTE_PAIR_VOCABULARY, contents);
      readIfThere(directory.resolve(BYTE_PAIR_MERGES), BYTE_PAIR_MERGES, contents);
    } else {
      readIfThere(path, name.endsWith(".json") ? TOKENIZER_JSON : WORD_PIECES, contents);
    }
    for (String neighbour : List.of(CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS)) {
      readIfThere(directory.resolve(neighbour), neighbour, contents);
    }
    return new TokenizerFiles(contents, family);
  }

  /** Names the tokenizer: its family and the content of its files. */
  Digest digest() {
    var text = new StringBuilder(family.hfName());
    new TreeMap<>(contents)
        .forEach(
            (name, bytes) -> text.append('\n').append(name).append(' ').append(Digest.of(bytes)));
    return Digest.of(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** The longest text that {@code tokenizer_config.json} speaks of, in tokens; 0 for none. */
  long maxTokens() {
    JsonNode length = readConfig(CONFIG).path("model_max_length");
    // Hugging Face writes 1e30 for "no limit".
    return length.isIntegralNumber() && length.canConvertToLong() ? length.longValue() : 0;
  }

  /** The complete definition, as the native library reads it. */
  String tokenizerJson() {
    return tokenizerJson.toString();
  }

  /** Id of every token, added ones included. */
  Map<String, Integer> vocabulary() {
    return vocabulary;
  }

  SpecialTokens specialTokens() {
    return SpecialTokens.find(specialNames, vocabulary);
  }

  List<String> names() {
    return List.copyOf(contents.keySet());
  }

  void copyTo(Path directory) {
    contents.forEach(
        (name, bytes) -> {
          try {
            Files.write(directory.resolve(name), bytes);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void readIfThere(Path file, String name, Map<String, byte[]> contents) {
    if (Files.isSymbolicLink(file)) {
      throw new InvalidInputException(
          Kind.FORBIDDEN,
          "SYMBOLIC_LINK",
          "tokenizer",
          name + " is a symbolic link; give a directory of plain files (cp -rL makes one)");
    }
    if (!Files.isRegularFile(file)) {
      return;
    }
    try {
      long size = Files.size(file);
      if (size > MAX_FILE_BYTES) {
        throw wrong(
            "%s has %d bytes; a tokenizer file may have %d".formatted(name, size, MAX_FILE_BYTES));
      }
      contents.put(name, Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ObjectNode readOrMakeTokenizerJson() {
    if (contents.containsKey(TOKENIZER_JSON)) {
      return readObject(TOKENIZER_JSON);
    }
    if (contents.containsKey(WORD_PIECES)) {
      return makeWordPiece();
    }
    if (contents.containsKey(BYTE_PAIR_VOCABULARY) && contents.containsKey(BYTE_PAIR_MERGES)) {
      return makeBytePair();
    }
    throw new InvalidInputException(
        Kind.NOT_FOUND,
        "TOKENIZER_NOT_FOUND",
        "tokenizer",
        "there is neither %s nor %s nor %s with %s"
            .formatted(TOKENIZER_JSON, WORD_PIECES, BYTE_PAIR_VOCABULARY, BYTE_PAIR_MERGES));
  }

  /**
   * BERT's tokenizer (Devlin et al. 2019) as Hugging Face's {@code BertTokenizer} configures it.
   */
  private ObjectNode makeWordPiece() {
    Map<String, Integer> ids = readLines();
    JsonNode config = readConfig(CONFIG);
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    addTokens(root, ids);
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", "BertNormalizer");
    normalizer.put("clean_text", true);
    normalizer.put("handle_chinese_chars", config.path("tokenize_chinese_chars").asBoolean(true));
    normalizer.set(
        "strip_accents",
        config.path("strip_accents").isBoolean()
            ? config.path("strip_accents")
            : JSON.nullNode()); // follows lowercase
    normalizer.put("lowercase", config.path("do_lower_case").asBoolean(isUncased(ids)));
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ObjectNode model = root.putObject("model");
    model.put("type", "WordPiece");
    model.put("unk_token", specialNames.get("unk_token"));
    model.put("continuing_subword_prefix", "##");
    model.put("max_input_chars_per_word", 100);
    ids.forEach(model.putObject("vocab")::put);
    return root;
  }

  /** RoBERTa's tokenizer: byte pairs with GPT-2's merges (Liu et al. 2019, section 4.4). */
  private ObjectNode makeBytePair() {
    ObjectNode vocab = readObject(BYTE_PAIR_VOCABULARY);
    Map<String, Integer> ids = new HashMap<>();
    addIds(vocab, BYTE_PAIR_VOCABULARY, ids);
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    addTokens(root, ids);
    ObjectNode preTokenizer = root.putObject("pre_tokenizer");
    preTokenizer.put("type", "ByteLevel");
    preTokenizer.put(
        "add_prefix_space", readConfig(CONFIG).path("add_prefix_space").asBoolean(false));
    preTokenizer.put("trim_offsets", true);
    preTokenizer.put("use_regex", true);
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE");
    model.set("vocab", vocab);
    var merges = model.putArray("merges");
    text(BYTE_PAIR_MERGES)
        .lines()
        .filter(line -> !line.startsWith("#version") && !line.isBlank())
        .forEach(merges::add);
    return root;
  }

  /**
   * The special tokens, and those that were added to a finished vocabulary: by {@code
   * added_tokens.json}, or by the {@code added_tokens_decoder} of {@code tokenizer_config.json},
   * which also says how they are found in a text.
   */
  private void addTokens(ObjectNode root, Map<String, Integer> ids) {
    var byId = new TreeMap<Integer, ObjectNode>();
    specialNames.forEach(
        (role, name) -> {
          Integer id = ids.get(name);
          if (id != null) {
            boolean lstrip = family == Family.ROBERTA && role.equals("mask_token");
            byId.put(id, token(id, name, true, false).put("lstrip", lstrip));
          }
        });
    for (Map.Entry<String, JsonNode> entry : readConfig(ADDED_TOKENS).properties()) {
      int id = requireId(entry.getKey(), entry.getValue(), ADDED_TOKENS);
      byId.putIfAbsent(id, token(id, entry.getKey(), false, true));
    }
    for (Map.Entry<String, JsonNode> entry :
        readConfig(CONFIG).path("added_tokens_decoder").properties()) {
      JsonNode given = entry.getValue();
      String name = given.path("content").asText();
      int id = requireId(name, IntNode.valueOf(parseId(entry.getKey())), CONFIG);
      ObjectNode token = token(id, name, false, true);
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
        token.put(flag, given.path(flag).asBoolean(token.path(flag).asBoolean()));
      }
      byId.put(id, token);
    }
    root.putArray("added_tokens").addAll(byId.values());
  }

  private static ObjectNode token(int id, String content, boolean special, boolean normalized) {
    ObjectNode token = JSON.createObjectNode().put("id", id).put("content", content);
    token.put("single_word", false).put("lstrip", false).put("rstrip", false);
    return token.put("normalized", normalized).put("special", special);
  }

  private static int parseId(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** One token a line; the number of the line, from 0, is the id. */
  private Map<String, Integer> readLines() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    String text = text(WORD_PIECES);
    String[] lines = text.split("\n", -1);
    int count = text.endsWith("\n") ? lines.length - 1 : lines.length;
    for (int line = 0; line < count; line++) {
      String token =
          lines[line].endsWith("\r")
              ? lines[line].substring(0, lines[line].length() - 1)
              : lines[line];
      Integer before = ids.put(token, line);
      if (before != null) {
        throw wrong(
            "%s has the token '%s' twice, in lines %d and %d"
                .formatted(WORD_PIECES, token, before + 1, line + 1));
      }
    }
    return ids;
  }

  /** Whether lowering changes no word; the special ones are written in brackets. */
  private static boolean isUncased(Map<String, Integer> ids) {
    return ids.keySet().stream()
        .filter(token -> !token.startsWith("["))
        .allMatch(token -> token.equals(token.toLowerCase(Locale.ROOT)));
  }

  private Map<String, String> readSpecialNames() {
    Map<String, String> names = new LinkedHashMap<>(SpecialTokens.defaultNames(family));
    for (String file : List.of(SPECIAL_TOKENS_MAP, CONFIG)) {
      JsonNode config = readConfig(file);
      names.replaceAll(
          (role, name) -> {
            JsonNode given = config.path(role);
            return given.isObject() ? given.path("content").asText(name) : given.asText(name);
          });
    }
    return names;
  }

  private static Map<String, Integer> readVocabulary(ObjectNode tokenizerJson) {
    JsonNode vocab = tokenizerJson.path("model").path("vocab");
    if (!vocab.isObject()) {
      throw wrong(
          TOKENIZER_JSON
              + " has no object model.vocab; give a WordPiece or byte-pair tokenizer, of bare"
              + " byte pairs the directory of vocab.json and merges.txt");
    }
    Map<String, Integer> ids = new HashMap<>();
    addIds((ObjectNode) vocab, TOKENIZER_JSON, ids);
    for (JsonNode token : tokenizerJson.path("added_tokens")) {
      putId(token.path("content").asText(), token.path("id"), TOKENIZER_JSON, ids);
    }
    return Map.copyOf(ids);
  }

  private static void addIds(ObjectNode vocab, String file, Map<String, Integer> ids) {
    vocab.properties().forEach(entry -> putId(entry.getKey(), entry.getValue(), file, ids));
  }

  private static void putId(String token, JsonNode id, String file, Map<String, Integer> ids) {
    ids.put(token, requireId(token, id, file));
  }

  private static int requireId(String token, JsonNode id, String file) {
    if (!id.canConvertToInt() || id.intValue() < 0 || id.intValue() >= MAX_TOKENS) {
      throw wrong(
          "%s gives the token '%s' the id %s; ids are 0 to %d"
              .formatted(file, token, id, MAX_TOKENS - 1));
    }
    return id.intValue();
  }

  private JsonNode readConfig(String name) {
    return contents.containsKey(name) ? readObject(name) : JSON.createObjectNode();
  }

  private ObjectNode readObject(String name) {
    try {
      if (JSON.readTree(contents.get(name)) instanceof ObjectNode object) {
        return object;
      }
      throw wrong(name + " is no JSON object");
    } catch (IOException e) {
      throw wrong("%s is no JSON: %s".formatted(name, e.getMessage()));
    }
  }

  private String text(String name) {
    return new String(contents.getOrDefault(name, new byte[0]), StandardCharsets.UTF_8);
  }

  private static InvalidInputException wrong(String message) {
    return invalid("TOKENIZER_INVALID", "tokenizer", message);
  }
}
