package dev.watershed.analysis.study.dynamics;

import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.server.RefusedException;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Compares the stored reports of studies of the same models at different steps. */
@Singleton
public final class DynamicsAnalysis {
  /** Pairs times steps; an answer of so many takes some 100 MB. */
  private static final long MOST_METRICS = 1_000_000;

  private static final int MOST_NAMED = 10;

  private final Studies studies;

  DynamicsAnalysis(Studies studies) {
    this.studies = studies;
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
    checkOrder(wanted);
    var steps = new ArrayList<DynamicsStep>();
    StudyReport first = null;
    for (int i = 0; i < wanted.size(); i++) {
      throwIfUnwanted.run();
      var report = studies.report(wanted.get(i).getStudy());
      if (first == null) {
        first = report;
        checkSize(report, wanted.size());
      } else {
        checkComparable(first, report, "studies[" + i + "].study");
      }
      // The report's curves are let go of before the next one is read.
      steps.add(DynamicsStep.of(wanted.get(i).getStep(), report, labels(first)));
    }
    return new DynamicsComputation(steps, throwIfUnwanted).compute();
  }

  private static void checkOrder(List<StepStudy> wanted) {
    var names = new HashSet<String>();
    for (int i = 0; i < wanted.size(); i++) {
      var study = wanted.get(i);
      if (i > 0 && study.getStep() <= wanted.get(i - 1).getStep()) {
        throw invalidArgument(
            "STEPS_NOT_ASCENDING",
            String.format(Locale.ROOT, "studies[%d].step", i),
            String.format(
                Locale.ROOT,
                "Step %d follows step %d; give each step once, in ascending order.",
                study.getStep(),
                wanted.get(i - 1).getStep()));
      }
      if (!names.add(study.getStudy())) {
        throw invalidArgument(
            "STUDY_TWICE",
            String.format(Locale.ROOT, "studies[%d].study", i),
            "%s stands for two steps; give each step its own study.".formatted(study.getStudy()));
      }
    }
  }

  private static void checkSize(StudyReport first, int stepCount) {
    long metrics = (long) first.getPairsCount() * stepCount;
    if (metrics > MOST_METRICS) {
      throw invalidArgument(
          "DYNAMICS_TOO_LARGE",
          "studies",
          String.format(
              Locale.ROOT,
              "%d pairs at %d steps are %d curves; the limit is %d. Compare fewer steps.",
              first.getPairsCount(),
              stepCount,
              metrics,
              MOST_METRICS));
    }
  }

  private static void checkComparable(StudyReport first, StudyReport other, String field) {
    checkLabels(first, other, field);
    var alphas = AlphaGrid.of(first.getSpec());
    var otherAlphas = AlphaGrid.of(other.getSpec());
    if (!alphas.equals(otherAlphas)) {
      throw invalidArgument(
          "ALPHAS_DIFFER",
          field,
          "%s has curves of %s and %s of %s; metrics compare on the same alphas alone. Create studies with one protocol."
              .formatted(first.getStudy(), alphas, other.getStudy(), otherAlphas));
    }
    var digest = first.getInDomainDigest().getSha256();
    var otherDigest = other.getInDomainDigest().getSha256();
    if (!digest.equals(otherDigest)) {
      throw invalidArgument(
          "IN_DOMAIN_SAMPLE_DIFFERS",
          field,
          "%s was measured on the in-domain sample %s and %s on %s; losses compare on the same examples alone. Create studies with one sample, and see that its file has not changed."
              .formatted(first.getStudy(), digest, other.getStudy(), otherDigest));
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
