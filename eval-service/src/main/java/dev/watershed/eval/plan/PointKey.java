package dev.watershed.eval.plan;

import dev.watershed.classifier.data.LabelRule;
import dev.watershed.classifier.model.ComputePrecision;
import org.jspecify.annotations.Nullable;

/**
 * Names one point by everything its scores depend on; equal keys, equal bits.
 *
 * @param weights the combination, its models named by content
 * @param sample the SHA-256 of the sample's digest: its tokens and labels
 * @param mapping from the data's labels to the model's; null maps by name
 * @param positiveLabel what F1 is of; empty where it is the mean over all labels
 * @param precision of the forward pass
 */
public record PointKey(
    AffineCombination weights,
    String sample,
    @Nullable LabelRule mapping,
    String positiveLabel,
    ComputePrecision precision) {}
