package dev.watershed.analysis.cluster;

import java.util.List;
import java.util.OptionalInt;

/**
 * How often {@link BasinVerdict} says what is true, of simulated models: what can be hoped for
 * before any are trained. Each rate is of 16 to 80 matrices, so that it may be off by .05 to .12.
 *
 * @param models simulated
 * @param even two clusters of as many models: share found
 * @param uneven two clusters of 88 and 12 %: share found
 * @param three three clusters: share found
 * @param near two clusters of 60 and 40 %, closer together: share found
 * @param falseSplit a broad cloud in two dimensions: share called split
 * @param falseSplitOfDisc a uniform disc, which it was not calibrated on: share called split
 */
public record VerdictRates(
    int models,
    double even,
    double uneven,
    double three,
    double near,
    double falseSplit,
    double falseSplitOfDisc) {
  /** By models. */
  public static final List<VerdictRates> SIMULATED =
      List.of(
          new VerdictRates(8, .47, .51, 0, .16, .04, .09),
          new VerdictRates(16, .75, .74, .72, .21, .03, .12),
          new VerdictRates(48, .98, .98, .98, .42, .06, .36),
          new VerdictRates(100, 1, 1, 1, .44, 0, .25));

  /**
   * Returns how many models have a split called if their separation is as large as this and their
   * silhouette suffices; empty where no number of models has.
   */
  public static OptionalInt modelsNeeded(double separation) {
    if (!(separation > BasinVerdict.LEAST_SEPARATION)) {
      return OptionalInt.empty();
    }
    // Two clusters of two, the least that are any.
    int models = 4;
    while (separation < BasinVerdict.separationNeeded(models)) {
      models++;
    }
    return OptionalInt.of(models);
  }
}
