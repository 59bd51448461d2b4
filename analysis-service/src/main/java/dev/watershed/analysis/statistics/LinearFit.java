package dev.watershed.analysis.statistics;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Arrays;
import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.correlation.SpearmansCorrelation;
import org.hipparchus.stat.regression.SimpleRegression;

/**
 * The least-squares line of y on x, and how x and y correlate. What is not defined is NaN: all but
 * the count for fewer than two points or a value that is not finite (no point is dropped silently);
 * all but the count where x is constant; the correlations where y is.
 *
 * @param slope units of y per unit of x
 * @param intercept y at x = 0
 * @param pearsonR Pearson's r, in [-1, 1]
 * @param pearsonP two-sided p of r if x and y were independent and normal (Student's t, n - 2
 *     degrees of freedom); 1 for two points, which always lie on a line
 * @param spearmanRho Spearman's rho: Pearson's r of ranks, ties having their average rank
 * @param rSquared share of the variance of y that the line explains
 * @param pointCount n
 */
public record LinearFit(
    double slope,
    double intercept,
    double pearsonR,
    double pearsonP,
    double spearmanRho,
    double rSquared,
    int pointCount) {

  /**
   * @param x any length
   * @param y as long as x
   * @throws UnusableNumbersException naming {@code y} where the lengths differ
   */
  public static LinearFit of(double[] x, double[] y) {
    if (x.length != y.length) {
      throw new UnusableNumbersException(
          "COUNTS_UNEQUAL", "y", x.length + " values of x and " + y.length + " of y; pair them.");
    }
    int n = x.length;
    if (n < 2 || !finite(x) || !finite(y) || constant(x)) {
      return undefined(n);
    }
    var regression = new SimpleRegression();
    for (int i = 0; i < n; i++) {
      regression.addData(x[i], y[i]);
    }
    if (constant(y)) {
      return new LinearFit(0, y[0], Double.NaN, Double.NaN, Double.NaN, Double.NaN, n);
    }
    double r = Math.clamp(regression.getR(), -1, 1);
    double rho = Math.clamp(new SpearmansCorrelation().correlation(x, y), -1, 1);
    return new LinearFit(
        regression.getSlope(), regression.getIntercept(), r, pValue(r, n), rho, r * r, n);
  }

  private static LinearFit undefined(int n) {
    double nan = Double.NaN;
    return new LinearFit(nan, nan, nan, nan, nan, nan, n);
  }

  private static double pValue(double r, int n) {
    if (n == 2) {
      return 1;
    }
    double unexplained = (1 - r) * (1 + r);
    if (unexplained == 0) {
      return 0;
    }
    double t = Math.abs(r) * Math.sqrt((n - 2) / unexplained);
    return 2 * new TDistribution(n - 2).cumulativeProbability(-t);
  }

  private static boolean finite(double[] values) {
    return Arrays.stream(values).allMatch(Double::isFinite);
  }

  private static boolean constant(double[] values) {
    return Arrays.stream(values).allMatch(value -> value == values[0]);
  }
}
