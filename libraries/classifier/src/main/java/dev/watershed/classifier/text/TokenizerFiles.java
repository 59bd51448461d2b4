package dev.watershed.classifier.text;

import static dev.watershed.input.InvalidInputException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import dev.watershed.input.Quoted;
import dev.watershed.input.UntrustedJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The files that define a tokenizer, by Hugging Face's names for them, and the one definition they
 * amount to.
 */
final class TokenizerFiles {
  static final String CONFIG = "tokenizer_config.json";
  static final String SPECIAL_TOKENS_MAP = "special_tokens_map.json";
  static final String ADDED_TOKENS = "added_tokens.json";

  static final long MAX_FILE_BYTES = 32L << 20;

  private final Map<String, byte[]> contents;
  private final Family family;
  private final ObjectNode config;
  private final Map<String, String> specialNames;
  private final TokenizerDefinition definition;
  private final List<String> notices = new ArrayList<>();

  TokenizerFiles(Map<String, byte[]> contents, Family family) {
    this.contents = new LinkedHashMap<>(contents);
    this.family = family;
    this.config = readObjectOrNothing(CONFIG);
    this.specialNames = readSpecialNames();
    this.definition = define();
    noticeWhatIsNotHeeded();
  }

  /** Reads what a directory has of them, or one file of vocabulary and its neighbours. */
  static TokenizerFiles read(Path path, Family family) {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    Path directory = Files.isDirectory(path) ? path : path.resolveSibling("");
    String name = String.valueOf(path.getFileName());
    if (Files.isDirectory(path)) {
      for (String vocabulary :
          List.of(
              HuggingFaceFiles.TOKENIZER_JSON,
              HuggingFaceFiles.WORD_PIECES,
              HuggingFaceFiles.BYTE_PAIR_VOCABULARY,
              HuggingFaceFiles.BYTE_PAIR_MERGES)) {
        readIfThere(directory.resolve(vocabulary), vocabulary, contents);
      }
    } else if (name.equals(HuggingFaceFiles.BYTE_PAIR_VOCABULARY)
        || name.equals(HuggingFaceFiles.BYTE_PAIR_MERGES)) {
      readIfThere(
          directory.resolve(HuggingFaceFiles.BYTE_PAIR_VOCABULARY),
          HuggingFaceFiles.BYTE_PAIR_VOCABULARY,
          contents);
      readIfThere(
          directory.resolve(HuggingFaceFiles.BYTE_PAIR_MERGES),
          HuggingFaceFiles.BYTE_PAIR_MERGES,
          contents);
    } else {
      readIfThere(
          path,
          name.endsWith(".json") ? HuggingFaceFiles.TOKENIZER_JSON : HuggingFaceFiles.WORD_PIECES,
          contents);
    }
    for (String neighbour : List.of(CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS)) {
      readIfThere(directory.resolve(neighbour), neighbour, contents);
    }
    return new TokenizerFiles(contents, family);
  }

  TokenizerDefinition definition() {
    return definition;
  }

  /** What was decided where the files leave a choice or contradict each other. */
  List<String> notices() {
    return List.copyOf(notices);
  }

