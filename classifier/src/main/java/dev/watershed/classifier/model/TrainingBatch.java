package dev.watershed.classifier.model;

import dev.watershed.classifier.text.EncodedExample;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Examples of one step.
 *
 * @param maskedLabels for masked language modelling, {@code (example, token)}: the original id
 *     where it is to be predicted, {@link #IGNORED} elsewhere; null for classification
 */
@SuppressWarnings("ArrayRecordComponent") // Made for one step and thrown away.
public record TrainingBatch(List<EncodedExample> examples, int @Nullable [][] maskedLabels) {
  /** Marks a token that is not predicted. */
  public static final int IGNORED = -100;
}
