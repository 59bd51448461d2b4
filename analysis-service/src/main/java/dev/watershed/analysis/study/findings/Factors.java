package dev.watershed.analysis.study.findings;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.report.OriginDifferences;
import dev.watershed.analysis.report.OriginDifferences.Difference;
import dev.watershed.analysis.statistics.GroupComparison.MeanDifference;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.FactorLevel;
import dev.watershed.analysis.v1.FactorReport;
import dev.watershed.analysis.v1.LevelMean;
import dev.watershed.analysis.v1.StudyReportOrBuilder;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Distances and scores of models by a number that their training runs say. */
final class Factors {
  private static final int MOST_LEVELS = 50;
  private static final int MOST_FACTORS = 8;

  private final StudyReportOrBuilder report;
  private final double[][] distances;

  private Factors(StudyReportOrBuilder report, double[][] distances) {
    this.report = report;
    this.distances = distances;
  }

  /**
   * @param report with its models and their origins
   * @param distances (n, n) by the chosen distance
   */
  static List<FactorReport> of(StudyReportOrBuilder report, double[][] distances) {
    var factors = new Factors(report, distances);
    return OriginDifferences.of(report).differences().stream()
        .filter(Factors::isFactor)
        .limit(MOST_FACTORS)
        .map(factors::report)
        .toList();
  }

  private static boolean isFactor(Difference difference) {
    int levels = difference.models().size();
    return difference.isNumeric()
        && levels > 1
        && levels <= MOST_LEVELS
        && difference.models().values().stream().anyMatch(models -> models.size() > 1);
  }

  private FactorReport report(Difference difference) {
    var factor = FactorReport.newBuilder().setFact(difference.name());
    difference
        .models()
        .forEach((value, models) -> factor.addLevels(level(Double.parseDouble(value), models)));
    return factor.build();
  }

  private FactorLevel level(double value, List<Integer> models) {
    var level = FactorLevel.newBuilder().setValue(value).addAllModels(models);
    if (models.size() > 1) {
      level.setDistance(distance(models));
    }
    level.setInDomainAccuracy(score(models, i -> report.getModels(i).getInDomain().getAccuracy()));
    for (int d = 0; d < report.getSpec().getDiagnosticsCount(); d++) {
      int diagnostic = d;
      level.addDiagnostics(score(models, i -> report.getModels(i).getDiagnosticScores(diagnostic)));
    }
    return level.build();
  }

  private LevelMean distance(List<Integer> models) {
    var among = new double[models.size()][models.size()];
    for (int i = 0; i < among.length; i++) {
      for (int j = 0; j < among.length; j++) {
        double distance = distances[models.get(i)][models.get(j)];
        among[i][j] = Double.isFinite(distance) ? distance : Double.NaN;
      }
    }
    return message(PairMeans.of(among).test());
  }

  private static LevelMean score(List<Integer> models, ToDoubleFunction<Integer> score) {
    var scores =
        Doubles.toArray(
            models.stream().mapToDouble(score).filter(Double::isFinite).boxed().toList());
    if (scores.length == 0) {
      return LevelMean.newBuilder().setMean(Double.NaN).build();
    }
    var summary = Summary.of(scores);
    return message(
        MeanDifference.of(
            summary.mean(),
            summary.sampleStandardDeviation() / Math.sqrt(scores.length),
            scores.length - 1));
  }

  private static LevelMean message(MeanDifference mean) {
    var message = LevelMean.newBuilder().setMean(mean.difference());
    if (Double.isFinite(mean.interval().low())) {
      message.setInterval(MetricMessages.interval(mean.interval()));
    }
    return message.build();
  }
}
