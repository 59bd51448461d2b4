package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Small checkpoints to be put. */
final class Prepared {
  private Prepared() {}

  /** Weights of their own for each seed. */
  static ParameterVector weights(long seed) {
    var config =
        new EncoderConfig(
            Family.BERT, 11, 8, 1, 2, 12, 10, 2, 1e-12, Activation.GELU, 0, .1, .1, .1);
    var architecture = new Architecture(config, Head.CLASSIFICATION, List.of("no", "yes"));
    return ParameterVector.random(ParameterLayout.of(architecture), .1, seed);
  }

  /** A Hugging Face directory below another. */
  static Path directory(Path parent, long seed) throws IOException {
    Path directory = parent.resolve("prepared-" + UUID.randomUUID());
    try (ParameterVector weights = weights(seed)) {
      HuggingFaceCheckpoint.write(directory, weights);
    }
    Files.writeString(directory.resolve("vocab.txt"), "[PAD]\n");
    return directory;
  }
}
