package dev.watershed.classifier.checkpoint;

/** How the matrices of a head that is drawn begin; biases begin with zero. */
public enum HeadInitialization {
  /** Normal, standard deviation .02. */
  NORMAL,
  /** Normal, standard deviation .02, drawn anew beyond two of them. */
  TRUNCATED_NORMAL,
  /**
   * Truncated likewise, its own standard deviation 1 / sqrt(inputs); a pooler, which is no dense
   * layer on top of the model, begins as {@link #NORMAL}.
   */
  LECUN_NORMAL
}
