package dev.watershed.eval.engine;

import dev.watershed.classifier.data.EncodedSample;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.LabelRule;
import org.jspecify.annotations.Nullable;

/**
 * A sample drawn and encoded for the models of one call.
 *
 * @param name the caller's name for it
 * @param encoded its examples as tokens
 * @param mapping what the data's labels mean to the models
 * @param mappingAsked the mapping as the call says it, null for equal names, which names it in
 *     point keys
 * @param preparedBytes what its batches take in native memory
 */
public record MeasuredSample(
    String name,
    EncodedSample encoded,
    LabelMapping mapping,
    @Nullable LabelRule mappingAsked,
    long preparedBytes) {

  /** The right label of each example {@code (example)}, an index into the mapping's labels. */
  int[] labels() {
    return encoded.examples().stream()
        .mapToInt(example -> mapping.place(example.label()))
        .toArray();
  }
}
