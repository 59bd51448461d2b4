package dev.watershed.classifier.text;

import static dev.watershed.input.InvalidInputException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Reads a {@code tokenizer.json} for what BERT's and RoBERTa's tokenizers consist of, and refuses
 * any other part by its name: the native library trusts what it is given, and some of its parts end
 * the process or never end where their parameters are odd.
 *
 * <p>Post-processor, decoder, truncation and padding are not read. Special tokens and limits are
 * this program's own, and tokens never become text again.
 */
final class TokenizerJson {
  static final String WORD_PIECE = "WordPiece";
  static final String BYTE_PAIRS = "BPE";
  static final String BERT_NORMALIZER = "BertNormalizer";
  static final String BYTE_LEVEL = "ByteLevel";

  static final int MAX_TOKENS = 1 << 20;
  private static final int MAX_TOKEN_CHARACTERS = 1024;
  private static final int MAX_ADDED_TOKENS = 1 << 14;
  private static final int MAX_ADDED_CHARACTERS = 1 << 18;
  private static final int MAX_STEPS = 16;
  private static final int MAX_PREFIX_CHARACTERS = 16;

  /** Google's and Hugging Face's tokenizers have 200 and 100; finding pieces is quadratic in it. */
  private static final int MAX_WORD_CHARACTERS = 200;

  private static final Set<String> NORMALIZERS =
      Set.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents");
  private static final Set<String> PRE_TOKENIZERS =
      Set.of("BertPreTokenizer", "Whitespace", "WhitespaceSplit");

  private final ObjectNode root;
  private final String file;

  /**
   * @param file the name of the file that the object was read from or made of, for errors
   */
  TokenizerJson(ObjectNode root, String file) {
    this.root = root;
    this.file = file;
  }

  /**
   * @param specialNames spelling of the special tokens by role
   * @param more added tokens of other files; what this one says of the same token stands
   */
  TokenizerDefinition read(Family family, Map<String, String> specialNames, List<AddedToken> more) {
    List<ObjectNode> normalizers = new ArrayList<>();
    readNormalizer(root.path("normalizer"), normalizers);
    List<ObjectNode> preTokenizers = new ArrayList<>();
    readPreTokenizer(root.path("pre_tokenizer"), preTokenizers);
    JsonNode model = root.path("model");
    Map<String, Integer> words = readWords(model.path("vocab"));
    // Files of old say nothing of the kind; only byte pairs have merges.
    String kind =
        model.hasNonNull("type")
            ? text(model, "type", "")
            : model.has("merges") ? BYTE_PAIRS : WORD_PIECE;
    boolean bytes = preTokenizers.stream().anyMatch(step -> typeOf(step).equals(BYTE_LEVEL));
    ObjectNode parameters;
    List<String> merges = List.of();
    switch (kind) {
      case WORD_PIECE -> {
        parameters = readWordPiece(model);
        if (bytes) {
          throw unsupported("pre_tokenizer", "ByteLevel before a WordPiece model");
        }
      }
      case BYTE_PAIRS -> {
        parameters = readBytePairs(model, words);
        merges = readMerges(model.path("merges"), words);
        if (!bytes) {
          throw unsupported("pre_tokenizer", "byte pairs (BPE) without ByteLevel");
        }
      }
      default -> throw unsupported("model", named(kind));
    }
    List<AddedToken> added = readAdded(words, more, !normalizers.isEmpty());
    addSpecial(family, specialNames, words, added);
    return new TokenizerDefinition(
        family, specialNames, normalizers, preTokenizers, parameters, words, merges, added);
  }

  private void readNormalizer(JsonNode given, List<ObjectNode> steps) {
    if (isNothing(given)) {
      return;
    }
    String type = text(given, "type", "");
    if (type.equals("Sequence")) {
      each(given.path("normalizers"), "normalizers").forEach(part -> readNormalizer(part, steps));
      return;
    }
    ObjectNode step = JsonNodeFactory.instance.objectNode().put("type", type);
    if (type.equals(BERT_NORMALIZER)) {
      boolean lowercase = flag(given, "lowercase", true);
      step.put("clean_text", flag(given, "clean_text", true));
      step.put("handle_chinese_chars", flag(given, "handle_chinese_chars", true));
      step.put("strip_accents", flag(given, "strip_accents", lowercase));
      step.put("lowercase", lowercase);
    } else if (!NORMALIZERS.contains(type)) {
      throw unsupported("normalizer", named(type));
    }
    add(step, steps, "normalizer");
  }

