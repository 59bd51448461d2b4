package dev.watershed.classifier.data;

/**
 * Which examples each step of a training run sees: a function of the step and of nothing that came
 * before, so a run resumes at any step. Not thread-safe.
 */
public interface BatchOrder {
  /**
   * Returns the indices of the examples of one step.
   *
   * @param step counted from 0 over all epochs
   * @throws IllegalArgumentException if the step is negative
   */
  int[] batch(long step);

  /** Returns how many steps so many epochs make; 0 where they do not fill a batch. */
  long steps(long epochs);
}
