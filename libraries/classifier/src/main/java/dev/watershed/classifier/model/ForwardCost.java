package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;

/** What one forward pass of a classifier costs, counted from its shapes. */
public final class ForwardCost {
  private ForwardCost() {}

  /**
   * Floating-point operations of the matrix products of one batch, padding included; a
   * multiplication and an addition are two. With hidden width {@code h}, intermediate width {@code
   * i} and {@code T = examples * length} tokens:
   *
   * <ul>
   *   <li>a layer: {@code 2 T (4 h^2 + 2 h i)} for query, key, value, output and the two
   *       feed-forward products, and {@code 4 T length h} for scores and sums of values;
   *   <li>the last layer: keys and values of all tokens, {@code 2 T (2 h^2)}, and all else for the
   *       first token of each example alone;
   *   <li>the head: {@code 2 h^2} for BERT's pooler or RoBERTa's dense layer and {@code 2 h labels}
   *       an example.
   * </ul>
   */
  public static double floatingPointOperations(
      Architecture architecture, int examples, int length) {
    EncoderConfig config = architecture.encoder();
    double h = config.hiddenSize();
    double i = config.intermediateSize();
    double tokens = (double) examples * length;
    double layer = 2 * tokens * (4 * h * h + 2 * h * i) + 4 * tokens * length * h;
    double last =
        2 * tokens * 2 * h * h + 2 * examples * (2 * h * h + 2 * h * i) + 4.0 * tokens * h;
    double head = 2 * examples * (h * h + h * architecture.labels().size());
    return (config.layerCount() - 1) * layer + last + head;
  }
}
