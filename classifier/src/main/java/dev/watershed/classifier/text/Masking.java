package dev.watershed.classifier.text;

import java.util.List;

/** Chooses the tokens that masked language modelling predicts. */
public final class Masking {
  /** The label of a token that is not predicted. */
  public static final int IGNORED = -100;

  private final Tokenizer tokenizer;
  private final double probability;
  private final double pairProbability;
  private final long seed;

  public Masking(Tokenizer tokenizer, double probability, double pairProbability, long seed) {
    this.tokenizer = tokenizer;
    this.probability = probability;
    this.pairProbability = pairProbability;
    this.seed = seed;
  }

  /**
   * A masked batch.
   *
   * @param examples the examples with chosen tokens replaced
   * @param labels for each example and token the original id where it is predicted, else {@link
   *     #IGNORED}
   */
  public record MaskedBatch(List<EncodedExample> examples, int[][] labels) {}

  /** Masks the batch of one step; a function of the seed, the step and each example's position. */
  public MaskedBatch apply(List<EncodedExample> batch, long step) {
    throw new UnsupportedOperationException(
        "" + tokenizer + probability + pairProbability + seed + batch + step);
  }
}
