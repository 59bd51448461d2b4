package dev.watershed.eval.engine;

import dev.watershed.classifier.model.ClassificationScores;
import org.jspecify.annotations.Nullable;

/**
 * The scores of one combination of weights on one sample.
 *
 * @param scores over the whole sample
 * @param exampleLossesNats each example's loss {@code (example)} in the sample's order, where asked
 *     for
 * @param exampleProbabilities of the data's labels {@code (example, label)}, row-major, where asked
 *     for
 * @param cached whether it was known already
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by agreement, and shared by the cache.
public record Point(
    ClassificationScores scores,
    double @Nullable [] exampleLossesNats,
    float @Nullable [] exampleProbabilities,
    boolean cached) {

  /** Whether this has all that is wanted. */
  boolean has(ExampleDetails wanted) {
    return (exampleLossesNats != null || !wanted.losses())
        && (exampleProbabilities != null || !wanted.probabilities());
  }
}
