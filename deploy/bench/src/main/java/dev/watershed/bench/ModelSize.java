package dev.watershed.bench;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.util.List;
import java.util.Locale;

/** The shapes that are measured: three classes over a BERT encoder. */
public enum ModelSize {
  /** The built-in miniature's, with the positions of the others so that all read the same texts. */
  MINI(43, 64, 2, 4),
  /** BERT-base, uncased. */
  BASE(30_522, 768, 12, 12),
  /** BERT-large, uncased. */
  LARGE(30_522, 1024, 24, 16);

  /** The reference protocol pads to so many. */
  static final int POSITIONS = 512;

  static final List<String> LABELS = List.of("entailment", "neutral", "contradiction");
  private static final double DROPOUT = .1;
  private static final double STANDARD_DEVIATION = .02;

  private final int vocabulary;
  private final int width;
  private final int layers;
  private final int heads;

  ModelSize(int vocabulary, int width, int layers, int heads) {
    this.vocabulary = vocabulary;
    this.width = width;
    this.layers = layers;
    this.heads = heads;
  }

  Architecture architecture() {
    return new Architecture(
        new EncoderConfig(
            Family.BERT,
            vocabulary,
            width,
            layers,
            heads,
            4 * width,
            POSITIONS,
            2,
            1e-12,
            Activation.GELU,
            0,
            DROPOUT,
            DROPOUT,
            DROPOUT),
        Head.CLASSIFICATION,
        LABELS);
  }

  /** Number of fp32 parameters. */
  long parameterCount() {
    return ParameterLayout.of(architecture()).size();
  }

  /** Random weights as BERT draws them, in native memory; the caller closes them. */
  ParameterVector weights(long seed) {
    return ParameterVector.random(ParameterLayout.of(architecture()), STANDARD_DEVIATION, seed);
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
