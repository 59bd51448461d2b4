package dev.watershed.analysis.statistics;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.ranking.NaturalRanking;

/**
 * Scores of two groups of models compared, as the papers' Table 1 does, and by effect sizes with
 * intervals. What needs two values in a group is NaN where there are fewer, and so is what divides
 * by a spread that is zero. The groups are given: where they were found in the same data, p values
 * are descriptive.
 *
 * @param first moments of the first group, by custom the larger
 * @param second moments of the second
 * @param difference first mean less second, by Welch's test: unequal variances
 * @param cohenD difference over the pooled sample standard deviation
 * @param hedgesG the same less its bias in small samples (Hedges, 1981)
 * @param hedgesGInterval of 95 %, large-sample
 * @param auc probability that a model of the first scores more than one of the second, ties half
 * @param aucInterval of 95 %, by DeLong et al. (1988) on the logit scale; NaN at 0 and 1, and where
 *     the scores do not vary
 * @param mannWhitneyP two-sided, normal with corrections for ties and continuity
 */
public record GroupComparison(
    Summary first,
    Summary second,
    MeanDifference difference,
    double cohenD,
    double hedgesG,
    Interval hedgesGInterval,
    double auc,
    Interval aucInterval,
    double mannWhitneyP) {
  private static final NormalDistribution NORMAL = new NormalDistribution();
  private static final double Z = NORMAL.inverseCumulativeProbability(1 - (1 - Interval.LEVEL) / 2);

  /** A permutation that moves nothing gives the same difference up to rounding. */
  private static final double ROUNDING = 1e-12;

  /**
   * Two-sided test of a difference of means.
   *
   * @param difference of the means
   * @param standardError of the difference
   * @param degreesOfFreedom of Student's t, after Satterthwaite
   * @param t difference over its error
   * @param p of no difference
   * @param interval of 95 %
   */
  public record MeanDifference(
      double difference,
      double standardError,
      double degreesOfFreedom,
      double t,
      double p,
      Interval interval) {
    /** By variances of the two means, with degrees of freedom of their own. */
    static MeanDifference of(
        double difference, double v1, double degrees1, double v2, double degrees2) {
      double error = Math.sqrt(v1 + v2);
      double degrees = (v1 + v2) * (v1 + v2) / (v1 * v1 / degrees1 + v2 * v2 / degrees2);
      return of(difference, error, degrees);
    }

    /** By the standard error of a difference, or of a mean against 0. */
    public static MeanDifference of(double difference, double error, double degrees) {
      double t = difference / error;
      if (!(degrees > 0) || !Double.isFinite(t)) {
        double nan = Double.NaN;
        return new MeanDifference(difference, error, nan, nan, nan, Interval.UNKNOWN);
      }
      var distribution = new TDistribution(degrees);
      return new MeanDifference(
          difference,
          error,
          degrees,
          t,
          2 * distribution.cumulativeProbability(-Math.abs(t)),
          Interval.around(
              difference,
              error * distribution.inverseCumulativeProbability((1 + Interval.LEVEL) / 2)));
    }
  }

  /**
   * @param first finite, any number
   * @param second finite, any number
   */
  public static GroupComparison of(double[] first, double[] second) {
    var one = Summary.of(first);
    var two = Summary.of(second);
    int n1 = first.length;
    int n2 = second.length;
    int n = n1 + n2;
    double v1 = square(one.sampleStandardDeviation());
    double v2 = square(two.sampleStandardDeviation());
    double difference = one.mean() - two.mean();
    double pooled = Math.sqrt(((n1 - 1) * v1 + (n2 - 1) * v2) / (n - 2));
    double d = pooled == 0 ? Double.NaN : difference / pooled;
    double g = d * (1 - 3 / (4.0 * n - 9));
    double auc = auc(first, second);
    return new GroupComparison(
        one,
        two,
        MeanDifference.of(difference, v1 / n1, n1 - 1, v2 / n2, n2 - 1),
        d,
        g,
        Interval.around(g, Z * Math.sqrt((double) n / n1 / n2 + g * g / (2 * n))),
        auc,
        aucInterval(first, second, auc),
        mannWhitneyP(first, second, auc));
  }

  /** Returns the papers' ratio: the difference over the first group's population deviation. */
  public double differenceOverFirstDeviation() {
    return over(first.mean() - second.mean());
  }

  /** Returns the papers' other ratio: how far the second group's best is below the first's mean. */
  public double distanceToBestOfSecondOverFirstDeviation() {
    return over(first.mean() - second.maximum());
  }

  private double over(double difference) {
    double deviation = first.populationStandardDeviation();
    return deviation == 0 ? Double.NaN : difference / deviation;
  }

  /** Returns Mann and Whitney's U: pairs in which the first group's model scores more. */
  public double u() {
    return auc * first.count() * second.count();
  }

  /**
   * Returns the two-sided p of the difference of means if models were dealt to groups by chance.
   *
   * @param permutation by number from 0; (n1 + n2), where the values of first and then second stand
   */
  static double permutationP(
      double[] first, double[] second, IntFunction<int[]> permutation, int permutations) {
    var all = new double[first.length + second.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    double measured = Math.abs(Summary.of(first).mean() - Summary.of(second).mean());
    double sum = Arrays.stream(all).sum();
    double tolerance = ROUNDING * Math.max(measured, Math.abs(sum) / all.length);
    int hits = 0;
    for (int k = 0; k < permutations; k++) {
      var at = permutation.apply(k);
      double firstSum = 0;
      for (int i = 0; i < first.length; i++) {
        firstSum += all[at[i]];
      }
      double dealt = firstSum / first.length - (sum - firstSum) / second.length;
      // NaN counts as a hit: nothing can be said.
      hits += Math.abs(dealt) < measured - tolerance ? 0 : 1;
    }
    return (1.0 + hits) / (1.0 + permutations);
  }

  /** As the papers' resampling tests: by random permutations that are a function of the seed. */
  public static double permutationP(double[] first, double[] second, int permutations, long seed) {
    if (first.length == 0 || second.length == 0) {
      return Double.NaN;
    }
    int n = first.length + second.length;
    return permutationP(
        first,
        second,
        number -> SplitMix64.permutation(n, SplitMix64.mix(seed) + number * SplitMix64.STEP),
        permutations);
  }

  private static double auc(double[] first, double[] second) {
    double sum = 0;
    for (double one : first) {
      sum += share(one, second);
    }
    return sum / first.length;
  }

  /** The share of others below a value, ties half. */
  private static double share(double value, double[] others) {
    double below = 0;
    for (double other : others) {
      below += other < value ? 1 : other == value ? .5 : 0;
    }
    return below / others.length;
  }

  private static Interval aucInterval(double[] first, double[] second, double auc) {
    var above = Arrays.stream(first).map(value -> share(value, second)).toArray();
    var below = Arrays.stream(second).map(value -> 1 - share(value, first)).toArray();
    double variance =
        square(Summary.of(above).sampleStandardDeviation()) / above.length
            + square(Summary.of(below).sampleStandardDeviation()) / below.length;
    if (!(auc > 0 && auc < 1 && variance > 0)) {
      return Interval.UNKNOWN;
    }
    double logit = Math.log(auc / (1 - auc));
    double half = Z * Math.sqrt(variance) / (auc * (1 - auc));
    return new Interval(logistic(logit - half), logistic(logit + half));
  }

  private static double logistic(double value) {
    return 1 / (1 + Math.exp(-value));
  }

  private static double mannWhitneyP(double[] first, double[] second, double auc) {
    double n1 = first.length;
    double n2 = second.length;
    double n = n1 + n2;
    var all = new double[(int) n];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    // Average ranks lose a twelfth of t^3 - t to each tie of t.
    double ranks = 0;
    for (double rank : new NaturalRanking().rank(all)) {
      ranks += square(rank - (n + 1) / 2);
    }
    double deviation = Math.sqrt(n1 * n2 * ranks / (n * (n - 1)));
    double away = Math.abs(auc - .5) * n1 * n2;
    return deviation == 0
        ? Double.NaN
        : Math.min(1, 2 * NORMAL.cumulativeProbability(-(away - .5) / deviation));
  }

  private static double square(double value) {
    return value * value;
  }
}
