package dev.watershed.analysis.bootstrap;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.hipparchus.stat.correlation.PearsonsCorrelation;

/** The uncertainty of a statistic of models, over models: models are drawn with replacement. */
public final class ModelBootstrap {
  private ModelBootstrap() {}

  /**
   * Resamples models. Where only resamples of all models have a value, they are the sample in
   * another order and tell nothing of chance; none counts as defined then. Of three models, a
   * correlation over pairs has a value for the three alone.
   *
   * @param statistic of the models at some places, (n); NaN where it has no value
   */
  public static Resampled of(Draws draws, ToDoubleFunction<int[]> statistic) {
    var replicates = new double[draws.count()];
    boolean ofFewer = false;
    for (int b = 0; b < replicates.length; b++) {
      var drawn = draws.resample(b);
      replicates[b] = statistic.applyAsDouble(drawn);
      ofFewer |=
          Double.isFinite(replicates[b]) && Arrays.stream(drawn).distinct().count() < drawn.length;
    }
    double estimate = statistic.applyAsDouble(all(draws.size()));
    return ofFewer
        ? Resampled.of(estimate, replicates)
        : new Resampled(estimate, new double[0], replicates.length);
  }

  private static int[] all(int n) {
    var all = new int[n];
    Arrays.setAll(all, i -> i);
    return all;
  }

  /** Returns the statistic without each of n models, as {@link Resampled#bca} wants it. */
  public static double[] leavingOneOut(int n, ToDoubleFunction<int[]> statistic) {
    var found = new double[n];
    for (int i = 0; i < n; i++) {
      int without = i;
      found[i] =
          statistic.applyAsDouble(Arrays.stream(all(n)).filter(at -> at != without).toArray());
    }
    return found;
  }

  /** Returns the values of some models. */
  public static double[] at(double[] values, int[] models) {
    return Arrays.stream(models).mapToDouble(model -> values[model]).toArray();
  }

  /**
   * Returns Pearson's r of two distances over the pairs of some models; a model drawn twice is no
   * pair of itself, and pairs whose value is not finite are left out.
   */
  public static double pairCorrelation(double[][] x, double[][] y, int[] models) {
    var ofX = DoubleStream.builder();
    var ofY = DoubleStream.builder();
    for (int i = 0; i < models.length; i++) {
      for (int j = 0; j < i; j++) {
        int a = models[i];
        int b = models[j];
        if (a != b && Double.isFinite(x[a][b]) && Double.isFinite(y[a][b])) {
          ofX.add(x[a][b]);
          ofY.add(y[a][b]);
        }
      }
    }
    var xs = ofX.build().toArray();
    return xs.length < 2
        ? Double.NaN
        : new PearsonsCorrelation().correlation(xs, ofY.build().toArray());
  }
}