  /** The longest text that {@code tokenizer_config.json} speaks of, in tokens; 0 for none. */
  long maxTokens() {
    JsonNode length = config.path("model_max_length");
    // Hugging Face writes 1e30 for "no limit".
    return length.isIntegralNumber() && length.canConvertToLong() ? length.longValue() : 0;
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
    try (InputStream in = Files.newInputStream(file)) {
      long size = Files.size(file);
      // Read to one more than the limit: a file may grow meanwhile.
      byte[] bytes = size > MAX_FILE_BYTES ? new byte[0] : in.readNBytes((int) MAX_FILE_BYTES + 1);
      if (size > MAX_FILE_BYTES || bytes.length > MAX_FILE_BYTES) {
        throw wrong(
            "%s has %d bytes; a tokenizer file may have %d",
            name, Math.max(size, bytes.length), MAX_FILE_BYTES);
      }
      contents.put(name, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TokenizerDefinition define() {
    if (contents.containsKey(HuggingFaceFiles.TOKENIZER_JSON)) {
      TokenizerDefinition given =
          new TokenizerJson(
                  readObject(HuggingFaceFiles.TOKENIZER_JSON), HuggingFaceFiles.TOKENIZER_JSON)
              .read(family, specialNames, tokensOfConfig());
      noticeOtherVocabulary(given);
      return configured(given);
    }
    if (contents.containsKey(HuggingFaceFiles.WORD_PIECES)) {
      return new TokenizerJson(makeWordPiece(), HuggingFaceFiles.WORD_PIECES)
          .read(family, specialNames, tokensBeside());
    }
    if (contents.containsKey(HuggingFaceFiles.BYTE_PAIR_VOCABULARY)
        && contents.containsKey(HuggingFaceFiles.BYTE_PAIR_MERGES)) {
      return new TokenizerJson(
              makeBytePair(),
              HuggingFaceFiles.BYTE_PAIR_VOCABULARY + " with " + HuggingFaceFiles.BYTE_PAIR_MERGES)
          .read(family, specialNames, tokensBeside());
    }
    throw new InvalidInputException(
        Kind.NOT_FOUND,
        "TOKENIZER_NOT_FOUND",
        "tokenizer",
        String.format(
            Locale.ROOT,
            "there is neither %s nor %s nor %s with %s",
            HuggingFaceFiles.TOKENIZER_JSON,
            HuggingFaceFiles.WORD_PIECES,
            HuggingFaceFiles.BYTE_PAIR_VOCABULARY,
            HuggingFaceFiles.BYTE_PAIR_MERGES));
  }

  /**
   * What {@code tokenizer_config.json} says applied over the {@code tokenizer.json} beside it, as
   * the fast tokenizers of Hugging Face's transformers 4 do when they load the two.
   */
  private TokenizerDefinition configured(TokenizerDefinition given) {
    // This class has no switches of its own, all others have those of their family.
    if (config.path("tokenizer_class").asText().equals("PreTrainedTokenizerFast")) {
      return given;
    }
    return given.with(configuredNormalizers(given), configuredPreTokenizers(given));
  }

  private List<ObjectNode> configuredNormalizers(TokenizerDefinition given) {
    List<ObjectNode> steps = given.normalizers();
    if (family != Family.BERT
        || steps.size() != 1
        || !TokenizerJson.typeOf(steps.getFirst()).equals(TokenizerJson.BERT_NORMALIZER)) {
      noticeNoSwitch(steps);
      return steps;
    }
    ObjectNode step = steps.getFirst().deepCopy();
    boolean wasLower = step.path("lowercase").booleanValue();
    @Nullable Boolean lower = flag("do_lower_case");
    apply(step, "lowercase", "do_lower_case", lower);
    boolean isLower = step.path("lowercase").booleanValue();
    @Nullable Boolean strip = flag("strip_accents");
    boolean follows = strip == null && (config.has("strip_accents") || wasLower != isLower);
    apply(step, "strip_accents", "strip_accents", follows ? Boolean.valueOf(isLower) : strip);
    apply(step, "handle_chinese_chars", "tokenize_chinese_chars", flag("tokenize_chinese_chars"));
    return List.of(step);
  }

  private void noticeNoSwitch(List<ObjectNode> steps) {
    @Nullable Boolean lower = flag("do_lower_case");
    boolean lowers =
        steps.stream()
            .anyMatch(
                step ->
                    TokenizerJson.typeOf(step).equals("Lowercase")
                        || step.path("lowercase").asBoolean());
    if (family == Family.BERT && lower != null && lower != lowers) {
      notices.add(
          say(
              "%s says do_lower_case %s, the steps of %s do otherwise and have no switch for it, in Hugging Face's fast tokenizers neither: %s is heeded",
              CONFIG, lower, HuggingFaceFiles.TOKENIZER_JSON, HuggingFaceFiles.TOKENIZER_JSON));
    }
  }

  private List<ObjectNode> configuredPreTokenizers(TokenizerDefinition given) {
    List<ObjectNode> steps = given.preTokenizers();
    if (family != Family.ROBERTA
        || steps.size() != 1
        || !TokenizerJson.typeOf(steps.getFirst()).equals(TokenizerJson.BYTE_LEVEL)) {
      return steps;
    }
    ObjectNode step = steps.getFirst().deepCopy();
    apply(step, "add_prefix_space", "add_prefix_space", flag("add_prefix_space"));
    return List.of(step);
  }

  private void apply(ObjectNode step, String name, String key, @Nullable Boolean value) {
    boolean before = step.path(name).booleanValue();
    if (value == null || value == before) {
      return;
    }
    step.put(name, value.booleanValue());
    notices.add(
        say(
            "%s has %s %s, %s makes it %s (%s); the latter is heeded, as by Hugging Face's fast tokenizers",
            HuggingFaceFiles.TOKENIZER_JSON, name, before, CONFIG, value, key));
  }

  /** A switch of the configuration; null where it says nothing. */
  private @Nullable Boolean flag(String name) {
    JsonNode given = config.path(name);
    if (given.isMissingNode() || given.isNull()) {
      return null;
    }
    if (!given.isBoolean()) {
      throw wrong(
          "%s has %s %s, which is neither true nor false",
          CONFIG, name, Quoted.of(given.toString()));
    }
    return given.booleanValue();
  }

  private boolean flag(String name, boolean otherwise) {
    Boolean given = flag(name);
    return given == null ? otherwise : given;
  }

  private void noticeWhatIsNotHeeded() {
    if (Boolean.FALSE.equals(flag("do_basic_tokenize"))) {
      notices.add(
          CONFIG
              + " says do_basic_tokenize false, which is not heeded, in Hugging Face's fast"
              + " tokenizers neither: texts are split at spaces and punctuation");
    }
    if (!config.path("never_split").isEmpty()) {
      notices.add(
          say(
              "%s says never_split %s, which is not heeded, in Hugging Face's fast tokenizers neither: add such words to the vocabulary as tokens",
              CONFIG, Quoted.of(config.path("never_split").toString())));
    }
  }

  /**
   * Files of two tokenizers in one directory are read by some programs as one, by some as other.
   */
  private void noticeOtherVocabulary(TokenizerDefinition given) {
    String other =
        given.isWordPiece() ? HuggingFaceFiles.WORD_PIECES : HuggingFaceFiles.BYTE_PAIR_VOCABULARY;
    if (!contents.containsKey(other)) {
      return;
    }
    Map<String, Integer> words = new LinkedHashMap<>();
    try {
      if (given.isWordPiece()) {
        words.putAll(readLines());
      } else {
        readObject(other).properties().forEach(e -> words.put(e.getKey(), e.getValue().asInt(-1)));
      }
    } catch (InvalidInputException e) {
      notices.add(
          say(
              "%s is heeded, %s beside it cannot be: %s",
              HuggingFaceFiles.TOKENIZER_JSON, other, String.valueOf(e.getMessage())));
      return;
    }
    Map<String, Integer> all = given.vocabulary();
    // What was added to a vocabulary stands in one of the two files or in both.
    boolean same =
        words.entrySet().stream().allMatch(word -> word.getValue().equals(all.get(word.getKey())))
            && words.keySet().containsAll(given.words().keySet());
    if (same) {
      return;
    }
    String first =
        all.entrySet().stream()
            .filter(token -> !token.getValue().equals(words.get(token.getKey())))
            .filter(token -> given.words().containsKey(token.getKey()))
            .map(
                token ->
                    say(
                        "'%s' is token %d in the first, %s in the second",
                        Quoted.of(token.getKey()),
                        token.getValue(),
                        words.containsKey(token.getKey())
                            ? String.valueOf(words.get(token.getKey()))
                            : "none"))
            .findFirst()
            .orElse(say("of %d and %d tokens", all.size(), words.size()));
    notices.add(
        say(
            "%s and %s are of different vocabularies (%s): the first is heeded; is the directory a mixture of two?",
            HuggingFaceFiles.TOKENIZER_JSON, other, first));
  }

  /**
   * BERT's tokenizer (Devlin et al. 2019) as Hugging Face's {@code BertTokenizer} configures it.
   */
  private ObjectNode makeWordPiece() {
    Map<String, Integer> ids = readLines();
    boolean lowercase = flag("do_lower_case", isUncased(ids));
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.putObject("normalizer")
        .put("type", TokenizerJson.BERT_NORMALIZER)
        .put("clean_text", true)
        .put("handle_chinese_chars", flag("tokenize_chinese_chars", true))
        .put("strip_accents", flag("strip_accents", lowercase))
        .put("lowercase", lowercase);
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ObjectNode model = root.putObject("model");
    model.put("type", TokenizerJson.WORD_PIECE);
    model.put("unk_token", specialNames.get("unk_token"));
    model.put("continuing_subword_prefix", "##");
    model.put("max_input_chars_per_word", 100);
    ids.forEach(model.putObject("vocab")::put);
    return root;
  }

  /** RoBERTa's tokenizer: byte pairs with GPT-2's merges (Liu et al. 2019, section 4.4). */
  private ObjectNode makeBytePair() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.putObject("pre_tokenizer")
        .put("type", TokenizerJson.BYTE_LEVEL)
        .put("add_prefix_space", flag("add_prefix_space", false))
        .put("use_regex", true);
    ObjectNode model = root.putObject("model");
    model.put("type", TokenizerJson.BYTE_PAIRS);
    model.set("vocab", readObject(HuggingFaceFiles.BYTE_PAIR_VOCABULARY));
    var merges = model.putArray("merges");
    text(HuggingFaceFiles.BYTE_PAIR_MERGES)
        .lines()
        .filter(line -> !line.startsWith("#version") && !line.isBlank())
        .forEach(merges::add);
    return root;
  }

  /** Tokens that were added to a vocabulary that lies here without a {@code tokenizer.json}. */
  private List<AddedToken> tokensBeside() {
    // The later file says how a token is found, the earlier only that there is one.
    Map<String, AddedToken> tokens = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : readObjectOrNothing(ADDED_TOKENS).properties()) {
      int id = requireId(entry.getKey(), entry.getValue(), ADDED_TOKENS);
      boolean special = specialNames.containsValue(entry.getKey());
      tokens.put(
          entry.getKey(),
          new AddedToken(
              id, entry.getKey(), false, isMask(entry.getKey()), false, !special, special));
    }
    tokensOfConfig().forEach(token -> tokens.put(token.content(), token));
    return List.copyOf(tokens.values());
  }

  /** The tokens of {@code added_tokens_decoder}. */
  private List<AddedToken> tokensOfConfig() {
    Map<String, AddedToken> tokens = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      JsonNode given = entry.getValue();
      String content = given.path("content").asText();
      AddedToken before =
          tokens.put(
              content,
              new AddedToken(
                  requireId(content, entry.getKey(), CONFIG),
                  content,
                  given.path("single_word").asBoolean(false),
                  given.path("lstrip").asBoolean(false),
                  given.path("rstrip").asBoolean(false),
                  given.path("normalized").asBoolean(true),
                  given.path("special").asBoolean(false)));
      if (before != null) {
        throw wrong("%s adds the token '%s' twice", CONFIG, Quoted.of(content));
      }
    }
    return List.copyOf(tokens.values());
  }

