package dev.watershed.classifier.text;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.HuggingFaceFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files that Hugging Face's libraries read a tokenizer from, fast and slow ones: one set that
 * agrees with itself, whatever the tokenizer was read from.
 */
final class TokenizerExport {
  private static final List<String> ROLES =
      List.of("cls_token", "sep_token", "pad_token", "mask_token", "unk_token");

  private final TokenizerDefinition definition;
  private final int maxTokens;

  /**
   * @param maxTokens the longest text that the model reads, in tokens
   */
  TokenizerExport(TokenizerDefinition definition, int maxTokens) {
    this.definition = definition;
    this.maxTokens = maxTokens;
  }

  void write(Path directory) throws IOException {
    for (Map.Entry<String, String> file : contents().entrySet()) {
      Files.writeString(directory.resolve(file.getKey()), file.getValue());
    }
  }

  /** Texts by the names of files. */
  Map<String, String> contents() {
    Map<String, String> files = new TreeMap<>();
    files.put(HuggingFaceFiles.TOKENIZER_JSON, tokenizerJson().toString());
    files.put(TokenizerFiles.CONFIG, config().toPrettyString() + "\n");
    files.put(TokenizerFiles.SPECIAL_TOKENS_MAP, specialNames().toPrettyString() + "\n");
    if (isOfItsFamily()) {
      files.putAll(ofSlowTokenizers());
    }
    return files;
  }

  private ObjectNode tokenizerJson() {
    ObjectNode root = definition.json();
    var tokens = root.putArray("added_tokens");
    definition.added().forEach(token -> tokens.add(token.json()));
    SpecialTokens special = definition.specialTokens();
    boolean roberta = definition.family() == Family.ROBERTA;
    ObjectNode template = root.putObject("post_processor");
    template.put("type", roberta ? "RobertaProcessing" : "BertProcessing");
    template.putArray("sep").add(name("sep_token")).add(special.separator());
    template.putArray("cls").add(name("cls_token")).add(special.classifier());
    if (roberta) {
      template.put("trim_offsets", true).put("add_prefix_space", addsPrefixSpace());
    }
    ObjectNode decoder = root.putObject("decoder");
    if (definition.isWordPiece()) {
      decoder
          .put("type", "WordPiece")
          .put("prefix", definition.model().path("continuing_subword_prefix").asText())
          .put("cleanup", true);
    } else {
      decoder
          .put("type", TokenizerJson.BYTE_LEVEL)
          .put("add_prefix_space", true)
          .put("trim_offsets", true)
          .put("use_regex", true);
    }
    return root;
  }

  private ObjectNode config() {
    ObjectNode config = specialNames();
    config.put("model_max_length", maxTokens);
    if (!isOfItsFamily()) {
      // The classes of the families would put their own steps in place of these.
      config.put("tokenizer_class", "PreTrainedTokenizerFast");
    } else if (definition.family() == Family.BERT) {
      ObjectNode normalizer = definition.normalizers().getFirst();
      config
          .put("tokenizer_class", "BertTokenizer")
          .put("do_lower_case", normalizer.path("lowercase").booleanValue())
          .put("strip_accents", normalizer.path("strip_accents").booleanValue())
          .put("tokenize_chinese_chars", normalizer.path("handle_chinese_chars").booleanValue());
    } else {
      config.put("tokenizer_class", "RobertaTokenizer").put("add_prefix_space", addsPrefixSpace());
    }
    ObjectNode added = config.putObject("added_tokens_decoder");
    for (AddedToken token : definition.added()) {
      ObjectNode json = token.json();
      json.remove("id");
      added.set(Integer.toString(token.id()), json);
    }
    return config;
  }

  private ObjectNode specialNames() {
    ObjectNode names = JsonNodeFactory.instance.objectNode();
    for (String role : ROLES) {
      if (role.equals("unk_token") && definition.specialTokens().unknown() < 0) {
        // Said, or a library adds a token that the embeddings have no row for.
        names.putNull(role);
      } else {
        names.put(role, name(role));
      }
    }
    return names;
  }

  private String name(String role) {
    return definition.specialNames().getOrDefault(role, "");
  }

  private boolean addsPrefixSpace() {
    return definition.preTokenizers().stream()
        .anyMatch(step -> step.path("add_prefix_space").booleanValue());
  }

  /** Whether it consists of the steps of BERT's or RoBERTa's own, so that their classes fit it. */
  private boolean isOfItsFamily() {
    List<String> normalizers =
        definition.normalizers().stream().map(TokenizerJson::typeOf).toList();
    List<String> preTokenizers =
        definition.preTokenizers().stream().map(TokenizerJson::typeOf).toList();
    return definition.family() == Family.BERT
        ? definition.isWordPiece()
            && normalizers.equals(List.of(TokenizerJson.BERT_NORMALIZER))
            && preTokenizers.equals(List.of("BertPreTokenizer"))
        : !definition.isWordPiece()
            && normalizers.isEmpty()
            && preTokenizers.equals(List.of(TokenizerJson.BYTE_LEVEL));
  }

  /** Files in the old form; none where a word cannot be written in it. */
  private Map<String, String> ofSlowTokenizers() {
    Map<String, String> files = new LinkedHashMap<>();
    Map<String, Integer> words = definition.words();
    if (definition.isWordPiece()) {
      int next = 0;
      for (Map.Entry<String, Integer> word : words.entrySet()) {
        boolean writable = word.getKey().chars().noneMatch(c -> c == '\n' || c == '\r');
        if (word.getValue() != next++ || !writable) {
          return Map.of();
        }
      }
      files.put(HuggingFaceFiles.WORD_PIECES, String.join("\n", words.keySet()) + "\n");
      return files;
    }
    ObjectNode vocab = JsonNodeFactory.instance.objectNode();
    words.forEach(vocab::put);
    files.put(HuggingFaceFiles.BYTE_PAIR_VOCABULARY, vocab.toString());
    if (definition.merges().stream().anyMatch(merge -> merge.startsWith("#version"))) {
      return Map.of();
    }
    files.put(
        HuggingFaceFiles.BYTE_PAIR_MERGES,
        "#version: 0.2\n" + String.join("\n", definition.merges()) + "\n");
    return files;
  }
}
