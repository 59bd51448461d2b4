package dev.watershed.analysis.study.findings;

import com.google.common.collect.Lists;
import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.v1.StudySpec;
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

  private final StudySpec spec;
  private final Optional<PairedBootstrap> bootstrap;
  private final ResampledDistances distances;
  private final Runnable throwIfUnwanted;

  /** By resample, the greatest gap of the pairs so far; NaN once one has none. */
  private final double[] greatestGaps;

  /** A pair whose curve may be resampled. */
  record PairCurve(
      int modelA, int modelB, double euclideanDistance, Optional<ExampleCurve> examples) {}

  private PairUncertainties(
      StudySpec spec,
      Optional<PairedBootstrap> bootstrap,
      ResampledDistances distances,
      Runnable throwIfUnwanted) {
    this.spec = spec;
    this.bootstrap = bootstrap;
    this.distances = distances;
    this.throwIfUnwanted = throwIfUnwanted;
    this.greatestGaps = new double[spec.getResampling().getResampleCount()];
  }

  /**
   * @param exampleCount examples whose losses are kept, 0 for none
   * @param distances given what is found of each pair
   */
  static PairUncertainties of(
      StudySpec spec, int exampleCount, ResampledDistances distances, Runnable throwIfUnwanted) {
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
        distances,
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
    found.ifPresent(known -> distances.add(pair, known));
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
}
