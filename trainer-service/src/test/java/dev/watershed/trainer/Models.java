package dev.watershed.trainer;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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
      tokenizer.copyTo(tokenizerFiles);
      try (var weights = ParameterVector.random(layout, .1, seed);
          var files = Files.list(tokenizerFiles)) {
        HuggingFaceCheckpoint.write(directory, weights, files.toArray(Path[]::new));
      }
    }
  }
}
