package dev.watershed.bench;

import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.text.EncodedExample;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Made-up pairs of sentences, already tokens. */
final class RandomSentences {
  static final int SHORTEST = 10;
  static final int LONGEST = 128;

  /**
   * Logarithm of the median length and its deviation: lengths of pairs of the MNLI development
   * sets, special tokens included, average about 40 tokens and spread about 18.
   */
  private static final double LOG_MEDIAN = 3.6;

  private static final double LOG_DEVIATION = .43;
  private static final int FIRST_WORD = 3;

  private RandomSentences() {}

  /** Lengths log-normal within 10 to 128 tokens, labels random; equal seeds give equal rows. */
  static List<EncodedExample> ofMnliLengths(ModelSize size, int count, long seed) {
    List<EncodedExample> examples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      RandomGenerator random = RandomStream.of(seed, i);
      double length = Math.exp(LOG_MEDIAN + LOG_DEVIATION * random.nextGaussian());
      examples.add(example(size, (int) Math.clamp(Math.round(length), SHORTEST, LONGEST), random));
    }
    return examples;
  }

  /** All of one length. */
  static List<EncodedExample> ofLength(ModelSize size, int count, int tokens, long seed) {
    List<EncodedExample> examples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      examples.add(example(size, tokens, RandomStream.of(seed, i)));
    }
    return examples;
  }

  private static EncodedExample example(ModelSize size, int tokens, RandomGenerator random) {
    int vocabulary = size.architecture().encoder().vocabularySize();
    int[] ids = new int[tokens];
    int[] types = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      ids[t] = random.nextInt(FIRST_WORD, vocabulary);
      types[t] = 2 * t < tokens ? 0 : 1;
    }
    return new EncodedExample(ids, types, random.nextInt(ModelSize.LABELS.size()), false);
  }

  /** Writes JSON Lines with {@code input_ids}, {@code token_type_ids} and {@code label}. */
  static void write(Path file, List<EncodedExample> examples) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (EncodedExample example : examples) {
        out.write("{\"input_ids\":" + Arrays.toString(example.inputIds()));
        out.write(",\"token_type_ids\":" + Arrays.toString(example.tokenTypeIds()));
        out.write(",\"label\":\"" + ModelSize.LABELS.get(example.label()) + "\"}\n");
      }
    }
  }
}
