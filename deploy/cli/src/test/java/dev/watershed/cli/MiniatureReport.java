package dev.watershed.cli;

import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.Clustering;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.LinearFit;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Score;
import java.util.List;

/** Reports of studies of the miniature, with the numbers that a test wants. */
public final class MiniatureReport {
  private MiniatureReport() {}

  /**
   * Eight models, the first five heuristic (diagnostic near 0, verb only), the others generalising.
   *
   * @param within convexity gap inside a basin
   * @param across convexity gap between the basins
   */
  public static StudyReport.Builder twoBasins(double within, double across) {
    StudyReport.Builder report =
        StudyReport.newBuilder()
            .setStudy("studies/s1")
            .setSpec(spec())
            .setFinding("Two basins.")
            .setClustering(Clustering.newBuilder().setSilhouette(0.6).setConnected(true))
            .setVerdict(
                BasinVerdict.newBuilder()
                    .setState(BasinState.BASIN_STATE_SPLIT)
                    .setClusterCount(2)
                    .addAllAssignments(List.of(0, 0, 0, 0, 0, 1, 1, 1))
                    .addAllLookedAt(List.of(0, 0, 0, 0, 0, 1, 1, 1))
                    .setSeparation(1)
                    .setSeparationNeeded(.985)
                    .setSilhouette(0.6)
                    .setSentence("A split into 2 clusters."))
            .addDiagnostics(
                DiagnosticReport.newBuilder()
                    .setName("diagnostic-not-entailed")
                    .setFit(LinearFit.newBuilder().setPearsonR(-0.98)))
            .addGroups(
                GroupReport.newBuilder()
                    .setName("strategy")
                    .setFit(LinearFit.newBuilder().setSpearmanRho(0.9)));
    for (int i = 0; i < 8; i++) {
      boolean heuristic = i < 5;
      double jitter = 0.002 * i;
      report.addModels(
          ModelReport.newBuilder()
              .setCheckpoint("checkpoints/m" + (i + 1))
              .setLabel("seed " + (i + 1))
              .setCluster(heuristic ? 0 : 1)
              .setInDomain(ClassificationMetrics.newBuilder().setAccuracy(0.93 + jitter))
              .addDiagnosticScores((heuristic ? 0.01 : 0.85) + jitter)
              .addDiagnosticScores(0.99)
              .addDiagnosticScores(heuristic ? 0.02 : 0.97)
              .addDiagnosticScores(0.03)
              .addDiagnosticScores(heuristic ? 0.98 : 0.2));
    }
    for (int a = 0; a < 8; a++) {
      for (int b = a + 1; b < 8; b++) {
        boolean same = a < 5 == b < 5;
        report.addPairs(
            PairReport.newBuilder()
                .setModelA(a)
                .setModelB(b)
                .setDistance((same ? within : across) + 0.001 * a + 0.0001 * b));
      }
    }
    return report;
  }

  private static StudySpec spec() {
    StudySpec.Builder spec =
        StudySpec.newBuilder()
            .setDisplayName("miniature")
            .setInDomain(EvaluationSample.newBuilder().setName("validation"))
            .setProtocol(AlphaProtocol.ALPHA_PROTOCOL_PAPER)
            .setDistance(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP);
    for (String diagnostic :
        List.of(
            "diagnostic-not-entailed",
            "diagnostic-entailed",
            "probe-agent",
            "probe-patient",
            "probe-verb")) {
      spec.addDiagnostics(
          Diagnostic.newBuilder()
              .setSample(EvaluationSample.newBuilder().setName(diagnostic))
              .setScore(Score.SCORE_ACCURACY)
              .setGroup(diagnostic.startsWith("probe") ? "strategy" : ""));
    }
    return spec.build();
  }
}
