package dev.watershed.classifier.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.SharedFiles;
import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizersTest {
  /** [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, then words from 5. */
  private static final String UNCASED =
      """
      [PAD]
      [UNK]
      [CLS]
      [SEP]
      [MASK]
      un
      ##break
      ##able
      cafe
      the
      ,
      中
      """;

  private static final Pattern PIECE = Pattern.compile("[\\p{L}\\p{N}]+|[^\\s]");

  private final Path directory;

  TokenizersTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void miniature_pair_hasSpecialTokensAndSegments() {
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      EncodedExample pair = tokenizer.encode("the doctor slept", "the old judge", 1, 30);
      assertThat(pair.inputIds()).containsExactly(1, 4, 10, 32, 2, 4, 37, 12, 2);
      assertThat(pair.tokenTypeIds()).containsExactly(0, 0, 0, 0, 0, 1, 1, 1, 1);
      assertThat(pair.label()).isEqualTo(1);
      assertThat(pair.truncated()).isFalse();
      EncodedExample single = tokenizer.encode("The Doctor slept", null, -1, 30);
      assertThat(single.inputIds()).containsExactly(1, 4, 10, 32, 2);
      assertThat(single.tokenTypeIds()).containsOnly(0);
      assertThat(tokenizer.vocabularySize()).isEqualTo(43);
      assertThat(tokenizer.padTokenId()).isZero();
      assertThat(tokenizer.separatorTokenId()).isEqualTo(2);
      assertThat(tokenizer.maskTokenId()).isEqualTo(3);
      assertThat(tokenizer.isSpecial(3)).isTrue();
      assertThat(tokenizer.isSpecial(4)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"the doctors slept", "hello", "the doctor slept.", "中"})
  void miniature_wordOutsideTheLanguage_isRefused(String text) {
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      assertThatExceptionOfType(InvalidInputException.class)
          .isThrownBy(() -> tokenizer.encode(text, null, 0, 30))
          .withMessageContaining("43")
          .satisfies(e -> assertThat(e.reason()).isEqualTo("WORD_UNKNOWN"));
    }
  }

  @Test
  void load_vocabTxt_splitsIntoLongestPieces() throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), UNCASED);
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("Unbreakable, THE Café中x", null, 0, 30).inputIds())
          .containsExactly(2, 5, 6, 7, 10, 9, 8, 11, 1, 3);
      assertThat(tokenizer.encode("", "", 0, 30).inputIds()).containsExactly(2, 3, 3);
      assertThat(tokenizer.isSpecial(1)).isTrue();
    }
    try (Tokenizer file = Tokenizers.load(directory.resolve("vocab.txt"), Family.BERT)) {
      assertThat(file.encode("the", null, 0, 30).inputIds()).containsExactly(2, 9, 3);
    }
  }

  @Test
  void load_windowsLineEnds_areNoPartOfTheTokens() throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), UNCASED.replace("\n", "\r\n"));
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("the cafe", null, 0, 30).inputIds()).containsExactly(2, 9, 8, 3);
    }
  }

  @Test
  void load_casedVocabulary_keepsCase() throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), UNCASED + "The\n");
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("The the", null, 0, 30).inputIds()).containsExactly(2, 12, 9, 3);
    }
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"do_lower_case\": true}");
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("The the", null, 0, 30).inputIds()).containsExactly(2, 9, 9, 3);
    }
  }

  @Test
  void load_specialTokensRenamed_areFoundByTheirNames() throws IOException {
    Files.writeString(
        directory.resolve("vocab.txt"),
        UNCASED.replace("[CLS]", "<cls>").replace("[SEP]", "<sep>"));
    Files.writeString(
        directory.resolve("special_tokens_map.json"),
        "{\"cls_token\": {\"content\": \"<cls>\"}, \"sep_token\": \"<sep>\"}");
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("the", null, 0, 30).inputIds()).containsExactly(2, 9, 3);
    }
  }

  @Test
  void load_tokenizerJson_ignoresItsTemplateAndTruncation() throws IOException {
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": {"max_length": 4, "strategy": "LongestFirst", "stride": 0,
          "direction": "Right"},
         "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null,
          "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
         "added_tokens": [], "normalizer": {"type": "Lowercase"},
         "pre_tokenizer": {"type": "Whitespace"},
         "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
         "decoder": null,
         "model": {"type": "WordPiece", "unk_token": "[UNK]",
          "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5, "b": 6}}}
        """);
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("A b b a A b", "x", 0, 30).inputIds())
          .containsExactly(2, 5, 6, 6, 5, 5, 6, 3, 1, 3);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // first, second, room -> kept of each
    "5, 3, 8, 5, 3",
    "9, 3, 8, 5, 3",
    "3, 9, 8, 3, 5",
    "9, 9, 8, 4, 4",
    "9, 8, 7, 4, 3",
    "8, 9, 7, 3, 4",
    "9, 9, 7, 3, 4",
    "20, 5, 6, 3, 3",
    "0, 20, 6, 0, 6",
  })
  void longestFirst_anyLengths_areThoseOfHuggingFace(
      int first, int second, int room, int keptFirst, int keptSecond) {
    assertThat(SubwordTokenizer.longestFirst(first, second, room))
        .containsExactly(keptFirst, keptSecond);
  }

  @Test
  void encode_tooLong_cutsTheLongerTextFirst() {
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      EncodedExample pair =
          tokenizer.encode("the doctor helped the old judge", "the judge slept", 0, 9);
      assertThat(pair.inputIds()).containsExactly(1, 4, 10, 22, 2, 4, 12, 32, 2);
      assertThat(pair.truncated()).isTrue();
      EncodedExample single = tokenizer.encode("the doctor helped the old judge", null, 0, 3);
      assertThat(single.inputIds()).containsExactly(1, 4, 2);
      assertThat(single.truncated()).isTrue();
    }
  }

  @Test
  void encode_noRoom_isRefused() {
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      assertThatExceptionOfType(InvalidInputException.class)
          .isThrownBy(() -> tokenizer.encode("the", "the", 0, 4))
          .satisfies(e -> assertThat(e.parameter()).isEqualTo("max_tokens"));
      assertThat(tokenizer.encode("the", "the", 0, 5).length()).isEqualTo(5);
      assertThatExceptionOfType(InvalidInputException.class)
          .isThrownBy(() -> tokenizer.encode("the", null, 0, -1));
    }
  }

  @Test
  void encode_manyThreads_agree() throws InterruptedException, ExecutionException {
    try (Tokenizer tokenizer = Tokenizers.miniature();
        var executor = Executors.newFixedThreadPool(4)) {
      Callable<int[]> call = () -> tokenizer.encode("the old judge slept", null, 0, 30).inputIds();
      for (Future<int[]> result : executor.invokeAll(Collections.nCopies(400, call))) {
        assertThat(result.get()).containsExactly(1, 4, 37, 12, 32, 2);
      }
    }
  }

  @Test
  void encode_afterClose_failsInsteadOfCrashing() {
    Tokenizer tokenizer = Tokenizers.miniature();
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("the", null, 0, 30)).isNotNull();
  }

  @Test
  void load_nothingThere_isNotFound() {
    refused(Kind.NOT_FOUND, "vocab.txt");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.load(directory.resolve("none.txt"), Family.BERT))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void load_damagedFiles_areRefusedByName() throws IOException {
    Path vocabulary = directory.resolve("vocab.txt");
    Files.writeString(vocabulary, UNCASED + "the\n");
    refused(Kind.INVALID, "'the' twice, in lines 10 and 13");
    Files.writeString(vocabulary, UNCASED.replace("[MASK]", "[mask]"));
    refused(Kind.INVALID, "[MASK]");
    Files.writeString(vocabulary, "");
    refused(Kind.INVALID, "[");
    Files.write(vocabulary, new byte[] {(byte) 0xff, 0, 1});
    refused(Kind.INVALID, "not in UTF-8");
    Files.writeString(vocabulary, UNCASED);
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"do_lower");
    refused(Kind.INVALID, "tokenizer_config.json");
    Files.writeString(directory.resolve("tokenizer_config.json"), "[]");
    refused(Kind.INVALID, "tokenizer_config.json");
    Files.delete(directory.resolve("tokenizer_config.json"));
    Path json = directory.resolve("tokenizer.json");
    for (String broken :
        List.of(
            "",
            "{",
            "[]",
            "{}",
            "{\"model\": {\"vocab\": []}}",
            "{\"model\": {\"vocab\": {\"[PAD]\": -1}}}",
            "{\"model\": {\"vocab\": {\"[PAD]\": 1e9}}}",
            "{\"model\": {\"vocab\": {\"[PAD]\": 2000000000}}}",
            "{\"model\": {\"vocab\": {\"[PAD]\": 0, \"[CLS]\": 1, \"[SEP]\": 2}}}",
            "{\"model\": {\"vocab\": {\"[PAD]\": 0, \"[PAD]\": 1}}}",
            "{\"model\": {\"vocab\": {\"[PAD]\": 0, \"[CLS]\": 0}}}",
            "[".repeat(100_000))) {
      Files.writeString(json, broken);
      refused(Kind.INVALID, "");
    }
  }

  private void refused(Kind kind, String named) {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.load(directory, Family.BERT).close())
        .withMessageContaining(named)
        .satisfies(e -> assertThat(e.kind()).isEqualTo(kind));
  }

  @Test
  @Tag(SharedFiles.TAG)
  void load_realBertVocabulary_givesTheKnownEncodings() {
    Path vocabulary = SharedFiles.require("data/vocab/bert-base-uncased-vocab.txt");
    try (Tokenizer tokenizer = Tokenizers.load(vocabulary, Family.BERT)) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(30_522);
      assertThat(tokenizer.encode("Hello, my dog is cute", null, 0, 128).inputIds())
          .containsExactly(101, 7592, 1010, 2026, 3899, 2003, 10140, 102);
      assertThat(tokenizer.encode("Hello world!", "Ünaffäble", 0, 128).inputIds())
          .startsWith(101, 7592, 2088, 999, 102, 14477);
    }
  }

  @Test
  @Tag(SharedFiles.TAG)
  void encode_realSentences_areLongestMatches() throws IOException {
    Path vocabulary = SharedFiles.require("data/vocab/bert-base-uncased-vocab.txt");
    Path sentences = SharedFiles.require("data/cola/in_domain_dev.tsv");
    Map<String, Integer> ids = new HashMap<>();
    Files.readAllLines(vocabulary).forEach(token -> ids.put(token, ids.size()));
    try (Tokenizer tokenizer = Tokenizers.load(vocabulary, Family.BERT)) {
      List<String> lines = Files.readAllLines(sentences);
      assertThat(lines).hasSize(527);
      for (String line : lines) {
        String sentence = line.substring(line.lastIndexOf('\t') + 1);
        assertThat(tokenizer.encode(sentence, null, 0, 128).inputIds())
            .as(sentence)
            .containsExactly(naive(sentence, ids));
      }
    }
  }

  /** WordPiece as the paper says it: the longest known prefix, again and again. */
  private static Integer[] naive(String sentence, Map<String, Integer> ids) {
    List<Integer> found = new ArrayList<>();
    found.add(101);
    String plain =
        Normalizer.normalize(sentence, Normalizer.Form.NFD)
            .replaceAll("\\p{Mn}", "")
            .toLowerCase(Locale.ROOT);
    for (var words = PIECE.matcher(plain); words.find(); ) {
      String rest = words.group();
      String prefix = "";
      while (!rest.isEmpty()) {
        int end = rest.length();
        while (!ids.containsKey(prefix + rest.substring(0, end))) {
          end--;
        }
        found.add(ids.get(prefix + rest.substring(0, end)));
        rest = rest.substring(end);
        prefix = "##";
      }
    }
    found.add(102);
    return found.toArray(Integer[]::new);
  }

  @Test
  @Tag(SharedFiles.TAG)
  void load_realRobertaFiles_giveTheKnownEncodings() throws IOException {
    Files.copy(
        SharedFiles.require("data/vocab/roberta-base-vocab.json"), directory.resolve("vocab.json"));
    Files.copy(
        SharedFiles.require("data/vocab/roberta-base-merges.txt"), directory.resolve("merges.txt"));
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.ROBERTA)) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(50_265);
      assertThat(tokenizer.encode("Hello world", null, 0, 128).inputIds())
          .containsExactly(0, 31414, 232, 2);
      EncodedExample pair = tokenizer.encode("Hello world", "Hello world", 0, 128);
      assertThat(pair.inputIds()).containsExactly(0, 31414, 232, 2, 2, 31414, 232, 2);
      assertThat(pair.tokenTypeIds()).containsOnly(0);
      assertThat(tokenizer.encode("Hello <mask>", null, 0, 128).inputIds())
          .containsExactly(0, 31414, 50264, 2);
      assertThat(tokenizer.maskTokenId()).isEqualTo(50_264);
      assertThat(tokenizer.padTokenId()).isEqualTo(1);
    }
  }

  @Test
  @Tag(SharedFiles.TAG)
  void load_realRobertaFiles_encodeWhatIsHardToRead() throws IOException {
    Path files = roberta();
    try (Tokenizer tokenizer = Tokenizers.load(files, Family.ROBERTA)) {
      // Published with the model: the space before a word is a part of it.
      assertThat(tokenizer.encode(" Hello world", null, 0, 128).inputIds())
          .containsExactly(0, 20920, 232, 2);
      assertThat(tokenizer.encode("Hello world! cécé herlolip", null, 0, 128).inputIds())
          .containsExactly(0, 31414, 232, 328, 740, 1140, 12695, 69, 46078, 1588, 2);
      EncodedExample cut = tokenizer.encode("Hello world Hello world", "Hello", 0, 8);
      assertThat(cut.inputIds()).containsExactly(0, 31414, 232, 20920, 2, 2, 31414, 2);
      assertThat(cut.truncated()).isTrue();
    }
  }

  @Test
  @Tag(SharedFiles.TAG)
  void load_realRobertaFiles_areNaiveBytePairs() throws IOException {
    Path files = roberta();
    var naive = new NaiveBytePairs(files.resolve("vocab.json"), files.resolve("merges.txt"));
    List<String> texts = new ArrayList<>();
    for (String line : Files.readAllLines(SharedFiles.require("data/cola/in_domain_dev.tsv"))) {
      texts.add(line.substring(line.lastIndexOf('\t') + 1));
    }
    texts.addAll(
        List.of(
            "  two  spaces\tand a tab\nand a line ",
            "naïve café — “quoted” … straße",
            "emoji \uD83D\uDE00\uD83D\uDC68\u200D\uD83D\uDC69 and \u4E2D\u6587",
            "I'm you're they've we'll he'd it's",
            "ALL CAPS and CamelCase42 3.14159",
            "\u0130stanbul \u0000 control \uFFFD"));
    try (Tokenizer tokenizer = Tokenizers.load(files, Family.ROBERTA)) {
      for (String text : texts) {
        assertThat(tokenizer.encode(text, null, 0, 500).inputIds())
            .as(text)
            .containsExactly(naive.encode(text));
      }
    }
  }

  private Path roberta() throws IOException {
    Path files = Files.createDirectories(directory.resolve("roberta"));
    Files.copy(
        SharedFiles.require("data/vocab/roberta-base-vocab.json"), files.resolve("vocab.json"));
    Files.copy(
        SharedFiles.require("data/vocab/roberta-base-merges.txt"), files.resolve("merges.txt"));
    return files;
  }

  @Test
  @Tag(SharedFiles.TAG)
  void load_realBertVocabulary_encodesWhatIsHardToRead() {
    Path vocabulary = SharedFiles.require("data/vocab/bert-base-uncased-vocab.txt");
    try (Tokenizer tokenizer = Tokenizers.load(vocabulary, Family.BERT)) {
      int[] plain = {101, 7592, 2088, 102};
      for (String text : List.of("hello world", "  HELLO \n\tWorld ", "Héllo wörld")) {
        assertThat(tokenizer.encode(text, null, 0, 128).inputIds()).isEqualTo(plain);
      }
      // The unknown token for what no piece spells, one for each word.
      assertThat(
              tokenizer.encode("hello \uD83E\uDDA9 \uD83E\uDDA9x world", null, 0, 128).inputIds())
          .containsExactly(101, 7592, 100, 100, 2088, 102);
      EncodedExample pair = tokenizer.encode("hello", "world", 0, 128);
      assertThat(pair.inputIds()).containsExactly(101, 7592, 102, 2088, 102);
      assertThat(pair.tokenTypeIds()).containsExactly(0, 0, 0, 1, 1);
    }
  }

  /** Bytes of ASCII letters, then "he", "ll", "hell", "hello", " w", " wo" and so on. */
  private Path smallBytePairs() throws IOException {
    List<String> merges =
        List.of("h e", "l l", "he ll", "hell o", "\u0120 w", "\u0120w o", "r l", "\u0120wo rl");
    List<String> tokens = new ArrayList<>(List.of("<s>", "<pad>", "</s>", "<unk>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(String.valueOf(NaiveBytePairs.BYTES[b]));
    }
    merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
    tokens.add("<mask>");
    Map<String, Integer> ids = new HashMap<>();
    tokens.forEach(token -> ids.put(token, ids.size()));
    Path files = Files.createDirectories(directory.resolve("small"));
    Files.write(files.resolve("vocab.json"), new ObjectMapper().writeValueAsBytes(ids));
    Files.writeString(
        files.resolve("merges.txt"), "#version: 0.2\n" + String.join("\n", merges) + "\n");
    return files;
  }

  @Test
  void load_smallBytePairs_giveWhatIsWorkedOutByHand() throws IOException {
    Path files = smallBytePairs();
    int hello = 4 + 256 + 3;
    int worl = 4 + 256 + 7;
    int d = 4 + 'd';
    try (Tokenizer tokenizer = Tokenizers.load(files, Family.ROBERTA)) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(4 + 256 + 8 + 1);
      EncodedExample pair = tokenizer.encode("hello world", "hello", 1, 30);
      assertThat(pair.inputIds()).containsExactly(0, hello, worl, d, 2, 2, hello, 2);
      assertThat(pair.tokenTypeIds()).containsOnly(0);
      assertThat(tokenizer.encode("hello <mask>", null, 0, 30).inputIds())
          .containsExactly(0, hello, tokenizer.maskTokenId(), 2);
      assertThat(tokenizer.encode("Hello", null, 0, 30).inputIds())
          .containsExactly(0, 4 + 'H', 4 + 'e', 4 + 256 + 1, 4 + 'o', 2);
      // UTF-8's bytes, each a token.
      assertThat(tokenizer.encode("é", null, 0, 30).inputIds())
          .containsExactly(0, 4 + 0xC3, 4 + 0xA9, 2);
      var naive = new NaiveBytePairs(files.resolve("vocab.json"), files.resolve("merges.txt"));
      for (String text :
          List.of("hello hello  world", " hello", "hell\uD83D\uDE00o", "it's 42!", "\thello\n")) {
        assertThat(tokenizer.encode(text, null, 0, 99).inputIds())
            .as(text)
            .containsExactly(naive.encode(text));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vocab.json", "merges.txt"})
  void load_oneFileOfBytePairs_findsTheOther(String name) throws IOException {
    Path files = smallBytePairs();
    try (Tokenizer whole = Tokenizers.load(files, Family.ROBERTA);
        Tokenizer tokenizer = Tokenizers.load(files.resolve(name), Family.ROBERTA)) {
      assertThat(tokenizer.digest()).isEqualTo(whole.digest());
    }
    Files.delete(files.resolve("merges.txt"));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.load(files.resolve("vocab.json"), Family.ROBERTA))
        .withMessageContaining("merges.txt");
  }

  @Test
  void load_linkInTheDirectory_isRefused() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), UNCASED);
    Path files = Files.createDirectory(directory.resolve("files"));
    Files.createSymbolicLink(files.resolve("vocab.txt"), secret);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.load(files, Family.BERT))
        .withMessageContaining("vocab.txt")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.FORBIDDEN));
  }

  @Test
  void load_addedTokens_areTokensOfTheirOwn() throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), UNCASED);
    Files.writeString(directory.resolve("added_tokens.json"), "{\"unthe\": 13, \"[E1]\": 12}");
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(14);
      assertThat(tokenizer.encode("the [E1] unthe the", null, 0, 30).inputIds())
          .containsExactly(2, 9, 12, 13, 9, 3);
    }
    Files.delete(directory.resolve("added_tokens.json"));
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        """
        {"added_tokens_decoder": {
          "0": {"content": "[PAD]", "special": true, "normalized": false},
          "12": {"content": "[E1]", "special": false, "lstrip": false, "normalized": false}}}
        """);
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode("the [E1] the", null, 0, 30).inputIds())
          .containsExactly(2, 9, 12, 9, 3);
    }
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\": {\"x\": {\"content\": \"a\"}}}");
    refused(Kind.INVALID, "tokenizer_config.json");
  }

  private static EncoderConfig encoder(int vocabulary) {
    return new EncoderConfig(
        Family.BERT, vocabulary, 8, 1, 2, 12, 10, 2, 1e-12, Activation.GELU, 0, 0, 0, 0);
  }

  @Test
  void inspect_tokenizerAndEncoder_mustFit() throws IOException {
    assertThat(Tokenizers.inspect(directory, encoder(12)))
        .singleElement()
        .asString()
        .contains("no tokenizer");
    Files.writeString(directory.resolve("vocab.txt"), UNCASED);
    assertThat(Tokenizers.inspect(directory, encoder(12))).isEmpty();
    assertThat(Tokenizers.inspect(directory, encoder(15)))
        .singleElement()
        .asString()
        .contains("12 tokens", "15 rows", "last 3");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tokenizers.inspect(directory, encoder(11)))
        .withMessageContaining("12 tokens")
        .withMessageContaining("11 rows")
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TOKENIZER_TOO_LARGE"));
    Path config = directory.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"model_max_length\": 11}");
    assertThat(Tokenizers.inspect(directory, encoder(12)))
        .singleElement()
        .asString()
        .contains("11 tokens", "positions allow 10");
    Files.writeString(config, "{\"model_max_length\": 1000000000000000019884624838656}");
    assertThat(Tokenizers.inspect(directory, encoder(12))).isEmpty();
  }

  @Test
  void encode_textTooLongForTheNativeLibrary_isRefused() throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), UNCASED);
    String longest = "a".repeat(SubwordTokenizer.MAX_TEXT_CHARACTERS);
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode(longest, null, 0, 30).inputIds()).containsExactly(2, 1, 3);
      tooLong(tokenizer, longest + "a");
    }
    Files.writeString(
        directory.resolve("tokenizer.json"),
        TokenizerDefinitionTest.wordPieces().set("normalizer", nfkd()).toString());
    Files.delete(directory.resolve("vocab.txt"));
    try (Tokenizer tokenizer = Tokenizers.load(directory, Family.BERT)) {
      assertThat(tokenizer.encode(longest, null, 0, 30).inputIds()).containsExactly(2, 1, 3);
      // One character that becomes eighteen.
      tooLong(tokenizer, "\uFDFA".repeat(SubwordTokenizer.MAX_TEXT_CHARACTERS / 17));
    }
  }

  private static ObjectNode nfkd() {
    return new ObjectMapper().createObjectNode().put("type", "NFKD");
  }

  private static void tooLong(Tokenizer tokenizer, String text) {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> tokenizer.encode(text, null, 0, 30))
        .withMessageContaining("262144 are the most")
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TEXT_TOO_LONG"));
  }
}
