package dev.watershed.bench;

import com.google.common.collect.Lists;
import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.SampleGrowth;
import dev.watershed.analysis.statistics.Summary;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
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

  /** Pairs of a study that grows. */
  private static final int PAIRS = 3;

  /** Nats of their gaps' heights that few examples carry. */
  private static final double CARRIED = .1;

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
   * What becomes of intervals where a study looks at them several times: it is given a precision,
   * and its sample grows until they are as narrow.
   *
   * @param gap the true one of every pair, in nats
   * @param first examples of the first block
   * @param meanLooks how often the intervals were looked at
   * @param medianExamples at the last look
   * @param coverage share of the intervals at the last look that hold the true gap
   * @param fresh the same of another sample of that size, looked at once
   * @param firstBlock the same of the first block alone
   * @param toldAtLast share of the gaps that are told from 0 at the last look
   * @param toldAtSome at some look
   */
  record Growth(
      double gap,
      int first,
      double meanLooks,
      double medianExamples,
      double coverage,
      double fresh,
      double firstBlock,
      double toldAtLast,
      double toldAtSome) {}

  /** A pair's intervals at each look, and one over a fresh sample of the last size. */
  private record GrownPair(List<CurveUncertainty> looks, CurveUncertainty fresh) {}

  /** One study: the examples at each look, and its pairs. */
  private record GrownStudy(List<Integer> examples, List<GrownPair> pairs) {}

  /**
   * Grows the samples of studies of some pairs by the rule and the intervals of a study, and
   * counts.
   *
   * @param rule wanted precision and most examples
   */
  static Growth growth(
      double gap, int first, SampleGrowth rule, int replicates, int resamples, long seed) {
    var curves = new SimulatedCurves(gap, CARRIED);
    double truth = curves.trueGap();
    var expected = SimulatedCurves.expected(new Random(seed));
    var studies =
        LongStream.range(0, replicates)
            .parallel()
            .mapToObj(
                replicate ->
                    grow(curves, expected, first, rule, resamples, seed * 1_000_003 + replicate))
            .toList();
    var pairs = studies.stream().flatMap(study -> study.pairs().stream()).toList();
    return new Growth(
        gap,
        first,
        studies.stream().mapToInt(study -> study.examples().size()).average().orElse(Double.NaN),
        Summary.median(studies.stream().mapToDouble(study -> study.examples().getLast()).toArray()),
        share(pairs, pair -> pair.looks().getLast().gapInterval().contains(truth)),
        share(pairs, pair -> pair.fresh().gapInterval().contains(truth)),
        share(pairs, pair -> pair.looks().getFirst().gapInterval().contains(truth)),
        share(pairs, pair -> !pair.looks().getLast().gapMayBeZero()),
        share(pairs, pair -> pair.looks().stream().anyMatch(look -> !look.gapMayBeZero())));
  }

  private static GrownStudy grow(
      SimulatedCurves curves,
      double[] expected,
      int first,
      SampleGrowth rule,
      int resamples,
      long seed) {
    var examples = new ArrayList<Integer>();
    var looks = new ArrayList<List<CurveUncertainty>>();
    for (int next = first; examples.isEmpty() || next > examples.getLast(); ) {
      examples.add(next);
      looks.add(look(curves, expected, next, resamples, seed, 0));
      double widest =
          looks.getLast().stream()
              .mapToDouble(pair -> pair.gapInterval().halfWidth())
              .max()
              .orElseThrow();
      next = rule.next(next, widest);
    }
    var fresh = look(curves, expected, examples.getLast(), resamples, seed, PAIRS);
    return new GrownStudy(
        examples,
        IntStream.range(0, PAIRS)
            .mapToObj(
                pair ->
                    new GrownPair(
                        looks.stream().map(look -> look.get(pair)).toList(), fresh.get(pair)))
            .toList());
  }

  /**
   * What is known of a study's pairs with so many examples.
   *
   * @param stream number of the first pair's examples among the study's random numbers
   */
  private static List<CurveUncertainty> look(
      SimulatedCurves curves, double[] expected, int n, int resamples, long seed, int stream) {
    var drawn =
        IntStream.range(stream, stream + PAIRS)
            .mapToObj(pair -> curves.draw(n, expected, new Random(seed * 31 + pair)))
            .toList();
    return new PairedBootstrap(Draws.of(seed, resamples, n), Interval.LEVEL).of(drawn, () -> {});
  }

  private static <T> double share(List<T> all, Predicate<T> which) {
    return share(all.stream().filter(which).count(), all.size());
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
