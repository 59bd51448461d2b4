package dev.watershed.standalone.quickstart;

import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.hipparchus.stat.correlation.SpearmansCorrelation;
import org.hipparchus.stat.descriptive.rank.Median;

/**
 * One number that the miniature must reach for its phenomenon to be there. The limits leave room:
 * of 1,000 sets of sixteen out of 48 fine-tunes 1% are below .76, .72, 3.2, .93, .46, .91, and all
 * reach every limit; sets of eight vary more, and have lower ones (docs/miniature.md).
 *
 * @param name what is measured
 * @param value what was measured; NaN where it is not defined
 * @param limit what it must at least be
 */
record Margin(String name, double value, double limit) {
  private static final double ALIKE = 0.2;
  private static final double APART = 0.5;

  /** From so many fine-tunes on the limits are those of sixteen. */
  private static final int SIXTEEN = 16;

  /** Every margin of a study made by {@link MiniatureExperiment}. */
  static List<Margin> of(StudyReport report) {
    List<Margin> margins = new ArrayList<>();
    boolean many = report.getModelsCount() >= SIXTEEN;
    margins.add(
        new Margin(
            "Spearman(strategy distance, CG)", strategyCorrelation(report), many ? 0.6 : 0.5));
    margins.add(
        new Margin("Spearman(|diagnostic difference|, CG)", diagnosticCorrelation(report), 0.5));
    margins.add(
        new Margin(
            "median CG of pairs with diagnostics > .5 apart / of pairs with < .2",
            medianRatio(report),
            many ? 2.0 : 1.5));
    margins.add(
        new Margin(
            "|r|(centroid distance, diagnostic)", centroidCorrelation(report), many ? 0.8 : 0.7));
    margins.add(
        new Margin(
            "silhouette of two clusters",
            report.getClustering().getSilhouette(),
            many ? 0.35 : 0.25));
    margins.add(new Margin("lowest validation accuracy", lowestAccuracy(report), 0.88));
    return margins;
  }

  /** Whether the number reaches its limit; an undefined one does not. */
  boolean holds() {
    return value >= limit;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s is %.3f, must be >= %.2f: %s",
        name,
        value,
        limit,
        holds() ? "ok" : "FAILS");
  }

  private static double strategyCorrelation(StudyReport report) {
    return report.getGroupsList().stream()
        .filter(group -> group.getName().equals(MiniatureExperiment.STRATEGY))
        .map(GroupReport::getFit)
        .mapToDouble(fit -> fit.getSpearmanRho())
        .findFirst()
        .orElse(Double.NaN);
  }

  private static double diagnosticCorrelation(StudyReport report) {
    double[] differences =
        report.getPairsList().stream().mapToDouble(pair -> difference(report, pair)).toArray();
    double[] gaps = report.getPairsList().stream().mapToDouble(PairReport::getDistance).toArray();
    return gaps.length < 2 ? Double.NaN : new SpearmansCorrelation().correlation(differences, gaps);
  }

  private static double medianRatio(StudyReport report) {
    double[] apart =
        report.getPairsList().stream()
            .filter(pair -> difference(report, pair) > APART)
            .mapToDouble(PairReport::getDistance)
            .toArray();
    double[] alike =
        report.getPairsList().stream()
            .filter(pair -> difference(report, pair) < ALIKE)
            .mapToDouble(PairReport::getDistance)
            .toArray();
    // Without pairs of both kinds there are no two kinds of models to tell apart.
    return apart.length == 0 || alike.length == 0
        ? Double.NaN
        : new Median().evaluate(apart) / new Median().evaluate(alike);
  }

  private static double centroidCorrelation(StudyReport report) {
    // The sign says only which of the two clusters is the larger.
    return report.getDiagnosticsCount() <= MiniatureExperiment.NOT_ENTAILED
        ? Double.NaN
        : Math.abs(pearson(report.getDiagnostics(MiniatureExperiment.NOT_ENTAILED)));
  }

  private static double pearson(DiagnosticReport diagnostic) {
    return diagnostic.hasFit() ? diagnostic.getFit().getPearsonR() : Double.NaN;
  }

  private static double lowestAccuracy(StudyReport report) {
    return report.getModelsList().stream()
        .mapToDouble(model -> model.getInDomain().getAccuracy())
        .min()
        .orElse(Double.NaN);
  }

  private static double difference(StudyReport report, PairReport pair) {
    return Math.abs(
        score(report.getModels(pair.getModelA())) - score(report.getModels(pair.getModelB())));
  }

  private static double score(ModelReport model) {
    return model.getDiagnosticScores(MiniatureExperiment.NOT_ENTAILED);
  }
}
