package dev.watershed.analysis.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;

/** How many examples a wanted precision takes. */
public final class SamplePlan {
  /** Fewer examples have intervals that cover too little. */
  public static final int LEAST_EXAMPLES = 64;

  private static final NormalDistribution NORMAL = new NormalDistribution();

  private SamplePlan() {}

  /**
   * Returns about how many examples make an interval's half width as wanted: it shrinks with the
   * root of the examples. Of pilots of 256 examples a tenth say less than half of what is needed,
   * so ask for 1.3 times as many and plan again after half. It is right for gaps that are not near
   * 0.
   *
   * @param pilotExamples at least 1
   * @param pilotHalfWidth above 0
   * @param wantedHalfWidth above 0
   */
  public static long examples(int pilotExamples, double pilotHalfWidth, double wantedHalfWidth) {
    double ratio = pilotHalfWidth / wantedHalfWidth;
    return Math.max(LEAST_EXAMPLES, (long) Math.ceil(pilotExamples * ratio * ratio));
  }

  /**
   * Returns how many examples show that two models' accuracies differ (McNemar; Card et al., 2020).
   *
   * @param difference of the accuracies, not 0
   * @param disagreement share of the examples on which one is right and the other wrong, at least
   *     the size of the difference
   * @param power probability of showing it
   * @param level two-sided, such as .05
   */
  public static long examplesForAccuracies(
      double difference, double disagreement, double power, double level) {
    double z = NORMAL.inverseCumulativeProbability(1 - level / 2);
    double zPower = NORMAL.inverseCumulativeProbability(power);
    double root =
        z * Math.sqrt(disagreement) + zPower * Math.sqrt(disagreement - difference * difference);
    return (long) Math.ceil(root * root / (difference * difference));
  }
}
