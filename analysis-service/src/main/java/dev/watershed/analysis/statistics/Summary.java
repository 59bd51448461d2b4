package dev.watershed.analysis.statistics;

import java.util.Arrays;
import org.hipparchus.stat.StatUtils;

/**
 * Moments of some values, as the papers' tables give them. Everything is NaN for no values or where
 * one of them is NaN.
 *
 * @param mean arithmetic mean
 * @param populationStandardDeviation root mean square deviation from the mean (divided by n)
 * @param minimum least value
 * @param maximum greatest value
 * @param count how many values
 */
public record Summary(
    double mean, double populationStandardDeviation, double minimum, double maximum, int count) {

  public static Summary of(double... values) {
    if (values.length == 0 || Arrays.stream(values).anyMatch(Double::isNaN)) {
      return new Summary(Double.NaN, Double.NaN, Double.NaN, Double.NaN, values.length);
    }
    return new Summary(
        StatUtils.mean(values),
        Math.sqrt(StatUtils.populationVariance(values)),
        StatUtils.min(values),
        StatUtils.max(values),
        values.length);
  }

  /** Root mean square deviation from the mean, divided by n - 1; NaN for fewer than two values. */
  public double sampleStandardDeviation() {
    return count < 2 ? Double.NaN : populationStandardDeviation * Math.sqrt(count / (count - 1.0));
  }

  /**
   * Returns the middle value, or the mean of the middle two; infinities count as extremes. NaN for
   * no values or where one of them is NaN.
   */
  public static double median(double... values) {
    if (values.length == 0 || Arrays.stream(values).anyMatch(Double::isNaN)) {
      return Double.NaN;
    }
    var sorted = Arrays.stream(values).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : sorted[middle - 1] / 2 + sorted[middle] / 2;
  }
}
