package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.statistics.GroupComparison.MeanDifference;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.ExtremeModels;
import dev.watershed.analysis.v1.MeanCurve;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The best and the worst models on each diagnostic, and whether lines among them have a barrier
 * (Juneja et al., 2023, figure 1). A pair is counted from both of its ends: a mean curve is the
 * same whichever model is called A.
 */
final class Extremes {
  /** Of all mean curves together, so that a report fits an answer. */
  private static final long MOST_POINTS = 40_000;

  private final StudyPlan plan;
  private final List<ModelReport> models;
  private final Map<Long, PairReport> pairs = new HashMap<>();
  private final double[] alphas;

  Extremes(StudyPlan plan, List<ModelReport> models, List<PairReport> pairs) {
    this.plan = plan;
    this.models = models;
    pairs.forEach(pair -> this.pairs.put(key(pair.getModelA(), pair.getModelB()), pair));
    int step = plan.grid().firstStep();
    this.alphas =
        IntStream.rangeClosed(0, plan.grid().intervals() / step)
            .mapToDouble(i -> plan.grid().alpha(i * step))
            .toArray();
  }

  private static long key(int a, int b) {
    return ((long) Math.min(a, b) << 32) | Math.max(a, b);
  }

  /** Two for each diagnostic that has them, the best first. */
  List<ExtremeModels> all() {
    int diagnostics = plan.spec().getDiagnosticsCount();
    long points = 2L * diagnostics * (1 + plan.samplesAlongCurves().size()) * alphas.length;
    var all = new ArrayList<ExtremeModels>();
    for (int d = 0; d < diagnostics && points <= MOST_POINTS; d++) {
      var ranked = ranked(d);
      int count = Math.min(plan.spec().getExtremeModelCount(), ranked.size() / 2);
      if (count >= 2) {
        all.add(extreme(d, true, ranked.subList(0, count)));
        all.add(extreme(d, false, ranked.reversed().subList(0, count)));
      }
    }
    return all;
  }

  /** The models with a finite score, the best first. */
  private List<Integer> ranked(int diagnostic) {
    var order =
        Comparator.comparingDouble(
            (Integer model) -> models.get(model).getDiagnosticScores(diagnostic));
    boolean high = DiagnosticScore.highIsGood(plan.spec().getDiagnostics(diagnostic));
    return IntStream.range(0, models.size())
        .boxed()
        .filter(model -> Double.isFinite(models.get(model).getDiagnosticScores(diagnostic)))
        .sorted(high ? order.reversed() : order)
        .toList();
  }

  private ExtremeModels extreme(int diagnostic, boolean best, List<Integer> members) {
    var extreme =
        ExtremeModels.newBuilder()
            .setDiagnostic(diagnostic)
            .setBest(best)
            .addAllModels(members)
            .addCurves(mean(plan.spec().getInDomain().getName(), members, PairReport::getCurve));
    var along = plan.samplesAlongCurves();
    for (int i = 0; i < along.size(); i++) {
      int place = i;
      extreme.addCurves(
          mean(
              plan.samples().get(along.get(i)).getName(),
              members,
              pair -> pair.getDiagnosticCurves(place).getCurve()));
    }
    return extreme.build();
  }

  private MeanCurve mean(
      String sample, List<Integer> members, Function<PairReport, Curve> measured) {
    var losses = new double[alphas.length][members.size()][members.size()];
    for (int i = 0; i < members.size(); i++) {
      for (int j = 0; j < i; j++) {
        var pair = pairs.get(key(members.get(i), members.get(j)));
        var curve = atAlphas(measured.apply(pair));
        for (int a = 0; a < alphas.length; a++) {
          double both = (curve[a] + curve[alphas.length - 1 - a]) / 2;
          losses[a][i][j] = both;
          losses[a][j][i] = both;
        }
      }
    }
    var mean = MeanCurve.newBuilder().setSample(sample);
    for (int a = 0; a < alphas.length; a++) {
      var means = PairMeans.of(losses[a]);
      var interval =
          MeanDifference.of(means.mean(), Math.sqrt(means.variance()), members.size() - 1)
              .interval();
      mean.addAlphas(alphas[a])
          .addLossesNats(means.mean())
          .addLowNats(interval.low())
          .addHighNats(interval.high());
    }
    return mean.build();
  }

  /** A curve whose alphas were chosen has others besides. */
  private double[] atAlphas(Curve curve) {
    var losses = new double[alphas.length];
    int next = 0;
    for (int i = 0; i < curve.getAlphasCount() && next < alphas.length; i++) {
      if (curve.getAlphas(i) == alphas[next]) {
        losses[next++] = curve.getLossesNats(i);
      }
    }
    return losses;
  }
}
