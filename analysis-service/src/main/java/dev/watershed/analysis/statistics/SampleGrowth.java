package dev.watershed.analysis.statistics;

/**
 * How a sample grows until intervals are as narrow as asked: to what their width says, but by a
 * half at least, so that intervals are looked at seldom, and to four times at most, since a small
 * sample says little of how much it takes.
 *
 * @param halfWidth wanted, above 0
 * @param mostExamples it may have
 */
public record SampleGrowth(double halfWidth, int mostExamples) {
  private static final double LEAST_FACTOR = 1.5;
  private static final double MOST_FACTOR = 4;

  /** Whether intervals are as narrow as asked. */
  public boolean reached(double widest) {
    return widest <= halfWidth;
  }

  /**
   * Returns how many examples there shall be next in all; as many as there are where the growth
   * ends.
   *
   * @param examples there are
   * @param widest half the width of the widest interval over them; NaN where there is none
   */
  public int next(int examples, double widest) {
    if (reached(widest) || Double.isNaN(widest) || examples >= mostExamples) {
      return examples;
    }
    long needed = SamplePlan.examples(examples, widest, halfWidth);
    return (int)
        Math.min(
            mostExamples, Math.clamp(needed, least(examples), (long) (MOST_FACTOR * examples)));
  }

  /** Returns into how many blocks a sample that begins with so many examples may come at most. */
  public int mostBlocks(int firstExamples) {
    int blocks = 1;
    for (long examples = firstExamples; examples < mostExamples; examples = least(examples)) {
      blocks++;
    }
    return blocks;
  }

  private static long least(long examples) {
    return (long) Math.ceil(LEAST_FACTOR * examples);
  }
}
