package dev.watershed.standalone.quickstart;

import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.cli.ReportText;
import dev.watershed.input.ResourceName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.hipparchus.stat.descriptive.rank.Median;

/**
 * What the quickstart found.
 *
 * @param models one fine-tune each, in the order of the seeds
 * @param margins the numbers that show the phenomenon
 * @param marginsAsserted whether there were enough seeds for the margins to mean anything
 * @param finding one sentence
 * @param directory where the report was written
 * @param seconds how long each part took
 * @param peakMemoryBytes the most memory that this process held; 0 where the system does not say
 */
public record QuickstartResult(
    List<Model> models,
    List<Measured> margins,
    boolean marginsAsserted,
    String finding,
    String directory,
    Map<String, Double> seconds,
    long peakMemoryBytes) {

  /** Fewer fine-tunes can by chance lie in one basin. */
  static final int SEEDS_FOR_MARGINS = 8;

  /** One fine-tune: its scores, its basin, and what it looks at. */
  public record Model(
      String label,
      String checkpoint,
      double validationAccuracy,
      double diagnostic,
      String basin,
      String strategy,
      String probes) {}

  /** A margin with its verdict. */
  public record Measured(String name, double value, double limit, boolean holds) {}

  static QuickstartResult of(
      StudyReport report, String directory, Map<String, Double> seconds, long peakMemoryBytes) {
    List<Model> models = report.getModelsList().stream().map(QuickstartResult::model).toList();
    return new QuickstartResult(
        models,
        Margin.of(report).stream()
            .map(
                margin ->
                    new Measured(margin.name(), margin.value(), margin.limit(), margin.holds()))
            .toList(),
        models.size() >= SEEDS_FOR_MARGINS,
        finding(report, models),
        directory,
        seconds,
        peakMemoryBytes);
  }

  /** Whether the phenomenon is there, as far as that can be said. */
  public boolean holds() {
    return !marginsAsserted || margins.stream().allMatch(Measured::holds);
  }

  private static Model model(ModelReport report) {
    int[] probes = MiniatureExperiment.PROBES;
    Strategy strategy =
        new Strategy(
            report.getDiagnosticScores(probes[0]),
            report.getDiagnosticScores(probes[1]),
            report.getDiagnosticScores(probes[2]));
    return new Model(
        report.getLabel(),
        ResourceName.id(report.getCheckpoint()),
        report.getInDomain().getAccuracy(),
        report.getDiagnosticScores(MiniatureExperiment.NOT_ENTAILED),
        ReportText.basin(report.getCluster()),
        strategy.name(),
        strategy.vector());
  }

  private static String finding(StudyReport report, List<Model> models) {
    String agreement =
        models.size()
            + " fine-tunes of one pretrained encoder with validation accuracy "
            + range(models, Model::validationAccuracy);
    if (report.getClustering().getOneBasin()) {
      return agreement + " share one basin: " + report.getClustering().getVerdict();
    }
    List<String> basins = new ArrayList<>();
    for (String basin : models.stream().map(Model::basin).distinct().sorted().toList()) {
      List<Model> members = models.stream().filter(model -> model.basin().equals(basin)).toList();
      basins.add(
          members.size()
              + " in "
              + basin
              + " (check "
              + members.stream()
                  .map(Model::strategy)
                  .distinct()
                  .sorted()
                  .collect(Collectors.joining(" or "))
              + "; diagnostic "
              + range(members, Model::diagnostic)
              + ")");
    }
    return agreement
        + " fall into "
        + basins.size()
        + " basins: "
        + String.join(", ", basins)
        + "; median convexity gap "
        + gap(report, true)
        + " nats within a basin, "
        + gap(report, false)
        + " across.";
  }

  private static String gap(StudyReport report, boolean within) {
    double[] gaps =
        report.getPairsList().stream()
            .filter(
                pair ->
                    within
                        == (report.getModels(pair.getModelA()).getCluster()
                            == report.getModels(pair.getModelB()).getCluster()))
            .mapToDouble(PairReport::getDistance)
            .toArray();
    return gaps.length == 0 ? "-" : String.format(Locale.ROOT, "%.2f", new Median().evaluate(gaps));
  }

  private static String range(List<Model> models, ToDoubleFunction<Model> value) {
    double lowest = models.stream().mapToDouble(value).min().orElse(Double.NaN);
    double highest = models.stream().mapToDouble(value).max().orElse(Double.NaN);
    String low = String.format(Locale.ROOT, "%.2f", lowest);
    String high = String.format(Locale.ROOT, "%.2f", highest);
    return low.equals(high) ? low : low + "-" + high;
  }
}
