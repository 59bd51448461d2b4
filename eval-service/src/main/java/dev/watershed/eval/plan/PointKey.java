package dev.watershed.eval.plan;

import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.Precision;

/**
 * Names one point by everything its scores depend on; equal keys, equal bits.
 *
 * @param weights the combination, its models named by content
 * @param sample the SHA-256 of the sample's digest: its tokens and labels
 * @param mapping from the data's labels to the model's; the default instance maps by name
 * @param positiveLabel what F1 is of; empty where it is the mean over all labels
 * @param precision of the forward pass
 */
public record PointKey(
    AffineCombination weights,
    String sample,
    LabelMapping mapping,
    String positiveLabel,
    Precision precision) {}
