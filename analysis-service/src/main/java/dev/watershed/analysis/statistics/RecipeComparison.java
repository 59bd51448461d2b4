package dev.watershed.analysis.statistics;

import dev.watershed.analysis.statistics.GroupComparison.MeanDifference;
import java.util.Locale;
import java.util.OptionalInt;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * Whether one recipe's fine-tunes lie closer together than another's: mean distances over the pairs
 * of two groups of models. The units are models, not pairs; a test over pairs would reject up to
 * ten times too often.
 *
 * @param first of the first group
 * @param second of the second
 * @param difference first less second
 * @param paired whether the groups have the same seeds, so that each pair is compared with its own
 */
public record RecipeComparison(
    PairMeans first, PairMeans second, MeanDifference difference, boolean paired) {
  /** Fewer models have no jackknife. */
  public static final int LEAST_MODELS = 3;

  /** With what probability a planned comparison shall show what is there. */
  public static final double POWER = .8;

  private static final int MOST_PLANNED = 10_000;

  /** Compares groups of unlike models. */
  public static RecipeComparison independent(double[][] first, double[][] second) {
    var one = PairMeans.of(first);
    var two = PairMeans.of(second);
    return new RecipeComparison(one, two, PairMeans.difference(one, two), false);
  }

  /**
   * Compares groups whose models correspond one to one, as those of the same seeds do.
   *
   * @param second of as many models in the same order
   */
  public static RecipeComparison paired(double[][] first, double[][] second) {
    return new RecipeComparison(
        PairMeans.of(first),
        PairMeans.of(second),
        PairMeans.difference(first, second).test(),
        true);
  }

  /** Returns the second mean over the first. */
  public double ratio() {
    return second.mean() / first.mean();
  }

  /** Whether the test tells the difference from 0. */
  public boolean shown() {
    return difference.p() < 1 - Interval.LEVEL;
  }

  /**
   * Returns how many models a group, trained anew, show with probability {@link #POWER} a
   * difference as large as the one seen, if it is the true one; empty where it is 0, unknown or
   * takes more than 10,000. What was seen is a guess of what is true, so that this is one too.
   */
  public OptionalInt modelsNeeded() {
    if (!paired) {
      return modelsNeeded(
          difference.difference(),
          first.variance() * first.modelCount(),
          second.variance() * second.modelCount());
    }
    double error = difference.standardError();
    return modelsNeeded(difference.difference(), error * error * first.modelCount(), 0);
  }

  /** Returns how probably as many models of each show that the second has half of the first. */
  public double powerToSeeHalf() {
    return powerToSee(.5, first, first.modelCount(), second.modelCount());
  }

  /**
   * Returns how probably models show that a recipe multiplies the mean distance of another by a
   * ratio. Its variance is taken to shrink with the square of the ratio, as that of distances all
   * multiplied by it does.
   *
   * @param ratio 0 or more, not 1
   * @param known what is known of the other recipe
   * @param firstModels of the other recipe, 3 or more
   * @param secondModels of the recipe, 3 or more
   */
  public static double powerToSee(
      double ratio, PairMeans known, int firstModels, int secondModels) {
    double each = known.variance() * known.modelCount();
    return power((1 - ratio) * known.mean(), each, firstModels, ratio * ratio * each, secondModels);
  }

  /** Returns how many models a group it takes to see such a ratio with {@link #POWER}. */
  public static OptionalInt modelsToSee(double ratio, PairMeans known) {
    double each = known.variance() * known.modelCount();
    return modelsNeeded((1 - ratio) * known.mean(), each, ratio * ratio * each);
  }

  /**
   * @param first variance of the mean times the models, of which it is about independent
   * @param second the same; 0 where the groups are paired and {@code first} is of the difference
   */
  private static OptionalInt modelsNeeded(double difference, double first, double second) {
    if (difference == 0 || !Double.isFinite(difference) || !(first + second >= 0)) {
      return OptionalInt.empty();
    }
    // The power grows with the models.
    int low = LEAST_MODELS;
    int high = MOST_PLANNED;
    if (power(difference, first, high, second, high) < POWER) {
      return OptionalInt.empty();
    }
    while (low < high) {
      int middle = (low + high) / 2;
      if (power(difference, first, middle, second, middle) < POWER) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return OptionalInt.of(low);
  }

  /** By the shifted t distribution; the small chance of the wrong sign is left out. */
  private static double power(
      double difference, double first, int firstModels, double second, int secondModels) {
    double v1 = first / firstModels;
    double v2 = second / secondModels;
    double degrees =
        (v1 + v2) * (v1 + v2) / (v1 * v1 / (firstModels - 1) + v2 * v2 / (secondModels - 1));
    double t = Math.abs(difference) / Math.sqrt(v1 + v2);
    if (!(degrees > 0) || Double.isNaN(t)) {
      return v1 + v2 == 0 && difference != 0 ? 1 : Double.NaN;
    }
    var distribution = new TDistribution(degrees);
    double critical = distribution.inverseCumulativeProbability((1 + Interval.LEVEL) / 2);
    return distribution.cumulativeProbability(t - critical);
  }

  /**
   * Says what can be said.
   *
   * @param distance in words, such as "convexity gap"
   * @param unit of it, such as "nats"; empty where it is not known
   */
  public String sentence(String distance, String unit) {
    var means =
        String.format(
            Locale.ROOT,
            "The mean %s is %.4g%s over %d models (%d pairs) of the first and %.4g over %d (%d) of"
                + " the second",
            distance,
            first.mean(),
            unit.isEmpty() ? "" : " " + unit,
            first.modelCount(),
            first.pairCount(),
            second.mean(),
            second.modelCount(),
            second.pairCount());
    if (Double.isNaN(difference.p())) {
      return means + "; their difference has no error to be judged by.";
    }
    var test =
        String.format(
            Locale.ROOT,
            "%.4g [%.4g, %.4g], p = %.2g%s",
            difference.difference(),
            difference.interval().low(),
            difference.interval().high(),
            difference.p(),
            paired ? ", paired" : "");
    if (shown()) {
      return String.format(
          Locale.ROOT,
          "%s: the second has %s, %.3g times the first (difference %s).",
          means,
          ratio() < 1 ? "less" : "more",
          ratio(),
          test);
    }
    var needed = modelsNeeded();
    return String.format(
        Locale.ROOT,
        "%s: a difference is not shown (%s), which is no proof that there is none. So many models show"
            + " a halving with probability %.2f; to see the ratio of %.3g that these have takes %s.",
        means,
        test,
        powerToSeeHalf(),
        ratio(),
        needed.isPresent()
            ? "about " + needed.getAsInt() + " models a group"
            : "more models than can be planned");
  }
}