  private boolean isMask(String token) {
    return family == Family.ROBERTA && token.equals(specialNames.get("mask_token"));
  }

  private static int requireId(String token, String text, String file) {
    try {
      return requireId(token, JsonNodeFactory.instance.numberNode(Integer.parseInt(text)), file);
    } catch (NumberFormatException e) {
      return requireId(token, JsonNodeFactory.instance.textNode(text), file);
    }
  }

  private static int requireId(String token, JsonNode id, String file) {
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() >= TokenizerJson.MAX_TOKENS) {
      throw wrong(
          "%s gives the token '%s' the id %s; ids are 0 to %d",
          file, Quoted.of(token), Quoted.of(id.asText()), TokenizerJson.MAX_TOKENS - 1);
    }
    return id.intValue();
  }

  /** One token a line; the number of the line, from 0, is the id. */
  private Map<String, Integer> readLines() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    String text = text(HuggingFaceFiles.WORD_PIECES);
    int line = 0;
    for (int from = 0; from < text.length(); line++) {
      int newline = text.indexOf('\n', from);
      int end = newline < 0 ? text.length() : newline;
      int last = end > from && text.charAt(end - 1) == '\r' ? end - 1 : end;
      String token = text.substring(from, last);
      Integer before = ids.put(token, line);
      if (before != null) {
        throw wrong(
            "%s has the token '%s' twice, in lines %d and %d",
            HuggingFaceFiles.WORD_PIECES, Quoted.of(token), before + 1, line + 1);
      }
      if (line == TokenizerJson.MAX_TOKENS) {
        throw wrong(
            "%s has more than %d tokens, one a line",
            HuggingFaceFiles.WORD_PIECES, TokenizerJson.MAX_TOKENS);
      }
      from = end + 1;
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
    for (ObjectNode file : List.of(readObjectOrNothing(SPECIAL_TOKENS_MAP), config)) {
      names.replaceAll(
          (role, name) -> {
            JsonNode given = file.path(role);
            return given.isObject() ? given.path("content").asText(name) : given.asText(name);
          });
    }
    return names;
  }

  private ObjectNode readObjectOrNothing(String name) {
    return contents.containsKey(name) ? readObject(name) : JsonNodeFactory.instance.objectNode();
  }

  private ObjectNode readObject(String name) {
    JsonNode read =
        UntrustedJson.vocabulary(
            contents.getOrDefault(name, new byte[0]),
            problem -> wrong("%s cannot be read: %s", name, problem));
    if (read instanceof ObjectNode object) {
      return object;
    }
    throw wrong("%s is no JSON object", name);
  }

  private String text(String name) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(contents.getOrDefault(name, new byte[0])))
          .toString();
    } catch (CharacterCodingException e) {
      throw wrong("%s is not in UTF-8", name);
    }
  }

  private static String say(String what, Object... arguments) {
    return String.format(Locale.ROOT, what, arguments);
  }

  private static InvalidInputException wrong(String what, Object... arguments) {
    return invalid("TOKENIZER_INVALID", "tokenizer", say(what, arguments));
  }
}
