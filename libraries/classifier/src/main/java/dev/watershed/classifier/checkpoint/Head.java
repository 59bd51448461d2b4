package dev.watershed.classifier.checkpoint;

/** What stands on top of the encoder. */
public enum Head {
  NONE,
  /** Sequence classification on the first token. */
  CLASSIFICATION,
  /** Masked language modelling; the decoder's matrix is the word embedding (tied). */
  MASKED_LANGUAGE_MODEL
}
