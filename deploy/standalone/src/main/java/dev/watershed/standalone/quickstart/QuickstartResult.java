package dev.watershed.standalone.quickstart;

import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.cli.ReportText;
import dev.watershed.input.ResourceName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
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
    List<Model> models =
        report.getModelsList().stream().map(model -> model(report, model)).toList();
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

  private static Model model(StudyReport whole, ModelReport report) {
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
        ReportText.basin(whole, report),
        strategy.name(),
        strategy.vector());
  }

  private static String finding(StudyReport report, List<Model> models) {
    String agreement =
        models.size()
            + " fine-tunes of one pretrained encoder with validation accuracy "
            + range(models, Model::validationAccuracy);
    BasinVerdict verdict = report.getVerdict();
    boolean split = verdict.getState() == BasinState.BASIN_STATE_SPLIT;
    // Without a split there are no basins to speak of: what the models check is told all the same.
    Function<Model, String> kind = split ? Model::basin : Model::strategy;
    List<String> kinds = new ArrayList<>();
    for (String one : models.stream().map(kind).distinct().sorted().toList()) {
      List<Model> members = models.stream().filter(model -> kind.apply(model).equals(one)).toList();
      String checked =
          "check "
              + members.stream()
                  .map(Model::strategy)
                  .distinct()
                  .sorted()
                  .collect(Collectors.joining(" or "));
      String diagnostic = "diagnostic " + range(members, Model::diagnostic);
      kinds.add(
          split
              ? members.size() + " in " + one + " (" + checked + "; " + diagnostic + ")"
              : members.size() + " " + checked + " (" + diagnostic + ")");
    }
    String gaps =
        "; median convexity gap "
            + gap(report, models, kind, true)
            + (split ? " nats within a basin, " : " nats between models that check the same, ")
            + gap(report, models, kind, false)
            + (split ? " across." : " between others.");
    if (split) {
      return agreement
          + String.format(
              Locale.ROOT,
              " fall into %d basins (separation %.3f, %.3f needed): ",
              verdict.getClusterCount(),
              verdict.getSeparation(),
              verdict.getSeparationNeeded())
          + String.join(", ", kinds)
          + gaps;
    }
    String said = verdict.getSentence();
    return agreement
        + ". By their distances alone: "
        + said.substring(0, 1).toLowerCase(Locale.ROOT)
        + said.substring(1)
        + " What they check is the outside evidence: "
        + String.join(", ", kinds)
        + gaps;
  }

  private static String gap(
      StudyReport report, List<Model> models, Function<Model, String> kind, boolean alike) {
    double[] gaps =
        report.getPairsList().stream()
            .filter(
                pair ->
                    alike
                        == kind.apply(models.get(pair.getModelA()))
                            .equals(kind.apply(models.get(pair.getModelB()))))
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
