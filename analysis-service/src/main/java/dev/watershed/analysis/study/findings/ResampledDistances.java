package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Resampled;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.StudySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A study's distances over resampled examples, by every metric that examples move and over the same
 * draws, so that partitions by them can be compared with the one of all examples. Filled pair by
 * pair, by one thread.
 */
final class ResampledDistances {
  private static final int MOST_CLUSTERINGS = 200;
  private static final int LEAST_CLUSTERINGS = 20;

  /** Cubes of models clustered again: some seconds. */
  private static final double CLUSTERING_WORK = 2e8;

  /** Metrics besides the study's own that examples move; they share what that one may take. */
  private static final int OTHERS = 6;

  private static final List<DistanceMetric> OF_CURVES =
      List.of(
          DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP,
          DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT,
          DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP,
          DistanceMetric.DISTANCE_METRIC_AREA,
          DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN);

  private final StudySpec spec;
  private final PredictionDistances predictions;
  private final Runnable throwIfUnwanted;
  private final Map<DistanceMetric, List<Replicates>> ofCurves =
      new EnumMap<>(DistanceMetric.class);

  /** A pair's distances by resample. */
  record Replicates(int modelA, int modelB, double[] distances) {}

  /**
   * Agreement of clusters with those of resampled examples.
   *
   * @param meanAdjustedRand 1 for the same clusters always
   * @param resamples how many were clustered
   */
  record Stability(double meanAdjustedRand, int resamples) {}

  /**
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  ResampledDistances(StudySpec spec, PredictionDistances predictions, Runnable throwIfUnwanted) {
    this.spec = spec;
    this.predictions = predictions;
    this.throwIfUnwanted = throwIfUnwanted;
  }

  /** Keeps what a pair's curve gives. */
  void add(PairUncertainties.PairCurve pair, CurveUncertainty known) {
    for (var metric : OF_CURVES) {
      ofCurve(metric, known)
          .ifPresent(
              resampled -> {
                var distances = Arrays.copyOf(resampled.replicates(), count(metric));
                if (metric == DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN) {
                  Arrays.setAll(distances, b -> distances[b] * pair.euclideanDistance());
                }
                ofCurves
                    .computeIfAbsent(metric, key -> new ArrayList<>())
                    .add(new Replicates(pair.modelA(), pair.modelB(), distances));
              });
    }
  }

  private static Optional<Resampled> ofCurve(DistanceMetric metric, CurveUncertainty known) {
    return switch (metric) {
      case DISTANCE_METRIC_BARRIER_HEIGHT -> Optional.of(known.barrierHeight());
      case DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP -> known.improvedConvexityGap();
      case DISTANCE_METRIC_AREA, DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN -> Optional.of(known.area());
      default -> Optional.of(known.convexityGap());
    };
  }

  /** How many resamples are clustered by a metric. */
  private int count(DistanceMetric metric) {
    int models = spec.getModelsCount();
    int affordable =
        metric == spec.getDistance()
            ? clusterings(models)
            : clusterings(models, OTHERS, LEAST_CLUSTERINGS / OTHERS);
    return Math.min(spec.getResampling().getResampleCount(), affordable);
  }

  /** How often n models may be clustered again in some seconds. */
  static int clusterings(int n) {
    return clusterings(n, 1, LEAST_CLUSTERINGS);
  }

  private static int clusterings(int n, int sharing, int least) {
    return (int) Math.clamp(CLUSTERING_WORK / sharing / Math.pow(n, 3), least, MOST_CLUSTERINGS);
  }

  /**
   * Clusters resampled distances; nothing where examples do not move them, or there is nothing to
   * compare with.
   *
   * @param measured (n, n), of which distances that cannot be resampled are taken
   */
  Optional<Stability> stability(DistanceMetric metric, double[][] measured, BasinVerdict verdict) {
    var best = verdict.best();
    var resampled = best == null ? List.<Replicates>of() : replicates(metric);
    if (best == null || resampled.isEmpty()) {
      return Optional.empty();
    }
    int count = count(metric);
    double sum = 0;
    for (int b = 0; b < count; b++) {
      var drawn = Arrays.stream(measured).map(double[]::clone).toArray(double[][]::new);
      for (var pair : resampled) {
        drawn[pair.modelA()][pair.modelB()] = pair.distances()[b];
        drawn[pair.modelB()][pair.modelA()] = pair.distances()[b];
      }
      var other = BasinVerdict.of(drawn, throwIfUnwanted).best();
      sum += other == null ? 0 : AdjustedRandIndex.of(best.kept(), other.kept());
    }
    return Optional.of(new Stability(sum / count, count));
  }

  private List<Replicates> replicates(DistanceMetric metric) {
    return switch (metric) {
      case DISTANCE_METRIC_DISAGREEMENT, DISTANCE_METRIC_JENSEN_SHANNON ->
          predictions.replicates(
              metric, spec.getResampling().getSeed(), count(metric), throwIfUnwanted);
      default -> ofCurves.getOrDefault(metric, List.of());
    };
  }
}
