package dev.watershed.analysis.statistics;

import java.util.Arrays;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.hipparchus.distribution.discrete.BinomialDistribution;

/**
 * How well distances at one time tell the two clusters of another: each model is taken for the
 * cluster to whose other members it is nearer on average. Predictions share models, so that
 * interval and p are approximate.
 *
 * @param predicted (n) 0 or 1; ties 0; -1 for a model of neither
 * @param margin (n) towards 0, in [-1, 1]; NaN where there is no distance
 * @param right models predicted right
 * @param count models that are of either cluster
 * @param accuracy right over count
 * @param interval of the accuracy, 95 % (Wilson, 1927)
 * @param majorityAccuracy of saying the larger cluster always
 * @param pBetterThanMajority one-sided, of as many right by chance with the majority's accuracy
 * @param balancedAccuracy mean over clusters of the share predicted right
 */
public record Forecast(
    int[] predicted,
    double[] margin,
    int right,
    int count,
    double accuracy,
    Interval interval,
    double majorityAccuracy,
    double pBetterThanMajority,
    double balancedAccuracy) {

  /**
   * @param distances (n, n) at the early time
   * @param assignments (n) 0 or 1 at the late time; anything else takes no part
   */
  public static Forecast of(double[][] distances, int[] assignments) {
    int n = assignments.length;
    var predicted = new int[n];
    var margin = new double[n];
    Arrays.fill(predicted, -1);
    Arrays.fill(margin, Double.NaN);
    var members = new int[2];
    var rightOf = new int[2];
    for (int i = 0; i < n; i++) {
      if (assignments[i] != 0 && assignments[i] != 1) {
        continue;
      }
      double m0 = mean(distances[i], assignments, i, 0);
      double m1 = mean(distances[i], assignments, i, 1);
      // A cluster of nobody else is the farther one.
      predicted[i] = Double.isNaN(m0) || m1 < m0 ? 1 : 0;
      margin[i] = m0 + m1 == 0 ? 0 : (m1 - m0) / (m0 + m1);
      members[assignments[i]]++;
      rightOf[assignments[i]] += predicted[i] == assignments[i] ? 1 : 0;
    }
    int count = members[0] + members[1];
    int right = rightOf[0] + rightOf[1];
    double majority = (double) Math.max(members[0], members[1]) / count;
    double p =
        count == 0 || right == 0
            ? count == 0 ? Double.NaN : 1
            : 1 - new BinomialDistribution(count, majority).cumulativeProbability(right - 1);
    return new Forecast(
        predicted,
        margin,
        right,
        count,
        (double) right / count,
        wilson(right, count),
        majority,
        p,
        ((double) rightOf[0] / members[0] + (double) rightOf[1] / members[1]) / 2);
  }

  private static double mean(double[] row, int[] assignments, int self, int cluster) {
    double sum = 0;
    int count = 0;
    for (int j = 0; j < row.length; j++) {
      if (j != self && assignments[j] == cluster) {
        sum += row[j];
        count++;
      }
    }
    return sum / count;
  }

  /** Returns Wilson's interval of 95 % of a share; unknown of nothing. */
  public static Interval wilson(int right, int count) {
    if (count == 0) {
      return Interval.UNKNOWN;
    }
    double z = new NormalDistribution().inverseCumulativeProbability((1 + Interval.LEVEL) / 2);
    double share = (double) right / count;
    double widened = 1 + z * z / count;
    double centre = (share + z * z / (2 * count)) / widened;
    double half =
        z * Math.sqrt(share * (1 - share) / count + z * z / (4.0 * count * count)) / widened;
    return new Interval(Math.max(0, centre - half), Math.min(1, centre + half));
  }
}