  private void readPreTokenizer(JsonNode given, List<ObjectNode> steps) {
    if (isNothing(given)) {
      return;
    }
    String type = text(given, "type", "");
    if (type.equals("Sequence")) {
      each(given.path("pretokenizers"), "pretokenizers")
          .forEach(part -> readPreTokenizer(part, steps));
      return;
    }
    ObjectNode step = JsonNodeFactory.instance.objectNode().put("type", type);
    if (type.equals(BYTE_LEVEL)) {
      if (steps.stream().anyMatch(other -> typeOf(other).equals(BYTE_LEVEL))) {
        throw unsupported("pre_tokenizer", "ByteLevel twice");
      }
      step.put("add_prefix_space", flag(given, "add_prefix_space", true));
      step.put("trim_offsets", true); // of places in the text, which nothing here asks for
      step.put("use_regex", flag(given, "use_regex", true));
    } else if (type.equals("Punctuation")) {
      if (!text(given, "behavior", "Isolated").equals("Isolated")) {
        throw unsupported("pre_tokenizer", "Punctuation with a behavior other than Isolated");
      }
      step.put("behavior", "Isolated");
    } else if (!PRE_TOKENIZERS.contains(type)) {
      throw unsupported("pre_tokenizer", named(type));
    }
    add(step, steps, "pre_tokenizer");
  }

  private void add(ObjectNode step, List<ObjectNode> steps, String part) {
    if (steps.size() == MAX_STEPS) {
      throw wrong("has more than %d steps in its %s", MAX_STEPS, part);
    }
    steps.add(step);
  }

  private ObjectNode readWordPiece(JsonNode model) {
    String prefix = text(model, "continuing_subword_prefix", "##");
    if (prefix.length() > MAX_PREFIX_CHARACTERS || hasLoneSurrogate(prefix)) {
      throw wrong(
          "has a continuing_subword_prefix of %d characters; %d are the most",
          prefix.length(), MAX_PREFIX_CHARACTERS);
    }
    JsonNode limit = model.path("max_input_chars_per_word");
    int characters =
        isNothing(limit)
            ? 100
            : limit.isIntegralNumber() && limit.canConvertToInt() ? limit.intValue() : -1;
    if (characters < 1 || characters > MAX_WORD_CHARACTERS) {
      throw wrong(
          "has max_input_chars_per_word %s; it may be 1 to %d",
          Quoted.of(limit.asText()), MAX_WORD_CHARACTERS);
    }
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", WORD_PIECE)
        .put("unk_token", token(text(model, "unk_token", "[UNK]")))
        .put("continuing_subword_prefix", prefix)
        .put("max_input_chars_per_word", characters);
  }

