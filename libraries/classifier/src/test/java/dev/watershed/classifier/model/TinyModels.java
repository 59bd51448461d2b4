package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Encoders small enough to compute by hand. */
public final class TinyModels {
  static final int VOCABULARY = 23;

  private TinyModels() {}

  public static EncoderConfig config(Family family, Activation activation) {
    boolean bert = family == Family.BERT;
    return new EncoderConfig(
        family,
        VOCABULARY,
        16,
        2,
        4,
        24,
        14,
        bert ? 2 : 1,
        bert ? 1e-12 : 1e-5,
        activation,
        bert ? 0 : 1,
        .1,
        .1,
        .1);
  }

  /** Wide enough that the machine's own choice is oneDNN, where it has that. */
  public static EncoderConfig wideConfig(Family family) {
    boolean bert = family == Family.BERT;
    return new EncoderConfig(
        family, 50, 192, 3, 4, 384, 34, bert ? 2 : 1, 1e-5, Activation.GELU, bert ? 0 : 1, 0, 0, 0);
  }

  public static Architecture classifier(Family family) {
    return new Architecture(
        config(family, Activation.GELU), Head.CLASSIFICATION, List.of("no", "yes", "maybe"));
  }

  public static ParameterVector weights(Architecture architecture, long seed) {
    return ParameterVector.random(ParameterLayout.of(architecture), .3, seed);
  }

  /** Examples of 3 to 12 tokens with labels below 3, none of them the padding token. */
  public static List<EncodedExample> examples(Family family, int count, long seed) {
    var random = new Random(seed);
    var examples = new ArrayList<EncodedExample>();
    for (int i = 0; i < count; i++) {
      var ids = new int[3 + random.nextInt(10)];
      var types = new int[ids.length];
      for (int t = 0; t < ids.length; t++) {
        ids[t] = 2 + random.nextInt(VOCABULARY - 2);
        types[t] = family == Family.BERT && 2 * t > ids.length ? 1 : 0;
      }
      examples.add(new EncodedExample(ids, types, random.nextInt(3), false));
    }
    return examples;
  }

  /** Predicts the first token and about a quarter of the others. */
  public static TrainingBatch maskedBatch(Family family, int count, long seed) {
    var random = new Random(seed);
    List<EncodedExample> examples = examples(family, count, seed);
    var labels = new int[count][];
    for (int i = 0; i < count; i++) {
      labels[i] = new int[examples.get(i).length()];
      for (int t = 0; t < labels[i].length; t++) {
        boolean predicted = t == 0 || random.nextInt(4) == 0;
        labels[i][t] = predicted ? 2 + random.nextInt(VOCABULARY - 2) : TrainingBatch.IGNORED;
      }
    }
    return new TrainingBatch(examples, labels);
  }
}
