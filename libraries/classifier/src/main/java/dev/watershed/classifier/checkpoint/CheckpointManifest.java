package dev.watershed.classifier.checkpoint;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What the store knows of one checkpoint.
 *
 * @param digest content digest, see {@link ParameterVector#digest()}
 * @param family Hugging Face's {@code model_type}
 * @param labels label names in the order of the logits; empty without a classification head
 * @param parameterCount number of fp32 parameters
 * @param trainingRun resource name of the run that made it; empty where it came from elsewhere
 * @param step optimiser steps done when it was taken
 * @param files digest of each file by name
 * @param notices what was noticed and passed over while reading
 */
public record CheckpointManifest(
    String id,
    Digest digest,
    String family,
    Head head,
    List<String> labels,
    long parameterCount,
    String trainingRun,
    long step,
    Instant createTime,
    Map<String, Digest> files,
    List<String> notices) {
  public CheckpointManifest {
    labels = List.copyOf(labels);
    files = Map.copyOf(files);
    notices = List.copyOf(notices);
  }
}
