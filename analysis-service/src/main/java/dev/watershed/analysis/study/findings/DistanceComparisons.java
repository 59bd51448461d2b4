package dev.watershed.analysis.study.findings;

import com.google.common.primitives.Ints;
import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ModelBootstrap;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.MantelTest;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.hipparchus.util.MathArrays;

/**
 * Distances of the same models against each other, over pairs. Pairs that share a model are not
 * independent: intervals and tests are over models.
 */
final class DistanceComparisons {
  /** Resamples and permutations of a study's models depend on its points alone. */
  static final long SEED = 0;

  private final List<PairReport> pairs;
  private final Runnable throwIfUnwanted;
  private final int modelCount;

  /** By group of diagnostics, how far its score vectors are apart. */
  private final Map<String, double[][]> groups = new LinkedHashMap<>();

  /**
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  DistanceComparisons(
      StudySpec spec, List<ModelReport> models, List<PairReport> pairs, Runnable throwIfUnwanted) {
    this.pairs = pairs;
    this.throwIfUnwanted = throwIfUnwanted;
    this.modelCount = models.size();
    var members = new LinkedHashMap<String, List<Integer>>();
    for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
      var group = spec.getDiagnostics(d).getGroup();
      if (!group.isEmpty()) {
        members.computeIfAbsent(group, name -> new ArrayList<>()).add(d);
      }
    }
    members.forEach(
        (name, diagnostics) -> {
          var vectors =
              models.stream()
                  .map(
                      model ->
                          diagnostics.stream().mapToDouble(model::getDiagnosticScores).toArray())
                  .toList();
          groups.put(
              name,
              matrix(
                  pair ->
                      MathArrays.distance(
                          vectors.get(pair.getModelA()), vectors.get(pair.getModelB()))));
        });
  }

  /** Returns (n, n) symmetric values, zero on the diagonal. */
  double[][] matrix(ToDoubleFunction<PairReport> value) {
    return matrix(pairs, modelCount, value);
  }

  static double[][] matrix(
      List<PairReport> pairs, int modelCount, ToDoubleFunction<PairReport> value) {
    var matrix = new double[modelCount][modelCount];
    for (var pair : pairs) {
      double apart = value.applyAsDouble(pair);
      matrix[pair.getModelA()][pair.getModelB()] = apart;
      matrix[pair.getModelB()][pair.getModelA()] = apart;
    }
    return matrix;
  }

  /** Returns each group of diagnostics against a distance; pairs that diverge have no place. */
  List<GroupReport> groups(double[][] distances, int[] clusters) {
    return groups.entrySet().stream()
        .map(group -> of(group.getKey(), distances, group.getValue(), clusters))
        .toList();
  }

  /** As {@link #groups}, with neither intervals nor fits within clusters. */
  List<GroupReport> shortGroups(double[][] distances) {
    return groups.entrySet().stream()
        .map(
            group ->
                tested(group.getKey(), distances, group.getValue())
                    .setFit(fit(distances, group.getValue(), Interval.UNKNOWN))
                    .build())
        .toList();
  }

  /** Returns a distance against the study's own, over the pairs where both are finite. */
  GroupReport againstChosen(double[][] values, BasinVerdict verdict) {
    var chosen =
        matrix(
            pair ->
                Double.isFinite(values[pair.getModelA()][pair.getModelB()])
                    ? pair.getDistance()
                    : Double.NaN);
    return of("chosen distance", chosen, values, Ints.toArray(verdict.getAssignmentsList()));
  }

  /**
   * Returns one distance (y) against another (x).
   *
   * @param clusters of the models, within and across which fits are told too; negative for none.
   *     Where all are alike there are no such fits.
   */
  GroupReport of(String name, double[][] x, double[][] y, int[] clusters) {
    var report = tested(name, x, y).setFit(fit(x, y));
    if (Arrays.stream(clusters).filter(c -> c >= 0).distinct().count() > 1) {
      report.setFitWithin(fit(masked(x, clusters, true), y));
      report.setFitAcross(fit(masked(x, clusters, false), y));
    }
    return report.build();
  }

  private GroupReport.Builder tested(String name, double[][] x, double[][] y) {
    var test = MantelTest.of(x, y, MantelTest.DEFAULT_PERMUTATIONS, SEED, throwIfUnwanted);
    return GroupReport.newBuilder().setName(name).setMantel(MetricMessages.mantelTest(test));
  }

  private dev.watershed.analysis.v1.LinearFit fit(double[][] x, double[][] y) {
    throwIfUnwanted.run();
    var resampled =
        ModelBootstrap.of(
            Draws.of(SEED, Draws.DEFAULT_COUNT, modelCount),
            models -> ModelBootstrap.pairCorrelation(x, y, models));
    return fit(x, y, resampled.percentile(Interval.LEVEL));
  }

  private dev.watershed.analysis.v1.LinearFit fit(double[][] x, double[][] y, Interval ofR) {
    var finite =
        pairs.stream()
            .filter(pair -> Double.isFinite(x[pair.getModelA()][pair.getModelB()]))
            .toList();
    return MetricMessages.pairFit(
        LinearFit.of(
            finite.stream().mapToDouble(pair -> x[pair.getModelA()][pair.getModelB()]).toArray(),
            finite.stream().mapToDouble(pair -> y[pair.getModelA()][pair.getModelB()]).toArray()),
        ofR);
  }

  /** The pairs within clusters, or those across them; the others have no value. */
  private static double[][] masked(double[][] x, int[] clusters, boolean within) {
    var kept = new double[x.length][x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        boolean inClusters = clusters[i] >= 0 && clusters[j] >= 0;
        kept[i][j] = inClusters && (clusters[i] == clusters[j]) == within ? x[i][j] : Double.NaN;
      }
    }
    return kept;
  }
}
