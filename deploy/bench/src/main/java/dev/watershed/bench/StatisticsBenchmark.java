package dev.watershed.bench;

import com.google.common.collect.Lists;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.statistics.Interval;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How often intervals hold what they say, and verdicts are right, where the truth is known. Every
 * replicate is a function of the seed and its number, so that a rerun gives the same table.
 */
final class StatisticsBenchmark {
  /** Clusters count as found from this adjusted Rand index on. */
  private static final double FOUND = .8;

  private static final int CURVES_AT_ONCE = 8;

  private StatisticsBenchmark() {}

  /**
   * How often the interval of a convexity gap holds it.
   *
   * @param gap the true one, in nats
   * @param examples of a sample
   * @param coverage share of replicates whose interval holds the true gap
   * @param meanHalfWidth in nats
   * @param zeroRejected share of replicates whose gap is told from 0
   */
  record Coverage(
      double gap, int examples, double coverage, double meanHalfWidth, double zeroRejected) {}

  /** Draws samples, resamples each, and counts. */
  static Coverage coverage(double gap, int examples, int replicates, int resamples, long seed) {
    var curves = new SimulatedCurves(gap);
    double truth = curves.trueGap();
    var expected = SimulatedCurves.expected(new Random(seed));
    var bootstrap = new PairedBootstrap(Draws.of(seed, resamples, examples), Interval.LEVEL);
    record One(boolean holds, double halfWidth, boolean rejected) {}
    var found =
        LongStream.range(0, replicates)
            .parallel()
            .mapToObj(
                replicate -> {
                  var random = new Random(seed * 1_000_003 + replicate);
                  var curve = curves.draw(examples, expected, random);
                  var one = bootstrap.of(List.of(curve), () -> {}).getFirst();
                  var interval = one.gapInterval();
                  return new One(
                      interval.contains(truth), interval.halfWidth(), !one.gapMayBeZero());
                })
            .toList();
    return new Coverage(
        gap,
        examples,
        share(found.stream().filter(One::holds).count(), replicates),
        found.stream().mapToDouble(One::halfWidth).average().orElse(Double.NaN),
        share(found.stream().filter(One::rejected).count(), replicates));
  }

  /**
   * How often the rule is right.
   *
   * @param truth what distances were drawn of
   * @param models how many
   * @param right of no clusters: no split is said; of clusters: as many are found, and the same
   * @param split share of replicates called split
   * @param undecided share of replicates left undecided
   */
  record Verdicts(
      SimulatedDistances truth, int models, double right, double split, double undecided) {}

  /** Draws distances, judges each, and counts. */
  static Verdicts verdicts(SimulatedDistances truth, int models, int replicates, long seed) {
    var clusters = truth.truth(models);
    var found =
        IntStream.range(0, replicates)
            .parallel()
            .mapToObj(
                replicate ->
                    BasinVerdict.of(
                        truth.draw(models, new Random(seed * 1_000_003 + replicate)), () -> {}))
            .toList();
    long split = found.stream().filter(one -> one.state() == BasinVerdict.State.SPLIT).count();
    long right =
        truth.clusters() == 0
            ? replicates - split
            : found.stream()
                .filter(
                    one ->
                        one.state() == BasinVerdict.State.SPLIT
                            && one.clusterCount() == truth.clusters()
                            && AdjustedRandIndex.of(one.assignments(), clusters) >= FOUND)
                .count();
    return new Verdicts(
        truth,
        models,
        share(right, replicates),
        share(split, replicates),
        share(
            found.stream().filter(one -> one.state() == BasinVerdict.State.UNDECIDED).count(),
            replicates));
  }

  /**
   * Returns the seconds that resampling some curves takes, on all processors and eight at a time as
   * a study does.
   */
  static double seconds(int curves, int examples, int resamples, long seed) {
    var simulated = new SimulatedCurves(.3);
    var random = new Random(seed);
    var expected = new double[SimulatedCurves.alphas().length];
    var all =
        IntStream.range(0, curves)
            .mapToObj(curve -> simulated.draw(examples, expected, random))
            .toList();
    var bootstrap = new PairedBootstrap(Draws.of(seed, resamples, examples), Interval.LEVEL);
    // Once for the compiler.
    bootstrap.of(all.subList(0, Math.min(CURVES_AT_ONCE, curves)), () -> {});
    long started = System.nanoTime();
    var found =
        Lists.partition(all, CURVES_AT_ONCE).parallelStream()
            .mapToInt(some -> bootstrap.of(some, () -> {}).size())
            .sum();
    if (found != curves) {
      throw new IllegalStateException(found + " of " + curves + " curves were resampled");
    }
    return (System.nanoTime() - started) / 1e9;
  }

  private static double share(long count, int of) {
    return (double) count / of;
  }
}
