package dev.watershed.analysis.study.findings;

import com.google.common.collect.Lists;
import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.bootstrap.Resampled;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.StudySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The uncertainty of a study's pairs, all over the same draws of examples, and what follows from
 * all pairs jointly. Filled pair by pair, by one thread.
 */
final class PairUncertainties {
  /** Curves resampled in one product, whose losses stay in a processor's cache. */
  private static final int CURVES_AT_ONCE = 8;

  /** Resampled points of one product: 32 MiB for each processor. */
  private static final long MEANS_AT_ONCE = 1L << 22;

  private static final int MOST_CLUSTERINGS = 200;
  private static final int LEAST_CLUSTERINGS = 20;

  /** Cubes of models clustered again: some seconds. */
  private static final double CLUSTERING_WORK = 2e8;

  private final StudySpec spec;
  private final Optional<PairedBootstrap> bootstrap;
  private final Runnable throwIfUnwanted;

  /** By resample, the greatest gap of the pairs so far; NaN once one has none. */
  private final double[] greatestGaps;

  private final List<Replicates> distances = new ArrayList<>();

  /** A pair's distances, of the resamples that are clustered; none where it has no uncertainty. */
  private record Replicates(int modelA, int modelB, double[] distances) {}

  /** A pair whose curve may be resampled. */
  record PairCurve(
      int modelA, int modelB, double euclideanDistance, Optional<ExampleCurve> examples) {}

  private PairUncertainties(
      StudySpec spec, Optional<PairedBootstrap> bootstrap, Runnable throwIfUnwanted) {
    this.spec = spec;
    this.bootstrap = bootstrap;
    this.throwIfUnwanted = throwIfUnwanted;
    this.greatestGaps = new double[spec.getResampling().getResampleCount()];
  }

  /**
   * @param exampleCount examples whose losses are kept, 0 for none
   */
  static PairUncertainties of(StudySpec spec, int exampleCount, Runnable throwIfUnwanted) {
    var resampling = spec.getResampling();
    boolean wanted =
        exampleCount > 0
            && resampling.getResampleCount() > 0
            && PairedBootstrap.fits(resampling.getResampleCount(), exampleCount, 1);
    return new PairUncertainties(
        spec,
        wanted
            ? Optional.of(
                new PairedBootstrap(
                    Draws.of(resampling.getSeed(), resampling.getResampleCount(), exampleCount),
                    resampling.getLevel()))
            : Optional.empty(),
        throwIfUnwanted);
  }

  /**
   * Returns what is known of some pairs, in their order; nothing where they cannot be resampled.
   */
  List<Optional<CurveUncertainty>> of(List<PairCurve> pairs) {
    if (bootstrap.isEmpty()) {
      return pairs.stream().map(pair -> Optional.<CurveUncertainty>empty()).toList();
    }
    var found =
        Lists.partition(pairs, curvesAtOnce(pairs)).parallelStream()
            .flatMap(some -> resampled(some).stream())
            .toList();
    for (int i = 0; i < found.size(); i++) {
      keep(pairs.get(i), found.get(i));
    }
    return found;
  }

  /** Curves of very many points are resampled one by one. */
  private int curvesAtOnce(List<PairCurve> pairs) {
    long points =
        pairs.stream()
            .flatMap(pair -> pair.examples().stream())
            .mapToLong(curve -> curve.alphas().length)
            .max()
            .orElse(1);
    return (int) Math.clamp(MEANS_AT_ONCE / (points * greatestGaps.length), 1, CURVES_AT_ONCE);
  }

  private List<Optional<CurveUncertainty>> resampled(List<PairCurve> pairs) {
    var curves = pairs.stream().flatMap(pair -> pair.examples().stream()).toList();
    var found = bootstrap.orElseThrow().of(curves, throwIfUnwanted).iterator();
    return pairs.stream().map(pair -> pair.examples().map(curve -> found.next())).toList();
  }

  private void keep(PairCurve pair, Optional<CurveUncertainty> found) {
    for (int b = 0; b < greatestGaps.length; b++) {
      double gap = found.isEmpty() ? Double.NaN : found.get().convexityGap().replicates()[b];
      greatestGaps[b] = Math.max(greatestGaps[b], gap);
    }
    var clustered =
        found
            .flatMap(this::distance)
            .map(distance -> Arrays.copyOf(distance.replicates(), clusteringCount()))
            .orElse(new double[0]);
    if (spec.getDistance() == DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN) {
      for (int b = 0; b < clustered.length; b++) {
        clustered[b] *= pair.euclideanDistance();
      }
    }
    distances.add(new Replicates(pair.modelA(), pair.modelB(), clustered));
  }

  private Optional<Resampled> distance(CurveUncertainty uncertainty) {
    return switch (spec.getDistance()) {
      case DISTANCE_METRIC_BARRIER_HEIGHT -> Optional.of(uncertainty.barrierHeight());
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP -> uncertainty.improvedConvexityGap();
      case DISTANCE_METRIC_AREA, DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN ->
          Optional.of(uncertainty.area());
      case DISTANCE_METRIC_EUCLIDEAN,
          DISTANCE_METRIC_DISAGREEMENT,
          DISTANCE_METRIC_JENSEN_SHANNON ->
          Optional.empty();
      default -> Optional.of(uncertainty.convexityGap());
    };
  }

  /** How many resamples are clustered. */
  private int clusteringCount() {
    return Math.min(greatestGaps.length, clusterings(spec.getModelsCount()));
  }

  /** How often n models may be clustered again in some seconds. */
  static int clusterings(int n) {
    double affordable = CLUSTERING_WORK / Math.pow(n, 3);
    return (int) Math.clamp(affordable, LEAST_CLUSTERINGS, MOST_CLUSTERINGS);
  }

  /**
   * Returns what the gaps of all pairs lie below with the level's confidence, jointly; nothing
   * where a pair has no uncertainty.
   */
  OptionalDouble greatestGap() {
    boolean known = bootstrap.isPresent() && Arrays.stream(greatestGaps).noneMatch(Double::isNaN);
    return known
        ? OptionalDouble.of(Interval.quantile(greatestGaps, spec.getResampling().getLevel()))
        : OptionalDouble.empty();
  }

  /**
   * Agreement of clusters with those of resampled examples.
   *
   * @param meanAdjustedRand 1 for the same clusters always
   * @param resamples how many were clustered
   */
  record Stability(double meanAdjustedRand, int resamples) {}

  /**
   * Clusters resampled distances; nothing where examples do not move them, or there is nothing to
   * compare with.
   *
   * @param measured (n, n), of which distances that cannot be resampled are taken
   */
  Optional<Stability> stability(double[][] measured, BasinVerdict verdict) {
    var best = verdict.best();
    boolean moved = distances.stream().anyMatch(pair -> pair.distances().length > 0);
    if (best == null || !moved) {
      return Optional.empty();
    }
    int count = clusteringCount();
    double sum = 0;
    for (int b = 0; b < count; b++) {
      var drawn = Arrays.stream(measured).map(double[]::clone).toArray(double[][]::new);
      for (var pair : distances) {
        if (pair.distances().length > 0) {
          drawn[pair.modelA()][pair.modelB()] = pair.distances()[b];
          drawn[pair.modelB()][pair.modelA()] = pair.distances()[b];
        }
      }
      var other = BasinVerdict.of(drawn, throwIfUnwanted).best();
      sum += other == null ? 0 : AdjustedRandIndex.of(best.kept(), other.kept());
    }
    return Optional.of(new Stability(sum / count, count));
  }
}
