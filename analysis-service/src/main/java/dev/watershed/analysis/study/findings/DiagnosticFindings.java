package dev.watershed.analysis.study.findings;

import static dev.watershed.analysis.bootstrap.ModelBootstrap.at;

import dev.watershed.analysis.bootstrap.Draws;
import dev.watershed.analysis.bootstrap.ModelBootstrap;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.Correlation;
import dev.watershed.analysis.statistics.GroupComparison;
import dev.watershed.analysis.statistics.Holm;
import dev.watershed.analysis.statistics.Interval;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.GivenAccuracy;
import dev.watershed.analysis.v1.LeaveOneOut;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.StudyReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What a study's diagnostics say of its clusters. The unit is the model everywhere. */
final class DiagnosticFindings {
  /** A study's intervals over models depend on its points alone. */
  private static final long SEED = 0;

  private final List<ModelReport> models;
  private final BasinVerdict verdict;
  private final double[] features;
  private final double[] accuracies;
  private final Runnable throwIfUnwanted;

  /**
   * @param features the centroid-distance feature of each model
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  DiagnosticFindings(
      List<ModelReport> models, BasinVerdict verdict, double[] features, Runnable throwIfUnwanted) {
    this.models = models;
    this.verdict = verdict;
    this.features = features;
    this.accuracies = models.stream().mapToDouble(m -> m.getInDomain().getAccuracy()).toArray();
    this.throwIfUnwanted = throwIfUnwanted;
  }

  /**
   * Adds what is said of each diagnostic, and the clusters compared by in-domain accuracy.
   *
   * @param names of the diagnostics
   */
  void addTo(StudyReport.Builder report, List<String> names) {
    var fits = new ArrayList<LinearFit>();
    var comparisons = new ArrayList<GroupComparison>();
    for (int d = 0; d < names.size(); d++) {
      fits.add(LinearFit.of(features, scores(d)));
      comparisons.add(GroupComparison.of(scores(d, 0), scores(d, 1)));
    }
    comparisons.add(GroupComparison.of(accuracies(0), accuracies(1)));
    var correlated = Holm.adjusted(fits.stream().mapToDouble(LinearFit::pearsonP).toArray());
    var different =
        Holm.adjusted(comparisons.stream().mapToDouble(one -> one.difference().p()).toArray());
    boolean split = verdict.getState() == BasinState.BASIN_STATE_SPLIT;
    for (int d = 0; d < names.size(); d++) {
      throwIfUnwanted.run();
      var diagnostic =
          DiagnosticReport.newBuilder()
              .setName(names.get(d))
              .setFit(MetricMessages.linearFit(fits.get(d)))
              .setPearsonPHolm(correlated[d])
              .setGivenAccuracy(givenAccuracy(scores(d)))
              .setLeaveOneOut(leaveOneOut(scores(d)));
      for (int c = 0; c < verdict.getClusterCount(); c++) {
        var summary = Summary.of(scores(d, c));
        diagnostic.addClusterMeans(summary.mean());
        diagnostic.addClusterStandardDeviations(summary.populationStandardDeviation());
      }
      if (split) {
        diagnostic.setComparison(
            MetricMessages.comparison(names.get(d), comparisons.get(d), different[d], Double.NaN));
      }
      report.addDiagnostics(diagnostic);
    }
    if (split) {
      report.setInDomainComparison(
          MetricMessages.comparison(
              "in-domain accuracy",
              comparisons.get(names.size()),
              different[names.size()],
              Double.NaN));
    }
  }

  private double[] scores(int diagnostic) {
    return models.stream().mapToDouble(m -> m.getDiagnosticScores(diagnostic)).toArray();
  }

  private double[] scores(int diagnostic, int cluster) {
    return models.stream()
        .filter(model -> model.getCluster() == cluster)
        .mapToDouble(model -> model.getDiagnosticScores(diagnostic))
        .toArray();
  }

  private double[] accuracies(int cluster) {
    return models.stream()
        .filter(model -> model.getCluster() == cluster)
        .mapToDouble(model -> model.getInDomain().getAccuracy())
        .toArray();
  }

  private GivenAccuracy givenAccuracy(double[] scores) {
    var given = Correlation.given(features, scores, accuracies);
    return GivenAccuracy.newBuilder()
        .setTotal(given.total())
        .setDirect(given.direct())
        .setDirectInterval(MetricMessages.interval(interval(scores, true)))
        .setIndirect(given.indirect())
        .setIndirectInterval(MetricMessages.interval(interval(scores, false)))
        .build();
  }

  private Interval interval(double[] scores, boolean direct) {
    if (!finite(scores)) {
      return Interval.UNKNOWN;
    }
    var draws = Draws.of(SEED, Draws.DEFAULT_COUNT, models.size());
    return ModelBootstrap.of(
            draws,
            drawn -> {
              var given =
                  Correlation.given(at(features, drawn), at(scores, drawn), at(accuracies, drawn));
              return direct ? given.direct() : given.indirect();
            })
        .percentile(Interval.LEVEL);
  }

  private LeaveOneOut leaveOneOut(double[] scores) {
    double nan = Double.NaN;
    if (!finite(scores)) {
      return LeaveOneOut.newBuilder()
          .setFeature(nan)
          .setAccuracy(nan)
          .setFeatureAndAccuracy(nan)
          .build();
    }
    return LeaveOneOut.newBuilder()
        .setFeature(Correlation.leaveOneOutRSquared(scores, features))
        .setAccuracy(Correlation.leaveOneOutRSquared(scores, accuracies))
        .setFeatureAndAccuracy(Correlation.leaveOneOutRSquared(scores, features, accuracies))
        .build();
  }

  private boolean finite(double[] scores) {
    return IntStream.range(0, scores.length)
            .allMatch(i -> Double.isFinite(scores[i]) && Double.isFinite(accuracies[i]))
        && Arrays.stream(features).allMatch(Double::isFinite);
  }
}
