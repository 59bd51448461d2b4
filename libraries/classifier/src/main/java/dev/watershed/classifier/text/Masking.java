package dev.watershed.classifier.text;

import static java.util.Objects.requireNonNull;

import dev.watershed.classifier.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Chooses the tokens that masked language modelling predicts (Devlin et al. 2019, section 3.1): of
 * the chosen ones 80% become the mask token, 10% a random word, 10% stay. Special tokens are never
 * chosen and never inserted.
 *
 * <p>What is chosen depends on the seed, the step and the example's position in the batch, not on
 * what was masked before, so a run resumes at any step.
 */
public final class Masking {
  /** The label of a token that is not predicted. */
  public static final int IGNORED = -100;

  private static final double MASK_SHARE = .8;
  private static final double RANDOM_WORD_SHARE = .1;

  private final Tokenizer tokenizer;
  private final double probability;
  private final double pairProbability;
  private final long seed;
  private final int[] words;

  /**
   * @param probability of each word of the first text to be chosen
   * @param pairProbability the same for the second text
   */
  public Masking(Tokenizer tokenizer, double probability, double pairProbability, long seed) {
    this.tokenizer = requireNonNull(tokenizer);
    this.probability = requireProbability(probability);
    this.pairProbability = requireProbability(pairProbability);
    this.seed = seed;
    this.words =
        IntStream.range(0, tokenizer.vocabularySize())
            .filter(id -> !tokenizer.isSpecial(id))
            .toArray();
  }

  /**
   * A masked batch.
   *
   * @param examples the examples with chosen tokens replaced
   * @param labels {@code (example, token)}: the original id where it is to be predicted, else
   *     {@link #IGNORED}
   */
  @SuppressWarnings("ArrayRecordComponent") // Read-only by agreement, like EncodedExample's.
  public record MaskedBatch(List<EncodedExample> examples, int[][] labels) {
    public MaskedBatch {
      examples = List.copyOf(examples);
    }

    /** Number of tokens to be predicted. */
    public int predictedCount() {
      return (int)
          Arrays.stream(labels).flatMapToInt(Arrays::stream).filter(id -> id != IGNORED).count();
    }
  }

  /**
   * Masks the batch of one step. Where chance would choose no word of the whole batch, the one that
   * came nearest is chosen, so that a mean loss exists; a batch without words, or with
   * probabilities of 0, stays as it is and predicts nothing.
   */
  public MaskedBatch apply(List<EncodedExample> batch, long step) {
    List<Draw> draws = new ArrayList<>(batch.size());
    double nearest = Double.POSITIVE_INFINITY;
    for (EncodedExample example : batch) {
      Draw draw = draw(example, RandomStream.of(seed, step, draws.size()));
      nearest = Math.min(nearest, Arrays.stream(draw.ratios()).min().orElseThrow());
      draws.add(draw);
    }
    double limit = nearest < 1 || Double.isInfinite(nearest) ? 1 : Math.nextUp(nearest);

    List<EncodedExample> masked = new ArrayList<>(batch.size());
    int[][] labels = new int[batch.size()][];
    for (int i = 0; i < labels.length; i++) {
      EncodedExample example = batch.get(i);
      int[] ids = example.inputIds().clone();
      labels[i] = new int[ids.length];
      for (int t = 0; t < ids.length; t++) {
        boolean chosen = draws.get(i).ratios()[t] < limit;
        labels[i][t] = chosen ? ids[t] : IGNORED;
        ids[t] = chosen ? replacement(ids[t], draws.get(i).random()) : ids[t];
      }
      masked.add(
          new EncodedExample(ids, example.tokenTypeIds(), example.label(), example.truncated()));
    }
    return new MaskedBatch(masked, labels);
  }

  /**
   * One example's chances: a token is chosen where a uniform number over its probability is less
   * than 1; infinite where it must not be chosen.
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Draw(double[] ratios, RandomGenerator random) {}

  private Draw draw(EncodedExample example, RandomGenerator random) {
    int[] ids = example.inputIds();
    double[] ratios = new double[ids.length];
    boolean second = false;
    for (int t = 0; t < ids.length; t++) {
      // RoBERTa tells its texts apart by the separator alone.
      second |= t > 0 && ids[t - 1] == tokenizer.separatorTokenId();
      double p = second || example.tokenTypeIds()[t] != 0 ? pairProbability : probability;
      double uniform = random.nextDouble();
      ratios[t] = tokenizer.isSpecial(ids[t]) || p == 0 ? Double.POSITIVE_INFINITY : uniform / p;
    }
    return new Draw(ratios, random);
  }

  private int replacement(int original, RandomGenerator random) {
    double uniform = random.nextDouble();
    if (uniform < MASK_SHARE) {
      return tokenizer.maskTokenId();
    }
    return uniform < MASK_SHARE + RANDOM_WORD_SHARE
        ? words[random.nextInt(words.length)]
        : original;
  }

  private static double requireProbability(double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("a probability must be 0 to 1, got " + value);
    }
    return value;
  }
}
