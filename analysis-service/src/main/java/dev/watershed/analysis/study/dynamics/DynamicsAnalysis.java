package dev.watershed.analysis.study.dynamics;

import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.comparison.ComparableReports;
import dev.watershed.analysis.study.comparison.PairDifferences;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.SweepChange;
import dev.watershed.analysis.v1.SweepEnds;
import dev.watershed.analysis.v1.TabulateChangesResponse;
import dev.watershed.server.RefusedException;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Compares the stored reports of studies of the same models at different steps. */
@Singleton
public final class DynamicsAnalysis {
  /** Pairs times steps; an answer of so many takes some 100 MB. */
  private static final long MOST_METRICS = 1_000_000;

  private static final int MOST_NAMED = 10;

  private final Studies studies;
  private final PairDifferences differences;

  DynamicsAnalysis(Studies studies, PairDifferences differences) {
    this.studies = studies;
    this.differences = differences;
  }

  /**
   * Compares studies.
   *
   * @param wanted at least two, by ascending step
   * @param throwIfUnwanted run now and then; what it throws ends the work
   * @throws RefusedException NOT_FOUND, FAILED_PRECONDITION for a study without a report,
   *     INVALID_ARGUMENT for studies that cannot be compared
   */
  public Dynamics analyze(List<StepStudy> wanted, Runnable throwIfUnwanted) {
    return analyze(wanted, "studies", i -> "studies[" + i + "]", throwIfUnwanted);
  }

  /**
   * @param all field of the request that holds the studies
   * @param field that holds one of them, by index
   */
  private Dynamics analyze(
      List<StepStudy> wanted, String all, IntFunction<String> field, Runnable throwIfUnwanted) {
    checkOrder(wanted, field);
    var steps = new ArrayList<DynamicsStep>();
    StudyReport first = null;
    for (int i = 0; i < wanted.size(); i++) {
      throwIfUnwanted.run();
      var report = studies.report(wanted.get(i).getStudy());
      if (first == null) {
        first = report;
        checkSize(report, wanted.size(), all);
      } else {
        checkLabels(first, report, field.apply(i) + ".study");
        ComparableReports.check(first, report, field.apply(i) + ".study");
      }
      // The report's curves are let go of before the next one is read.
      steps.add(
          DynamicsStep.of(
              wanted.get(i).getStep(),
              report,
              labels(first),
              report.getPairsCount() == 1
                  ? differences.uncertainty(report, 0, 1, throwIfUnwanted)
                  : Optional.empty()));
    }
    return new DynamicsComputation(steps, throwIfUnwanted).compute();
  }

  /**
   * Compares the models of several sweeps at two steps each.
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   * @throws RefusedException as {@link #analyze}, naming the sweep
   */
  public TabulateChangesResponse tabulate(List<SweepEnds> sweeps, Runnable throwIfUnwanted) {
    var table = TabulateChangesResponse.newBuilder();
    for (int i = 0; i < sweeps.size(); i++) {
      var sweep = sweeps.get(i);
      var ends = List.of(sweep.getStart(), sweep.getEnd());
      var row = "sweeps[" + i + "]";
      var dynamics =
          analyze(ends, row, end -> row + (end == 0 ? ".start" : ".end"), throwIfUnwanted);
      var summary = studies.reportSummary(sweep.getEnd().getStudy());
      table.addRows(
          SweepChange.newBuilder()
              .setName(sweep.getName().isBlank() ? nameOf(summary) : sweep.getName())
              .setChange(dynamics.getChanges(0))
              .setModelCount(dynamics.getLabelsCount())
              .setInDomainExampleCount(summary.getInDomainExampleCount())
              .addAllWarnings(dynamics.getWarningsList()));
    }
    return table.build();
  }

  private static String nameOf(StudyReport report) {
    var given = report.getSpec().getDisplayName();
    return given.isBlank() ? report.getStudy() : given;
  }

  private static void checkOrder(List<StepStudy> wanted, IntFunction<String> field) {
    var names = new HashSet<String>();
    for (int i = 0; i < wanted.size(); i++) {
      var study = wanted.get(i);
      if (i > 0 && study.getStep() <= wanted.get(i - 1).getStep()) {
        throw invalidArgument(
            "STEPS_NOT_ASCENDING",
            field.apply(i) + ".step",
            String.format(
                Locale.ROOT,
                "Step %d follows step %d; give each step once, in ascending order.",
                study.getStep(),
                wanted.get(i - 1).getStep()));
      }
      if (!names.add(study.getStudy())) {
        throw invalidArgument(
            "STUDY_TWICE",
            field.apply(i) + ".study",
            "%s stands for two steps; give each step its own study.".formatted(study.getStudy()));
      }
    }
  }

  private static void checkSize(StudyReport first, int stepCount, String field) {
    long metrics = (long) first.getPairsCount() * stepCount;
    if (metrics > MOST_METRICS) {
      throw invalidArgument(
          "DYNAMICS_TOO_LARGE",
          field,
          String.format(
              Locale.ROOT,
              "%d pairs at %d steps are %d curves; the limit is %d. Compare fewer steps.",
              first.getPairsCount(),
              stepCount,
              metrics,
              MOST_METRICS));
    }
  }

  private static void checkLabels(StudyReport first, StudyReport other, String field) {
    var labels = new LinkedHashSet<>(labels(first));
    var otherLabels = new LinkedHashSet<>(labels(other));
    if (labels.equals(otherLabels)) {
      return;
    }
    var lacks = new ArrayList<String>();
    addLack(lacks, other, labels, otherLabels);
    addLack(lacks, first, otherLabels, labels);
    throw invalidArgument(
        "MODELS_DIFFER",
        field,
        "Models are matched by label, but %s. Create studies that give each model the same label at every step."
            .formatted(String.join(" and ", lacks)));
  }

  private static void addLack(
      List<String> lacks, StudyReport report, Set<String> wanted, Set<String> there) {
    var missing = wanted.stream().filter(label -> !there.contains(label)).toList();
    if (!missing.isEmpty()) {
      int more = missing.size() - MOST_NAMED;
      lacks.add(
          "%s has no model %s%s"
              .formatted(
                  report.getStudy(),
                  missing.stream()
                      .limit(MOST_NAMED)
                      .map(label -> '"' + label + '"')
                      .collect(Collectors.joining(", ")),
                  more > 0 ? " and " + more + " more" : ""));
    }
  }

  private static List<String> labels(StudyReport report) {
    return report.getModelsList().stream().map(model -> model.getLabel()).toList();
  }
}
