package dev.watershed.classifier.data;

import org.jspecify.annotations.Nullable;

/**
 * A fixed choice of rows.
 *
 * @param size number of examples; 0 for the whole split
 * @param seed draws that many rows without replacement; null takes the first rows
 * @param maxTokens longer inputs are truncated; 0 for 128 or the model's limit, whichever is
 *     smaller
 */
public record SampleSpec(String name, Split split, int size, @Nullable Long seed, int maxTokens) {}
