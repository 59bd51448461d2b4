package dev.watershed.analysis.study.comparison;

import static dev.watershed.server.RefusedException.failedPrecondition;
import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ExampleCurve;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.bootstrap.Resampled;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.Measurements.Block;
import dev.watershed.analysis.store.PooledSample;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.ComparePairsRequest;
import dev.watershed.analysis.v1.ComparePairsResponse;
import dev.watershed.analysis.v1.MetricDifference;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairOfStudy;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.input.Quoted;
import dev.watershed.server.RefusedException;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Compares two pairs of models over the same draws of the examples that studies keep losses of. */
@Singleton
public final class PairDifferences {
  /** With fewer examples the interval of a difference covers as little as 70 %. */
  public static final int LEAST_EXAMPLES = 256;

  private static final int MOST_NAMED = 10;

  private final Studies studies;
  private final StudyStore store;

  PairDifferences(Studies studies, StudyStore store) {
    this.studies = studies;
    this.store = store;
  }

  /**
   * Compares two pairs.
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   * @throws RefusedException NOT_FOUND, FAILED_PRECONDITION for a study without a report or losses,
   *     INVALID_ARGUMENT for pairs that cannot be compared
   */
  public ComparePairsResponse compare(ComparePairsRequest request, Runnable throwIfUnwanted) {
    var first = studies.reportSummary(request.getFirst().getStudy());
    var second =
        request.getSecond().getStudy().equals(request.getFirst().getStudy())
            ? first
            : studies.reportSummary(request.getSecond().getStudy());
    ComparableReports.check(first, second, "second.study");
    var one = examples(first, request.getFirst(), "first");
    var two = examples(second, request.getSecond(), "second");
    throwIfUnwanted.run();
    var resampling =
        MetricMessages.resampling(
            request.hasResampling() ? request.getResampling() : first.getSpec().getResampling());
    try {
      boolean nested = AlphaGrid.of(first.getSpec()).nested();
      return compared(request, one, two, resampling, nested, throwIfUnwanted);
    } catch (UnusableNumbersException e) {
      throw invalidArgument(
          e.reason(), "resampling.resample_count", String.valueOf(e.getMessage()));
    }
  }

  /**
   * Returns the uncertainty of a pair of a study by its spec's resampling; empty where that is not
   * wanted, losses are not kept or not finite, or they do not fit memory.
   *
   * @param modelA index in the spec
   * @param modelB higher index
   */
  public Optional<CurveUncertainty> uncertainty(
      StudyReport report, int modelA, int modelB, Runnable throwIfUnwanted) {
    var resampling = MetricMessages.resampling(report.getSpec().getResampling());
    if (resampling.getResampleCount() == 0) {
      return Optional.empty();
    }
    return examples(studies.number(report.getStudy()), report.getSpec(), modelA, modelB)
        .filter(
            curve ->
                PairedBootstrap.fits(
                    resampling.getResampleCount(), curve.exampleCount(), curve.alphas().length))
        .map(curve -> bootstrap(resampling, curve, throwIfUnwanted));
  }

  private static CurveUncertainty bootstrap(
      Resampling resampling, ExampleCurve curve, Runnable throwIfUnwanted) {
    var draws = Draws.of(resampling.getSeed(), resampling.getResampleCount(), curve.exampleCount());
    return new PairedBootstrap(draws, resampling.getLevel())
        .of(List.of(curve), throwIfUnwanted)
        .getFirst();
  }

  private static ComparePairsResponse compared(
      ComparePairsRequest request,
      ExampleCurve one,
      ExampleCurve two,
      Resampling resampling,
      boolean nested,
      Runnable throwIfUnwanted) {
    var first = bootstrap(resampling, one, throwIfUnwanted);
    var second = bootstrap(resampling, two, throwIfUnwanted);
    int examples = one.exampleCount();
    double level = resampling.getLevel();
    var gap = difference(first, second, PairMetric.CONVEXITY_GAP, examples, level);
    var response =
        ComparePairsResponse.newBuilder()
            .setConvexityGap(gap)
            .setBarrierHeight(difference(first, second, PairMetric.BARRIER_HEIGHT, examples, level))
            .setArea(difference(first, second, PairMetric.AREA, examples, level))
            .setResampling(resampling)
            .setExampleCount(examples)
            .setSentence(sentence(request, gap, examples, level));
    if (nested) {
      response.setImprovedConvexityGap(
          difference(first, second, PairMetric.IMPROVED_CONVEXITY_GAP, examples, level));
    }
    return response.build();
  }

  private static MetricDifference difference(
      CurveUncertainty first,
      CurveUncertainty second,
      PairMetric metric,
      int examples,
      double level) {
    var one = metric.of(first).orElseThrow();
    var two = metric.of(second).orElseThrow();
    var difference = PairedBootstrap.difference(one, two);
    var interval = interval(difference, examples, level);
    return MetricDifference.newBuilder()
        .setFirst(one.estimate())
        .setSecond(two.estimate())
        .setDifference(difference.estimate())
        .setStandardError(difference.standardError())
        .setBias(difference.bias())
        .setInterval(MetricMessages.interval(interval))
        .setDistinguishable(interval.low() > 0 || interval.high() < 0)
        .build();
  }

