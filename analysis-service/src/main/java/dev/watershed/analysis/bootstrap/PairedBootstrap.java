package dev.watershed.analysis.bootstrap;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.curve.LossCurve;
import dev.watershed.analysis.statistics.Interval;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * The uncertainty of what curves say, over examples: the same examples are drawn with replacement
 * at all alphas of all pairs, whole curves are averaged and measured.
 *
 * <p>A percentile interval alone would leave out a gap of 0 nearly always, since the largest of
 * noisy heights is above 0; where a test does not tell the gap from 0 the interval begins there. Of
 * 95 % it then covers 92 to 98 % from 256 examples on, more where the gap is 0, down to 84 % at 64.
 * The test is of the nearest convex curve: curves are shifted by what their lower convex hull lies
 * below them. It is approximate: where the truth is a straight line and losses are skewed, up to
 * .12 instead of .05 are rejected at 256 examples.
 *
 * <p>Instances are immutable and may be shared by threads.
 */
public final class PairedBootstrap {
  /** Resamples times points held at once: 256 MiB. */
  private static final long MOST_MEANS = 1L << 25;

  private final ResampledMeans means;
  private final double level;

  /**
   * @param draws of the examples
   * @param level of intervals and bands, above 0 and below 1
   * @throws UnusableNumbersException naming {@code resamples} for more draws than fit memory
   */
  public PairedBootstrap(Draws draws, double level) {
    this.means = new ResampledMeans(draws);
    this.level = level;
  }

  /**
   * Whether a curve can be resampled in memory.
   *
   * @param points of the curve
   */
  public static boolean fits(int resamples, int examples, int points) {
    return ResampledMeans.fits(resamples, examples) && (long) resamples * points <= MOST_MEANS;
  }

  /** Returns how many examples a curve may have to be resampled in memory. */
  public static long mostExamples(int resamples) {
    return ResampledMeans.mostExamples(resamples);
  }

  /**
   * Returns the uncertainty of some curves, which are resampled in one product; some ten at a time
   * stay in a processor's cache.
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   * @throws UnusableNumbersException naming {@code example_losses} where a curve has not as many
   *     examples as are drawn, or {@code resamples} for more resampled points than fit memory
   */
  public List<CurveUncertainty> of(List<ExampleCurve> curves, Runnable throwIfUnwanted) {
    if (curves.isEmpty()) {
      return List.of();
    }
    long points = curves.stream().mapToLong(curve -> curve.alphas().length).sum();
    if (points * means.count() > MOST_MEANS) {
      throw new UnusableNumbersException(
          "SAMPLE_TOO_LARGE_TO_RESAMPLE",
          "resamples",
          means.count()
              + " resamples of "
              + points
              + " points are more than "
              + MOST_MEANS
              + "; ask for fewer of either.");
    }
    var resampled = means.of(byExample(curves), throwIfUnwanted);
    var found = new CurveUncertainty[curves.size()];
    int column = 0;
    for (int i = 0; i < found.length; i++) {
      found[i] = of(curves.get(i), resampled, column, throwIfUnwanted);
      column += curves.get(i).alphas().length;
    }
    return List.of(found);
  }

  /** Returns the curves side by side, (n, columns). */
  private double[][] byExample(List<ExampleCurve> curves) {
    int columns = curves.stream().mapToInt(curve -> curve.alphas().length).sum();
    var values = new double[means.size()][columns];
    int column = 0;
    for (var curve : curves) {
      if (curve.exampleCount() != means.size()) {
        throw new UnusableNumbersException(
            "COUNTS_UNEQUAL",
            "example_losses",
            "A curve over "
                + curve.exampleCount()
                + " examples cannot be resampled with others over "
                + means.size()
                + ".");
      }
      for (var losses : curve.losses()) {
        for (int i = 0; i < losses.length; i++) {
          values[i][column] = losses[i];
        }
        column++;
      }
    }
    return values;
  }

  /**
   * @param resampled (B, columns); the curve's begin at {@code column}
   */
  private CurveUncertainty of(
      ExampleCurve examples, double[][] resampled, int column, Runnable throwIfUnwanted) {
    var alphas = examples.alphas();
    var losses = examples.means();
    var curve = LossCurve.of(alphas, losses);
    var hull = curve.lowerHullNats();
    double gap = curve.convexityGap().nats();
    boolean nested = curve.improvedConvexityGap().isPresent();
    var barriers = new double[resampled.length];
    var gaps = new double[resampled.length];
    var improved = new double[nested ? resampled.length : 0];
    var areas = new double[resampled.length];
    int asLarge = 0;
    for (int b = 0; b < resampled.length; b++) {
      throwIfUnwanted.run();
      var drawn = new double[alphas.length];
      var shifted = new double[alphas.length];
      for (int a = 0; a < alphas.length; a++) {
        drawn[a] = resampled[b][column + a];
        shifted[a] = drawn[a] + (hull[a] - losses[a]);
      }
      var one = LossCurve.of(alphas, drawn);
      barriers[b] = one.barrier().nats();
      gaps[b] = one.convexityGap().nats();
      areas[b] = one.areaNats();
      if (nested) {
        improved[b] = improved(one);
      }
      asLarge += LossCurve.of(alphas, shifted).convexityGap().nats() >= gap ? 1 : 0;
    }
    return new CurveUncertainty(
        Resampled.of(curve.barrier().nats(), barriers),
        Resampled.of(gap, gaps),
        nested ? Optional.of(Resampled.of(improved(curve), improved)) : Optional.empty(),
        Resampled.of(curve.areaNats(), areas),
        (1.0 + asLarge) / (resampled.length + 1.0),
        level,
        band(resampled, column, alphas.length));
  }

  private static double improved(LossCurve curve) {
    return curve.improvedConvexityGap().orElseThrow().nats();
  }

  private Interval[] band(double[][] resampled, int column, int points) {
    var band = new Interval[points];
    for (int a = 0; a < points; a++) {
      var values = new double[resampled.length];
      for (int b = 0; b < values.length; b++) {
        values[b] = resampled[b][column + a];
      }
      band[a] = Interval.ofQuantiles(values, level);
    }
    return band;
  }

  /**
   * Returns how much more the first curve has of a metric than the second, both over the same
   * draws. Its basic interval holds what it says where either is 0; the percentile one does not.
   */
  public static Resampled difference(Resampled first, Resampled second) {
    if (first.replicates().length != second.replicates().length
        || first.undefined() + second.undefined() > 0) {
      throw new IllegalArgumentException("not of the same resamples");
    }
    var replicates = new double[first.replicates().length];
    for (int b = 0; b < replicates.length; b++) {
      replicates[b] = first.replicates()[b] - second.replicates()[b];
    }
    return Resampled.of(first.estimate() - second.estimate(), replicates);
  }

  /**
   * Returns a metric of a curve without each of its examples, (n), as {@link Resampled#bca} wants
   * it.
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  public static double[] leavingOneOut(
      ExampleCurve examples, ToDoubleFunction<LossCurve> metric, Runnable throwIfUnwanted) {
    int n = examples.exampleCount();
    var means = examples.means();
    var found = new double[n];
    for (int i = 0; i < n; i++) {
      throwIfUnwanted.run();
      var without = new double[means.length];
      for (int a = 0; a < without.length; a++) {
        without[a] = (n * means[a] - examples.losses()[a][i]) / (n - 1);
      }
      found[i] = metric.applyAsDouble(LossCurve.of(examples.alphas(), without));
    }
    return found;
  }
}
