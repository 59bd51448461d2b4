package dev.watershed.cli;

import dev.watershed.trainer.v1.RandomInitialization;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The shape and the seed of random weights to begin with. */
final class RandomOptions {
  @Option(
      names = "--random",
      paramLabel = "FAMILY",
      description = "Begin with random weights of this family, bert or roberta.")
  @Nullable String family;

  @Option(
      names = "--tokenizer",
      paramLabel = "NAME|PATH",
      description =
          "builtin:miniature, or a vocab.txt or tokenizer.json below a data root of the server.")
  @Nullable String tokenizer;

  @Option(names = "--layers", description = "Encoder layers. Default: 2.", defaultValue = "2")
  int layers;

  @Option(names = "--hidden-size", description = "Width. Default: 64.", defaultValue = "64")
  int hiddenSize;

  @Option(names = "--heads", description = "Attention heads. Default: 4.", defaultValue = "4")
  int heads;

  @Option(
      names = "--intermediate-size",
      description = "Width of the feed-forward layer. Default: four times the width.")
  @Nullable Integer intermediateSize;

  @Option(
      names = "--positions",
      description = "Learned positions. Default: 128.",
      defaultValue = "128")
  int positions;

  @Option(
      names = "--init-std",
      paramLabel = "STD",
      description = "Standard deviation of weights and embeddings. Default: 0.02.",
      defaultValue = "0.02")
  double standardDeviation;

  @Option(names = "--init-seed", paramLabel = "SEED", description = "Seed of the random weights.")
  @Nullable Long seed;

  boolean wanted() {
    return family != null;
  }

  RandomInitialization initialization(Path workingDirectory) {
    if (tokenizer == null) {
      throw CommandException.badInput("--random needs --tokenizer builtin:miniature or a file");
    }
    if (seed == null) {
      throw CommandException.badInput("--random needs --init-seed: there is no default randomness");
    }
    RandomInitialization.Builder random =
        RandomInitialization.newBuilder()
            .setFamily(String.valueOf(family))
            .setLayerCount(layers)
            .setHiddenSize(hiddenSize)
            .setAttentionHeadCount(heads)
            .setIntermediateSize(intermediateSize != null ? intermediateSize : 4 * hiddenSize)
            .setMaxPositions(positions)
            .setStandardDeviation(standardDeviation)
            .setSeed(seed);
    if (tokenizer.startsWith("builtin:")) {
      return random.setBuiltinTokenizer(tokenizer.substring("builtin:".length())).build();
    }
    Path here = workingDirectory.resolve(tokenizer.replaceFirst("^file:", ""));
    return random
        .setTokenizerUri(Files.exists(here) ? here.normalize().toString() : tokenizer)
        .build();
  }
}
