package dev.watershed.analysis.study.findings;

import com.google.common.primitives.Doubles;
import dev.watershed.analysis.statistics.Holm;
import dev.watershed.analysis.statistics.LinearFit;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.Row;
import dev.watershed.analysis.v1.ScoreCorrelationMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Which scores of the models go together: in-domain accuracy and diagnostics. */
final class ScoreCorrelations {
  private ScoreCorrelations() {}

  /**
   * Returns r of every two scores over the models, and p corrected for how many pairs of scores
   * there are; NaN where a score is constant or not finite.
   *
   * @param diagnostics their names
   */
  static ScoreCorrelationMatrix of(List<ModelReport> models, List<String> diagnostics) {
    var scores = new ArrayList<double[]>();
    scores.add(models.stream().mapToDouble(m -> m.getInDomain().getAccuracy()).toArray());
    for (int d = 0; d < diagnostics.size(); d++) {
      int diagnostic = d;
      scores.add(models.stream().mapToDouble(m -> m.getDiagnosticScores(diagnostic)).toArray());
    }
    int n = scores.size();
    var r = new double[n][n];
    var p = new ArrayList<Double>();
    for (int i = 0; i < n; i++) {
      r[i][i] = 1;
      for (int j = 0; j < i; j++) {
        var fit = LinearFit.of(scores.get(i), scores.get(j));
        r[i][j] = r[j][i] = fit.pearsonR();
        p.add(fit.pearsonP());
      }
    }
    var adjusted = Holm.adjusted(Doubles.toArray(p));
    var corrected = new double[n][n];
    for (int i = 0, at = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        corrected[i][j] = corrected[j][i] = adjusted[at++];
      }
    }
    return ScoreCorrelationMatrix.newBuilder()
        .addNames("in-domain accuracy")
        .addAllNames(diagnostics)
        .addAllPearsonR(rows(r))
        .addAllPearsonPHolm(rows(corrected))
        .setModelCount(models.size())
        .build();
  }

  private static List<Row> rows(double[][] values) {
    return Arrays.stream(values)
        .map(row -> Row.newBuilder().addAllValues(Doubles.asList(row)).build())
        .toList();
  }
}
