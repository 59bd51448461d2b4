package dev.watershed.classifier.model;

import java.util.Locale;

/**
 * What the steps of one stage of a run have in common.
 *
 * @param begin steps of the run before the stage; both moments of AdamW are zero there
 * @param trained what is changed
 * @param clipNorm largest global L2 norm of the gradient of what is trained; 0 for none
 * @param parts a batch is computed in so many parts, one after the other; at most one per example
 */
public record StageSettings(
    long begin, TrainedPart trained, AdamWSettings adamw, double clipNorm, int parts) {
  public StageSettings {
    if (begin < 0 || parts < 1 || !(clipNorm >= 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "begin %d and norm %s must not be negative, %d parts must be one at least",
              begin,
              clipNorm,
              parts));
    }
  }

  /** A run of one stage, a step's batch in one part. */
  public static StageSettings ofWholeRun(AdamWSettings adamw, double clipNorm) {
    return new StageSettings(0, TrainedPart.ALL, adamw, clipNorm, 1);
  }
}