  private ObjectNode readBytePairs(JsonNode model, Map<String, Integer> words) {
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!text(model, affix, "").isEmpty()) {
        throw unsupported("model", "BPE with " + affix);
      }
    }
    if (!isNothing(model.path("dropout")) && model.path("dropout").asDouble(1) != 0) {
      throw unsupported("model", "BPE with dropout");
    }
    if (flag(model, "byte_fallback", false)) {
      throw unsupported("model", "BPE with byte_fallback");
    }
    ObjectNode parameters = JsonNodeFactory.instance.objectNode().put("type", BYTE_PAIRS);
    // Where every byte is a token, nothing is unknown.
    String unknown = ByteSymbols.allIn(words.keySet()) ? "" : text(model, "unk_token", "");
    if (!unknown.isEmpty() && !words.containsKey(unknown)) {
      throw wrong("names the unknown token '%s', which its vocabulary lacks", Quoted.of(unknown));
    }
    if (unknown.isEmpty()) {
      parameters.putNull("unk_token");
    } else {
      parameters.put("unk_token", unknown);
    }
    return parameters
        .put("fuse_unk", !unknown.isEmpty() && flag(model, "fuse_unk", false))
        .put("ignore_merges", flag(model, "ignore_merges", false));
  }

  /** Ids by token, in the order of the ids. */
  private Map<String, Integer> readWords(JsonNode vocab) {
    if (!vocab.isObject()) {
      throw wrong(
          "has no object model.vocab; give a WordPiece or byte-pair tokenizer, of bare byte pairs"
              + " the directory of vocab.json and merges.txt");
    }
    if (vocab.size() > MAX_TOKENS) {
      throw wrong("has %d tokens; %d are the most", vocab.size(), MAX_TOKENS);
    }
    Map<Integer, String> byId = new HashMap<>();
    List<Map.Entry<String, Integer>> entries = new ArrayList<>(vocab.size());
    for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
      String word = token(entry.getKey());
      int id = id(word, entry.getValue());
      String other = byId.put(id, word);
      if (other != null) {
        throw wrong(
            "gives the id %d to two tokens, '%s' and '%s'", id, Quoted.of(other), Quoted.of(word));
      }
      entries.add(Map.entry(word, id));
    }
    entries.sort(Map.Entry.comparingByValue());
    Map<String, Integer> words = new LinkedHashMap<>();
    entries.forEach(entry -> words.put(entry.getKey(), entry.getValue()));
    return words;
  }

  private List<String> readMerges(JsonNode given, Map<String, Integer> words) {
    List<String> merges = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (JsonNode merge : each(given, "merges")) {
      String pair =
          merge.isArray() && merge.size() == 2
              ? merge.path(0).asText() + " " + merge.path(1).asText()
              : merge.isTextual() ? merge.textValue() : "";
      int space = pair.indexOf(' ');
      if (space <= 0 || space == pair.length() - 1 || space != pair.lastIndexOf(' ')) {
        throw wrong(
            "has the merge '%s', number %d; a merge is two tokens without spaces",
            Quoted.of(pair), merges.size() + 1);
      }
      String left = pair.substring(0, space);
      String right = pair.substring(space + 1);
      for (String word : List.of(left, right, left + right)) {
        if (!words.containsKey(word)) {
          throw wrong(
              "merges '%s' (number %d), but its vocabulary lacks '%s'",
              Quoted.of(pair), merges.size() + 1, Quoted.of(word));
        }
      }
      if (!seen.add(pair)) {
        throw wrong("has the merge '%s' twice", Quoted.of(pair));
      }
      merges.add(pair);
    }
    return merges;
  }

  private List<AddedToken> readAdded(
      Map<String, Integer> words, List<AddedToken> more, boolean anyNormalizer) {
    Map<String, AddedToken> added = new LinkedHashMap<>();
    for (JsonNode given : each(root.path("added_tokens"), "added_tokens")) {
      String content = token(text(given, "content", ""));
      AddedToken token =
          new AddedToken(
              id(content, given.path("id")),
              content,
              flag(given, "single_word", false),
              flag(given, "lstrip", false),
              flag(given, "rstrip", false),
              flag(given, "normalized", true),
              flag(given, "special", false));
      if (added.put(content, token) != null) {
        throw wrong("adds the token '%s' twice", Quoted.of(content));
      }
    }
    more.forEach(token -> added.putIfAbsent(token(token.content()), token));
    List<AddedToken> tokens = new ArrayList<>(added.values());
    tokens.sort(Comparator.comparingInt(AddedToken::id));
    refuseInconsistent(tokens, words, anyNormalizer);
    return tokens;
  }

  /** The native library gives new tokens the next ids, whatever a file says. */
  private void refuseInconsistent(
      List<AddedToken> tokens, Map<String, Integer> words, boolean anyNormalizer) {
    Set<Integer> taken = new HashSet<>(words.values());
    int highest = -1;
    int characters = 0;
    for (AddedToken token : tokens) {
      characters += token.content().length();
      Integer known = words.get(token.content());
      int expected = known != null ? known : Math.max(words.size(), highest + 1);
      if (token.id() != expected || (known == null && !taken.add(expected))) {
        throw wrong(
            "adds the token '%s' with the id %d; after its vocabulary of %d tokens and those added before it that must be %d",
            Quoted.of(token.content()), token.id(), words.size(), expected);
      }
      if (token.content().isEmpty()
          || (anyNormalizer
              && token.normalized()
              && token.content().codePoints().noneMatch(TokenizerJson::staysInText))) {
        throw wrong(
            "adds the token '%s' (id %d), of which normalising leaves nothing",
            Quoted.of(token.content()), token.id());
      }
      highest = Math.max(highest, token.id());
    }
    if (tokens.size() > MAX_ADDED_TOKENS || characters > MAX_ADDED_CHARACTERS) {
      throw wrong(
          "adds %d tokens of %d characters; %d of %d are the most",
          tokens.size(), characters, MAX_ADDED_TOKENS, MAX_ADDED_CHARACTERS);
    }
  }

  /** Whether no normaliser takes a character away: marks, controls and the like may go. */
  private static boolean staysInText(int character) {
    return switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.CONTROL,
          Character.FORMAT,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> character != 0xFFFD; // clean_text takes that one
    };
  }

  private static void addSpecial(
      Family family,
      Map<String, String> specialNames,
      Map<String, Integer> words,
      List<AddedToken> added) {
    Set<String> known = new HashSet<>();
    added.forEach(token -> known.add(token.content()));
    specialNames.forEach(
        (role, name) -> {
          Integer id = words.get(name);
          if (id != null && known.add(name)) {
            boolean spaces = family == Family.ROBERTA && role.equals("mask_token");
            added.add(AddedToken.special(id, name, spaces));
          }
        });
    added.sort(Comparator.comparingInt(AddedToken::id));
  }

  private Iterable<JsonNode> each(JsonNode given, String name) {
    if (isNothing(given)) {
      return List.of();
    }
    if (!given.isArray()) {
      throw wrong("has %s that are no array", name);
    }
    return given;
  }

  private String token(String text) {
    if (text.length() > MAX_TOKEN_CHARACTERS) {
      throw wrong(
          "has a token of %d characters, '%s'; %d are the most",
          text.length(), Quoted.of(text), MAX_TOKEN_CHARACTERS);
    }
    if (hasLoneSurrogate(text)) {
      throw wrong("has the token '%s', which is not Unicode", Quoted.of(text));
    }
    return text;
  }

  static boolean hasLoneSurrogate(String text) {
    return text.codePoints()
        .anyMatch(character -> Character.getType(character) == Character.SURROGATE);
  }

  private int id(String token, JsonNode id) {
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() >= MAX_TOKENS) {
      throw wrong(
          "gives the token '%s' the id %s; ids are 0 to %d",
          Quoted.of(token), Quoted.of(id.asText()), MAX_TOKENS - 1);
    }
    return id.intValue();
  }

  private boolean flag(JsonNode object, String name, boolean otherwise) {
    JsonNode given = object.path(name);
    if (isNothing(given)) {
      return otherwise;
    }
    if (!given.isBoolean()) {
      throw wrong("has %s %s, which is neither true nor false", name, Quoted.of(given.toString()));
    }
    return given.booleanValue();
  }

  private String text(JsonNode object, String name, String otherwise) {
    JsonNode given = object.path(name);
    if (isNothing(given)) {
      return otherwise;
    }
    if (!given.isTextual()) {
      throw wrong("has %s %s, which is no text", name, Quoted.of(given.toString()));
    }
    return given.textValue();
  }

  private static boolean isNothing(JsonNode given) {
    return given.isMissingNode() || given.isNull();
  }

  static String typeOf(ObjectNode step) {
    return step.path("type").asText();
  }

  private static String named(String type) {
    return type.isEmpty() ? "one without a type" : "'" + Quoted.of(type) + "'";
  }

  private InvalidInputException unsupported(String part, String what) {
    return invalid(
        "TOKENIZER_COMPONENT_UNSUPPORTED",
        "tokenizer",
        String.format(
            Locale.ROOT,
            "%s has a %s that is not supported: %s; read are WordPiece after BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents and BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, and byte pairs (BPE) after ByteLevel. Tokenise elsewhere and give rows of ids",
            file,
            part,
            what));
  }

  private InvalidInputException wrong(String what, Object... arguments) {
    return invalid(
        "TOKENIZER_INVALID", "tokenizer", file + " " + String.format(Locale.ROOT, what, arguments));
  }

  /** The characters that stand for the 256 bytes in GPT-2's vocabularies. */
  private static final class ByteSymbols {
    private static final Set<String> ALL = make();

    private static Set<String> make() {
      Set<String> symbols = new HashSet<>();
      int next = 256;
      for (int value : IntStream.range(0, 256).toArray()) {
        boolean visible =
            (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xFF && value != 0xAD);
        symbols.add(String.valueOf((char) (visible ? value : next++)));
      }
      return symbols;
    }

    static boolean allIn(Set<String> words) {
      return words.containsAll(ALL);
    }
  }
}
