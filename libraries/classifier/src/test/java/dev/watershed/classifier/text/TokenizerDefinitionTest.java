package dev.watershed.classifier.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.SharedFiles;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a tokenizer's files, what is refused, and which files say the same. */
final class TokenizerDefinitionTest {
  static final ObjectMapper JSON = new ObjectMapper();
  static final String WORDS = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\ncafe\n##s\n,\n";

  private final Path directory;

  TokenizerDefinitionTest(@TempDir Path directory) {
    this.directory = directory;
  }

  /** What a fast tokenizer of Hugging Face saves for {@link #WORDS}. */
  static ObjectNode wordPieces() {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    var added = root.putArray("added_tokens");
    var vocab = JSON.createObjectNode();
    for (String word : WORDS.lines().toList()) {
      if (word.startsWith("[")) {
        added.add(
            JSON.createObjectNode()
                .put("id", vocab.size())
                .put("content", word)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true));
      }
      vocab.put(word, vocab.size());
    }
    root.putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .put("lowercase", true)
        .putNull("strip_accents");
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    root.putObject("model")
        .put("type", "WordPiece")
        .put("unk_token", "[UNK]")
        .put("continuing_subword_prefix", "##")
        .put("max_input_chars_per_word", 100)
        .set("vocab", vocab);
    return root;
  }

  private TokenizerDefinition defined(Map<String, String> files) {
    return files(files, Family.BERT).definition();
  }

  private static TokenizerFiles files(Map<String, String> files, Family family) {
    Map<String, byte[]> contents = new HashMap<>();
    files.forEach((name, text) -> contents.put(name, text.getBytes(StandardCharsets.UTF_8)));
    return new TokenizerFiles(contents, family);
  }

  @Test
  void digest_filesThatReadEveryTextAlike_isEqual() {
    String json = wordPieces().toString();
    ObjectNode trained = wordPieces();
    trained.putObject("truncation").put("max_length", 4).put("strategy", "LongestFirst");
    trained.putObject("padding").putObject("strategy").put("Fixed", 8);
    trained.putObject("decoder").put("type", "WordPiece");
    ObjectNode bare = wordPieces();
    bare.putArray("added_tokens");
    ObjectNode sequence = wordPieces();
    sequence
        .putObject("normalizer")
        .put("type", "Sequence")
        .putArray("normalizers")
        .add(wordPieces().get("normalizer"));
    var expected = defined(Map.of("tokenizer.json", json));
    for (Map<String, String> same :
        List.of(
            Map.of("tokenizer.json", trained.toPrettyString()),
            Map.of("tokenizer.json", bare.toString()),
            Map.of("tokenizer.json", sequence.toString()),
            Map.of("vocab.txt", WORDS),
            Map.of("vocab.txt", WORDS.replace("\n", "\r\n")),
            Map.of(
                "vocab.txt", WORDS.strip(), "tokenizer_config.json", "{\"do_lower_case\": true}"),
            Map.of(
                "vocab.txt",
                WORDS,
                "tokenizer_config.json",
                "{\"name_or_path\": \"/home/me\", \"model_max_length\": 64, \"never_split\": null}",
                "special_tokens_map.json",
                "{\"sep_token\": \"[SEP]\"}"))) {
      var definition = defined(same);
      assertThat(definition.difference(expected)).as("%s", same).isEmpty();
      assertThat(definition.digest()).as("%s", same).isEqualTo(expected.digest());
    }
  }

  @Test
  void difference_anythingThatReadsATextDifferently_isNamed() {
    var uncased = defined(Map.of("vocab.txt", WORDS));
    differ(
        uncased,
        Map.of("vocab.txt", WORDS, "tokenizer_config.json", "{\"do_lower_case\": false}"),
        "the normalizer (strip_accents true and false, lowercase true and false)");
    differ(
        uncased,
        Map.of("vocab.txt", WORDS.replace("cat", "dog")),
        "the vocabulary (of 10 and 10 tokens, token 6 is 'cat' and 'dog')");
    differ(
        uncased,
        Map.of("vocab.txt", WORDS + "[filler_0]\n[filler_1]\n"),
        "the vocabulary (of 10 and 12 tokens, token 10 is missing and '[filler_0]')");
    differ(
        uncased,
        Map.of("vocab.txt", WORDS, "tokenizer_config.json", "{\"sep_token\": \"the\"}"),
        "the added tokens");
    ObjectNode json = wordPieces();
    json.putObject("pre_tokenizer").put("type", "Whitespace");
    differ(
        uncased,
        Map.of("tokenizer.json", json.toString()),
        "the pre-tokenizer ([BertPreTokenizer] and [Whitespace])");
    json = wordPieces();
    ((ObjectNode) json.get("model")).put("max_input_chars_per_word", 50);
    differ(
        uncased,
        Map.of("tokenizer.json", json.toString()),
        "the model (max_input_chars_per_word 100 and 50)");
  }

  private void differ(TokenizerDefinition one, Map<String, String> files, String part) {
    var other = defined(files);
    assertThat(one.difference(other)).contains(part);
    assertThat(one.digest()).isNotEqualTo(other.digest());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Abort or endless in the native library.
        "normalizer | {'type': 'Precompiled', 'precompiled_charsmap': ''} | Precompiled",
        "normalizer | {'type': 'Replace', 'pattern': {'String': 'a'}, 'content': 'aa'} | Replace",
        "normalizer | {'type': 'Sequence', 'normalizers': [{'type': 'NFC'}, {'type': 'Strip'}]} | Strip",
        "normalizer | {'type': 'ByteLevel'} | ByteLevel",
        "normalizer | {'lowercase': true} | without a type",
        "pre_tokenizer | {'type': 'FixedLength', 'length': 0} | FixedLength",
        "pre_tokenizer | {'type': 'Split', 'pattern': {'Regex': '(a+)+$b'}, 'behavior': 'Isolated'} | Split",
        "pre_tokenizer | {'type': 'Metaspace'} | Metaspace",
        "pre_tokenizer | {'type': 'Punctuation', 'behavior': 'MergedWithNext'} | Punctuation",
        "pre_tokenizer | {'type': 'ByteLevel'} | ByteLevel",
        "model | {'type': 'Unigram', 'vocab': {'[PAD]': 0}} | Unigram",
        "model | {'type': 'WordLevel', 'vocab': {'[PAD]': 0}} | WordLevel",
        "model | {'type': 'BPE', 'vocab': {'a': 0}, 'merges': []} | without ByteLevel",
        "model | {'type': 'BPE', 'vocab': {'a': 0}, 'merges': [], 'continuing_subword_prefix': 'éé'} | continuing_subword_prefix",
        "model | {'type': 'BPE', 'vocab': {'a': 0}, 'merges': [], 'end_of_word_suffix': '</w>'} | end_of_word_suffix",
        "model | {'type': 'BPE', 'vocab': {'a': 0}, 'merges': [], 'dropout': 0.1} | dropout",
      })
  void read_componentThatIsNotKnownToBeHarmless_isRefusedByName(
      String part, String json, String named) throws IOException {
    ObjectNode root = wordPieces();
    root.set(part, JSON.readTree(json.replace('\'', '"')));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> defined(Map.of("tokenizer.json", root.toString())))
        .withMessageContaining(named)
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TOKENIZER_COMPONENT_UNSUPPORTED"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'max_input_chars_per_word': 1000000000}",
        "{'max_input_chars_per_word': 0}",
        "{'max_input_chars_per_word': 1.5}",
        "{'continuing_subword_prefix': '#################'}",
        "{'unk_token': 5}",
        "{'vocab': {'[PAD]': 0.5}}",
        "{'type': 'BPE', 'merges': ['t h']}",
        "{'type': 'BPE', 'merges': ['the']}",
        "{'type': 'BPE', 'merges': [['the']]}",
        "{'type': 'BPE', 'unk_token': 'nowhere'}",
        "{'type': 'BPE', 'merges': 3}",
      })
  void read_parametersOutOfTheirRange_areRefused(String changes) throws IOException {
    ObjectNode root = wordPieces();
    ((ObjectNode) root.get("model")).setAll((ObjectNode) JSON.readTree(changes.replace('\'', '"')));
    if (changes.contains("BPE")) {
      root.putObject("pre_tokenizer").put("type", "ByteLevel");
      ((ObjectNode) root.get("model")).remove("continuing_subword_prefix");
    }
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> defined(Map.of("tokenizer.json", root.toString())))
        .withMessageStartingWith("tokenizer.json ")
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TOKENIZER_INVALID"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{'id': 4, 'content': 'the'}]", // 5 in the vocabulary
        "[{'id': 11, 'content': 'new'}]", // the library would make it 10
        "[{'id': 10, 'content': 'new'}, {'id': 10, 'content': 'newer'}]",
        "[{'id': 10, 'content': ''}]",
        "[{'id': 10, 'content': '\\u0001\\u0301', 'normalized': true}]",
        "[{'content': 'new'}]",
      })
  void read_addedTokensThatAreNotWhereTheySay_areRefused(String added) throws IOException {
    ObjectNode root = wordPieces();
    root.set("added_tokens", JSON.readTree(added.replace('\'', '"')));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> defined(Map.of("tokenizer.json", root.toString())))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TOKENIZER_INVALID"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vocab.txt", "tokenizer.json", "tokenizer_config.json", "merges.txt"})
  void read_enormousFile_isRefusedBeforeItIsRead(String name) throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), WORDS);
    try (var file = new RandomAccessFile(directory.resolve(name).toFile(), "rw")) {
      file.setLength(100L << 30); // sparse
    }
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.define(directory, Family.BERT))
        .withMessageContaining(name)
        .withMessageContaining("107374182400 bytes");
  }

  @Test
  void read_vocabularyThatIsNoText_isRefused() throws IOException {
    Files.write(directory.resolve("vocab.txt"), new byte[] {'a', '\n', (byte) 0xff});
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.define(directory, Family.BERT))
        .withMessageContaining("vocab.txt is not in UTF-8");
    Files.writeString(directory.resolve("vocab.txt"), "x".repeat(2000));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.define(directory, Family.BERT))
        .withMessageContaining("2000 characters");
  }

  @Test
  void configured_switchesThatSayOtherwise_winWithANotice() {
    ObjectNode cased = wordPieces();
    ((ObjectNode) cased.get("normalizer")).put("lowercase", false);
    var uncased = defined(Map.of("vocab.txt", WORDS));
    var files =
        files(
            Map.of(
                "tokenizer.json",
                cased.toString(),
                "tokenizer_config.json",
                "{\"do_lower_case\": true}"),
            Family.BERT);
    assertThat(files.definition().digest()).isEqualTo(uncased.digest());
    assertThat(files.notices())
        .first()
        .asString()
        .contains("tokenizer.json has lowercase false", "makes it true (do_lower_case)");

    // Where nothing is said, or by a class without these switches, the tokenizer.json stands.
    for (String config :
        List.of(
            "{\"tokenizer_class\": \"BertTokenizer\"}",
            "{\"do_lower_case\": true, \"tokenizer_class\": \"PreTrainedTokenizerFast\"}")) {
      files =
          files(
              Map.of("tokenizer.json", cased.toString(), "tokenizer_config.json", config),
              Family.BERT);
      assertThat(files.notices()).isEmpty();
      assertThat(files.definition().difference(uncased)).contains("lowercase false and true");
    }

    files =
        files(
            Map.of(
                "tokenizer.json",
                wordPieces().toString(),
                "tokenizer_config.json",
                "{\"strip_accents\": false, \"tokenize_chinese_chars\": false}"),
            Family.BERT);
    assertThat(files.notices()).hasSize(2);
    assertThat(files.definition().difference(uncased))
        .contains("handle_chinese_chars false and true", "strip_accents false and true");
  }

  @Test
  void notices_whatIsNotHeeded_areTold() {
    var files =
        files(
            Map.of(
                "vocab.txt",
                WORDS,
                "tokenizer_config.json",
                "{\"do_basic_tokenize\": false, \"never_split\": [\"E1\"]}"),
            Family.BERT);
    assertThat(files.notices())
        .hasSize(2)
        .anySatisfy(notice -> assertThat(notice).contains("do_basic_tokenize"))
        .anySatisfy(notice -> assertThat(notice).contains("never_split [\"E1\"]"));
    assertThat(
            files(
                    Map.of(
                        "vocab.txt",
                        WORDS,
                        "tokenizer_config.json",
                        "{\"do_basic_tokenize\": true, \"never_split\": null}"),
                    Family.BERT)
                .notices())
        .isEmpty();
  }

  @Test
  void notices_twoVocabulariesInOneDirectory_areTold() {
    assertThat(
            files(
                    Map.of("tokenizer.json", wordPieces().toString(), "vocab.txt", WORDS),
                    Family.BERT)
                .notices())
        .isEmpty();
    String stale = WORDS.replace("the\ncat\n", "cat\nthe\n");
    assertThat(
            files(
                    Map.of("tokenizer.json", wordPieces().toString(), "vocab.txt", stale),
                    Family.BERT)
                .notices())
        .singleElement()
        .asString()
        .contains(
            "tokenizer.json and vocab.txt are of different vocabularies",
            "'the' is token 5 in the first, 6 in the second");
    assertThat(
            files(
                    Map.of("tokenizer.json", wordPieces().toString(), "vocab.txt", WORDS + "the\n"),
                    Family.BERT)
                .notices())
        .singleElement()
        .asString()
        .contains("'the' twice");
  }

  @Test
  @Tag(SharedFiles.TAG)
  void read_realRobertaFiles_areEqualToTheTokenizerJsonMadeOfThem() throws IOException {
    Files.copy(
        SharedFiles.require("data/vocab/roberta-base-vocab.json"), directory.resolve("vocab.json"));
    Files.copy(
        SharedFiles.require("data/vocab/roberta-base-merges.txt"), directory.resolve("merges.txt"));
    roundTrip(Tokenizers.define(directory, Family.ROBERTA));
  }

  @Test
  void read_exportOfAnyTokenizer_isTheSameTokenizer() throws IOException {
    roundTrip(defined(Map.of("vocab.txt", WORDS)));
    roundTrip(
        defined(
            Map.of(
                "vocab.txt",
                WORDS,
                "tokenizer_config.json",
                "{\"do_lower_case\": false, \"strip_accents\": true}",
                "added_tokens.json",
                "{\"[E1]\": 10}")));
    ObjectNode other = wordPieces();
    other.putObject("normalizer").put("type", "NFKC");
    other.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
    roundTrip(defined(Map.of("tokenizer.json", other.toString())));
    roundTrip(
        new TokenizerFiles(
                Map.of(
                    "vocab.txt",
                    miniature(),
                    "tokenizer_config.json",
                    "{}".getBytes(StandardCharsets.UTF_8)),
                Family.BERT)
            .definition());
  }

  private static byte[] miniature() throws IOException {
    try (var in = TokenizerDefinition.class.getResourceAsStream("miniature-vocab.txt")) {
      assertThat(in).isNotNull();
      return in.readAllBytes();
    }
  }

  private void roundTrip(TokenizerDefinition definition) throws IOException {
    Path files = Files.createTempDirectory(directory, "export");
    new TokenizerExport(definition, 64).write(files);
    var whole = TokenizerFiles.read(files, definition.family());
    assertThat(whole.definition().difference(definition)).isEmpty();
    assertThat(whole.definition().digest()).isEqualTo(definition.digest());
    assertThat(whole.notices()).isEmpty();
    assertThat(whole.maxTokens()).isEqualTo(64);
    boolean old =
        Files.exists(files.resolve("vocab.txt")) || Files.exists(files.resolve("merges.txt"));
    Files.delete(files.resolve("tokenizer.json"));
    if (old) {
      // The slow tokenizers' files alone.
      assertThat(Tokenizers.define(files, definition.family()).difference(definition)).isEmpty();
    }
  }

  @Test
  void export_whatHuggingFaceNeeds_isThere() throws IOException {
    Path files = Files.createDirectory(directory.resolve("out"));
    new TokenizerExport(defined(Map.of("vocab.txt", WORDS)), 126).write(files);
    try (Stream<Path> all = Files.list(files)) {
      assertThat(all.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt");
    }
    var config = JSON.readTree(files.resolve("tokenizer_config.json").toFile());
    assertThat(config.path("model_max_length").intValue()).isEqualTo(126);
    assertThat(config.path("tokenizer_class").textValue()).isEqualTo("BertTokenizer");
    assertThat(config.path("do_lower_case").booleanValue()).isTrue();
    assertThat(config.path("sep_token").textValue()).isEqualTo("[SEP]");
    var json = JSON.readTree(files.resolve("tokenizer.json").toFile());
    assertThat(json.path("post_processor").toString())
        .isEqualTo("{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]}");
    assertThat(JSON.readTree(files.resolve("special_tokens_map.json").toFile()).path("cls_token"))
        .hasToString("\"[CLS]\"");
    assertThat(Files.readString(files.resolve("vocab.txt"))).isEqualTo(WORDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tok-charsmap_empty", "tok-fixedlength_0", "tok-regex_bomb"})
  @Tag(SharedFiles.TAG)
  void sharedCase_tokenizerThatAborts_isRefusedByName(String name) throws IOException {
    Files.copy(
        SharedFiles.require("cases/tokenizer-abort/" + name + ".json"),
        directory.resolve("tokenizer.json"));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.load(directory, Family.BERT))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TOKENIZER_COMPONENT_UNSUPPORTED"));
  }

  @ParameterizedTest
  @CsvSource({
    "tokenizer-identity/A_tok1, tokenizer-identity/A_tok2",
    "tokenizer-identity/A_vc1, tokenizer-identity/A_vc2",
    "tokenizer-identity/A_tok1, lowercase-config/B_ref",
    "lowercase-config/B_ref, lowercase-config/B_tjcased"
  })
  @Tag(SharedFiles.TAG)
  void sharedCase_tokenizersThatReadAlike_areOne(String one, String other) {
    var a = Tokenizers.define(SharedFiles.require("cases/" + one), Family.BERT);
    var b = Tokenizers.define(SharedFiles.require("cases/" + other), Family.BERT);
    assertThat(a.difference(b)).isEmpty();
    assertThat(a.digest()).isEqualTo(b.digest());
  }

  @Test
  @Tag(SharedFiles.TAG)
  void sharedCase_configurationsThatReadAlike_areOne() throws IOException {
    Files.copy(
        SharedFiles.require("cases/stale-download/vocab.txt"), directory.resolve("vocab.txt"));
    var digests = new HashMap<String, String>();
    for (String name : List.of("a", "b", "c", "d")) {
      Files.deleteIfExists(directory.resolve("tokenizer_config.json"));
      Files.copy(
          SharedFiles.require("cases/tokenizer-config-bytes/" + name + ".json"),
          directory.resolve("tokenizer_config.json"));
      digests.put(Tokenizers.define(directory, Family.BERT).digest().sha256(), name);
    }
    assertThat(digests).hasSize(1);
    Files.copy(
        SharedFiles.require("cases/stale-download/tokenizer.json"),
        directory.resolve("tokenizer.json"));
    assertThat(TokenizerFiles.read(directory, Family.BERT).notices())
        .singleElement()
        .asString()
        .contains("different vocabularies");
  }
}
