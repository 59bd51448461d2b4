package dev.watershed.classifier.model;

/** Arithmetic of training's forward and backward passes; weights and optimiser are fp32 always. */
public enum ComputePrecision {
  /** IEEE single precision. */
  FP32,
  /** bfloat16 in the encoder's layers; embeddings, head and loss are fp32. */
  BF16
}
