package dev.watershed.classifier.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.Fuzzing;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is handed to the native library neither ends the process nor holds it. A child process
 * carries it: an abort there is a failed test here.
 */
@Tag("fuzz")
final class NativeTokenizerTest {
  private final Path directory;

  NativeTokenizerTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void encode_oddTextsByEveryAcceptedComponent_end() throws Exception {
    assertThat(child("texts")).endsWith("done\n");
  }

  @Test
  void load_mutatedFiles_areRefusedOrRead() throws Exception {
    String output = child("mutations");
    assertThat(output).endsWith("done\n");
    // Else they all fail at the same place.
    assertThat(output).containsPattern("refused [1-9][0-9]+, read [1-9][0-9]+");
  }

  private String child(String what) throws IOException, InterruptedException {
    var command =
        new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
    command.addAll(
        List.of(
            "-Xmx512m",
            "--enable-native-access=ALL-UNNAMED",
            "-Dfuzz.seconds=" + System.getProperty("fuzz.seconds", ""),
            "-Dfuzz.seed=" + Fuzzing.seed(),
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName(),
            what));
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    boolean ended = process.waitFor(120L * Fuzzing.factor(), TimeUnit.SECONDS);
    process.destroyForcibly();
    String output = java.nio.file.Files.readString(log);
    assertThat(ended).as(output).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  /** The other process. */
  static final class Child {
    private static final int MUTATIONS = 1500;

    public static void main(String[] arguments) throws IOException {
      if (arguments[0].equals("texts")) {
        texts();
      } else {
        mutations();
      }
      System.out.println("done");
    }

    private static void texts() throws IOException {
      String longest = "a ".repeat(SubwordTokenizer.MAX_TEXT_CHARACTERS / 2);
      for (ObjectNode json : List.of(TokenizerDefinitionTest.wordPieces(), bytePairs())) {
        try (Tokenizer tokenizer = open(json.toString().getBytes(StandardCharsets.UTF_8))) {
          timed(tokenizer, longest);
          timed(tokenizer, longest.replace(' ', 'a'));
        }
      }
      for (ObjectNode json : accepted()) {
        try (Tokenizer tokenizer = open(json.toString().getBytes(StandardCharsets.UTF_8))) {
          oddTexts().forEach(text -> timed(tokenizer, text));
        }
      }
    }

    private static void timed(Tokenizer tokenizer, String text) {
      long start = System.nanoTime();
      EncodedExample example = tokenizer.encode(text, null, 0, 512);
      long milliseconds = (System.nanoTime() - start) / 1_000_000;
      String what = milliseconds + " ms for " + text.length() + " characters";
      if (milliseconds > 200) {
        System.out.println(what + " of " + text.codePointAt(0));
      }
      if (example.length() > 512 || milliseconds > 30_000) {
        throw new IllegalStateException(what);
      }
    }

    private static void mutations() throws IOException {
      int refused = 0;
      int read = 0;
      for (ObjectNode json : List.of(TokenizerDefinitionTest.wordPieces(), bytePairs())) {
        var mutated =
            new MutatedTokenizers(
                json.toString().getBytes(StandardCharsets.UTF_8),
                new SplittableRandom(Fuzzing.seed()));
        for (int i = 0; i < Fuzzing.rounds(MUTATIONS); i++) {
          byte[] bytes = mutated.next();
          try (Tokenizer tokenizer = open(bytes)) {
            read++;
            for (String text : shortTexts()) {
              encodeOrRefuse(tokenizer, text);
            }
          } catch (InvalidInputException e) {
            refused++;
          } catch (RuntimeException e) {
            throw new IllegalStateException(new String(bytes, StandardCharsets.UTF_8), e);
          }
        }
      }
      System.out.println("refused " + refused + ", read " + read);
    }

    private static void encodeOrRefuse(Tokenizer tokenizer, String text) {
      try {
        tokenizer.encode(text, text, 0, 64);
      } catch (InvalidInputException e) {
        // Without a token for unknown words this is right.
        if (!e.reason().equals("WORD_UNKNOWN") && !e.reason().equals("TEXT_NOT_ENCODABLE")) {
          throw new IllegalStateException(e);
        }
      }
    }

    private static Tokenizer open(byte[] tokenizerJson) {
      boolean bytes = new String(tokenizerJson, StandardCharsets.UTF_8).contains("<mask>");
      Family family = bytes ? Family.ROBERTA : Family.BERT;
      return new SubwordTokenizer(
          new TokenizerFiles(Map.of("tokenizer.json", tokenizerJson), family).definition());
    }

    /** One for each component, and chains of all. */
    private static List<ObjectNode> accepted() throws IOException {
      List<ObjectNode> all = new ArrayList<>();
      String chain =
          "{'type': 'NFKD'}, {'type': 'StripAccents'}, {'type': 'Lowercase'}, {'type': 'NFKC'}";
      for (String normalizer :
          List.of(
              "null",
              "{'type': 'NFC'}",
              "{'type': 'NFKD'}",
              "{'type': 'BertNormalizer'}",
              "{'type': 'Sequence', 'normalizers': ["
                  + chain
                  + ", "
                  + chain
                  + ", {'type': 'BertNormalizer'}]}")) {
        for (String preTokenizer :
            List.of(
                "null",
                "{'type': 'BertPreTokenizer'}",
                "{'type': 'Sequence', 'pretokenizers': [{'type': 'Whitespace'}, {'type': 'Punctuation'}, {'type': 'WhitespaceSplit'}]}")) {
          ObjectNode json = TokenizerDefinitionTest.wordPieces();
          json.set("normalizer", read(normalizer));
          json.set("pre_tokenizer", read(preTokenizer));
          ((ObjectNode) json.get("model")).put("max_input_chars_per_word", 200);
          ((ObjectNode) json.get("model").get("vocab")).put("##a", 10).put("a", 11);
          all.add(json);
        }
      }
      all.add(bytePairs());
      ObjectNode whole = bytePairs();
      whole.set("pre_tokenizer", read("{'type': 'ByteLevel', 'use_regex': false}"));
      all.add(whole);
      ObjectNode split = bytePairs();
      split.set(
          "pre_tokenizer",
          read(
              "{'type': 'Sequence', 'pretokenizers': [{'type': 'Whitespace'}, {'type': 'ByteLevel'}]}"));
      split.set("normalizer", read("{'type': 'NFKD'}"));
      all.add(split);
      return all;
    }

    private static com.fasterxml.jackson.databind.JsonNode read(String json) throws IOException {
      return TokenizerDefinitionTest.JSON.readTree(json.replace('\'', '"'));
    }

    /** Bytes as tokens, and merges of the letter a. */
    private static ObjectNode bytePairs() {
      ObjectNode root = TokenizerDefinitionTest.JSON.createObjectNode();
      var vocab = TokenizerDefinitionTest.JSON.createObjectNode();
      for (String special : List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>")) {
        vocab.put(special, vocab.size());
      }
      for (char symbol : NaiveBytePairs.BYTES) {
        vocab.put(String.valueOf(symbol), vocab.size());
      }
      root.putArray("added_tokens");
      root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false);
      ObjectNode model = root.putObject("model").put("type", "BPE");
      var merges = model.putArray("merges");
      for (String piece = "a"; piece.length() < 64; piece += piece) {
        merges.add(piece + " " + piece);
        vocab.put(piece + piece, vocab.size());
      }
      model.set("vocab", vocab);
      return root;
    }

    private static List<String> shortTexts() {
      return List.of(
          "the cats, the cafés [SEP] <mask>  a aa aaa",
          "\u0000\u0001\uFFFD\uD800 \uDC00\u0301\u0301",
          "\uFDFA\uFDFA \uD83D\uDC68\u200D\uD83D\uDC69 \u4E2D\u6587\u0130\u1E9E",
          " \t\r\n\u00A0\u2028\u3000");
    }

    private static List<String> oddTexts() {
      int length = 20_000;
      List<String> texts = new ArrayList<>(shortTexts());
      texts.addAll(
          List.of(
              "a".repeat(length),
              "a ".repeat(length / 2),
              " ".repeat(length),
              " ".repeat(length) + "a",
              "\u0301".repeat(length),
              "a" + "\u0315\u0300\u05AE\u0301".repeat(length / 4),
              "\uFDFA".repeat(length / 10),
              "\uD800".repeat(length / 10),
              ",".repeat(length),
              "[SEP]".repeat(length / 5),
              "[".repeat(length),
              "'".repeat(length),
              "\u0000".repeat(length),
              "\uD83D\uDE00".repeat(length / 2)));
      return texts;
    }
  }
}
