package dev.watershed.trainer;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.Safetensors;
import dev.watershed.classifier.checkpoint.Safetensors.Content;
import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.text.Tokenizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Hugging Face directories of tiny random classifiers for the miniature's words. */
public final class Models {
  private Models() {}

  /** Writes one with the labels "no" and "yes". */
  public static void write(Path directory, long seed) throws IOException {
    Torch.initialize(1);
    Files.createDirectories(directory);
    var tokenizerFiles = Files.createTempDirectory("tokenizer");
    try (var tokenizer = Tokenizers.miniature()) {
      var encoder =
          new EncoderConfig(
              Family.BERT,
              tokenizer.vocabularySize(),
              16,
              1,
              2,
              32,
              40,
              2,
              1e-12,
              Activation.GELU,
              tokenizer.padTokenId(),
              0,
              0,
              0);
      var layout =
          ParameterLayout.of(new Architecture(encoder, Head.CLASSIFICATION, List.of("no", "yes")));
      tokenizer.copyTo(tokenizerFiles, encoder.maxTokens());
      try (var weights = ParameterVector.random(layout, .1, seed);
          var files = Files.list(tokenizerFiles)) {
        // As directories of old: the vocabulary alone says what the words are.
        var old = List.of("vocab.txt", "tokenizer_config.json");
        HuggingFaceCheckpoint.write(
            directory,
            weights,
            files.filter(file -> old.contains(file.getFileName().toString())).toArray(Path[]::new));
      }
    }
  }

  /** Replaces a directory's model.safetensors by two shards and their index. */
  public static void split(Path directory) throws IOException {
    var single = directory.resolve("model.safetensors");
    var shards = List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    var map = new ArrayList<String>();
    var contents = List.of(new ArrayList<Content>(), new ArrayList<Content>());
    try (var in = Safetensors.open(single)) {
      for (var tensor : in.tensors().values()) {
        var bytes = ByteBuffer.allocate((int) (tensor.end() - tensor.begin()));
        in.read(tensor, bytes);
        int shard = map.size() % 2;
        contents.get(shard).add(new Content(tensor.name(), tensor.shape(), bytes));
        map.add("\"%s\": \"%s\"".formatted(tensor.name(), shards.get(shard)));
      }
    }
    for (int i = 0; i < 2; i++) {
      Safetensors.write(directory.resolve(shards.get(i)), Map.of(), contents.get(i));
    }
    Files.writeString(
        directory.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {" + String.join(", ", map) + "}}");
    Files.delete(single);
  }

  /**
   * Writes vocab.json and merges.txt of a tokenizer with a token for each byte, and one for "he".
   */
  public static void writeBytePairs(Path directory) throws IOException {
    Files.createDirectories(directory);
    var tokens = new ArrayList<>(List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>", "he"));
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      tokens.add(String.valueOf((char) (prints ? b : next++)));
    }
    var ids = new ArrayList<String>();
    for (var token : tokens) {
      var escaped = token.replace("\\", "\\\\").replace("\"", "\\\"");
      ids.add(String.format(Locale.ROOT, "\"%s\": %d", escaped, ids.size()));
    }
    Files.writeString(directory.resolve("vocab.json"), "{" + String.join(", ", ids) + "}");
    Files.writeString(directory.resolve("merges.txt"), "#version: 0.2\nh e\n");
  }
}