  /** Returns where a difference lies, over examples; unknown where they are too few to say. */
  public static Interval interval(Resampled difference, int examples, double level) {
    return examples < LEAST_EXAMPLES || difference.replicates().length < 2
        ? Interval.UNKNOWN
        : difference.basic(level);
  }

  private static String sentence(
      ComparePairsRequest request, MetricDifference gap, int examples, double level) {
    var pairs =
        String.format(
            Locale.ROOT,
            "The convexity gap of %s and %s is %.4g nats, that of %s and %s %.4g",
            request.getFirst().getLabelA(),
            request.getFirst().getLabelB(),
            gap.getFirst(),
            request.getSecond().getLabelA(),
            request.getSecond().getLabelB(),
            gap.getSecond());
    if (examples < LEAST_EXAMPLES) {
      return String.format(
          Locale.ROOT,
          "%s; with %d examples, fewer than %d, nothing is said of where the difference lies.",
          pairs,
          examples,
          LEAST_EXAMPLES);
    }
    if (Double.isNaN(gap.getInterval().getLow())) {
      return pairs + "; without resamples nothing is said of where the difference lies.";
    }
    return String.format(
        Locale.ROOT,
        "%s: a difference of %+.4g [%+.4g, %+.4g], %s, at level %s over %d examples; it says nothing of"
            + " other seeds.",
        pairs,
        gap.getDifference(),
        gap.getInterval().getLow(),
        gap.getInterval().getHigh(),
        gap.getDistinguishable() ? "which is told from 0" : "not distinguishable from 0",
        level,
        examples);
  }

  private ExampleCurve examples(StudyReport report, PairOfStudy pair, String field) {
    int a = index(report, pair.getLabelA(), field + ".label_a");
    int b = index(report, pair.getLabelB(), field + ".label_b");
    if (a == b) {
      throw invalidArgument(
          "MODEL_TWICE",
          field + ".label_b",
          "\"" + Quoted.of(pair.getLabelB()) + "\" is named twice; a pair is of two models.");
    }
    return examples(
            studies.number(report.getStudy()), report.getSpec(), Math.min(a, b), Math.max(a, b))
        .orElseThrow(
            () ->
                failedPrecondition(
                    "LOSSES_NOT_KEPT",
                    report.getStudy(),
                    "The losses of the examples of \"%s\" and \"%s\" are not kept in %s, or one is not finite; create the study anew with resampling."
                        .formatted(
                            Quoted.of(pair.getLabelA()),
                            Quoted.of(pair.getLabelB()),
                            report.getStudy())));
  }

  private static int index(StudyReport report, String label, String field) {
    var labels = report.getModelsList().stream().map(ModelReport::getLabel).toList();
    int index = labels.indexOf(label);
    if (index < 0) {
      throw invalidArgument(
          "MODEL_NOT_IN_STUDY",
          field,
          "%s has no model \"%s\"; it has %s%s."
              .formatted(
                  report.getStudy(),
                  Quoted.of(label),
                  labels.stream()
                      .limit(MOST_NAMED)
                      .map(one -> '"' + one + '"')
                      .collect(Collectors.joining(", ")),
                  labels.size() > MOST_NAMED
                      ? " and " + (labels.size() - MOST_NAMED) + " more"
                      : ""));
    }
    return index;
  }

  /** Reads a pair's curve; empty where the losses of an end or a point are not kept or finite. */
  private Optional<ExampleCurve> examples(long study, StudySpec spec, int modelA, int modelB) {
    var grid = AlphaGrid.of(spec);
    var losses = new TreeMap<Integer, ExampleFloats>();
    var later = store.measurements().laterBlocks(study).stream().map(Block::exampleCount).toList();
    var inDomain = new PooledSample(store, study, StudyPlan.of(spec, later).blocks());
    for (var score : inDomain.scores()) {
      if (score.model() == modelB) {
        losses.put(0, score.losses());
      } else if (score.model() == modelA) {
        losses.put(grid.intervals(), score.losses());
      }
    }
    for (var point : inDomain.points(modelA, modelB, modelB)) {
      losses.put(point.alphaIndex(), point.losses());
    }
    boolean complete =
        losses.containsKey(0)
            && losses.containsKey(grid.intervals())
            && (grid.adaptive() || losses.size() == grid.intervals() + 1);
    int examples = complete ? losses.firstEntry().getValue().count() : 0;
    if (examples == 0 || losses.values().stream().anyMatch(point -> point.count() != examples)) {
      return Optional.empty();
    }
    var nats = losses.values().stream().map(ExampleFloats::values).toArray(double[][]::new);
    if (!Arrays.stream(nats).flatMapToDouble(Arrays::stream).allMatch(Double::isFinite)) {
      return Optional.empty();
    }
    var alphas = losses.keySet().stream().mapToDouble(grid::alpha).toArray();
    return Optional.of(new ExampleCurve(alphas, nats));
  }
}
