package dev.watershed.classifier.model;

/** Arithmetic of passes; combinations of weights and the optimiser are fp32 always. */
public enum ComputePrecision {
  /** IEEE single precision. */
  FP32,
  /** bfloat16 in the encoder's layers; embeddings, head and loss are fp32. */
  BF16
}
