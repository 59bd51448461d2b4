package dev.watershed.classifier.model;

/** What a step changes. */
public enum TrainedPart {
  /** Everything the model reads. */
  ALL,
  /** The classification head; the encoder, and BERT's pooler with it, is frozen. */
  HEAD
}
