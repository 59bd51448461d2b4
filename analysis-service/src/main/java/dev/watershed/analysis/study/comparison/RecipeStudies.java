package dev.watershed.analysis.study.comparison;

import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.statistics.RecipeComparison;
import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.findings.Warnings;
import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.v1.CompareStudiesRequest;
import dev.watershed.analysis.v1.CompareStudiesResponse;
import dev.watershed.analysis.v1.MetricComparison;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Compares the stored reports of two studies as two recipes. */
@Singleton
public final class RecipeStudies {
  private final Studies studies;

  RecipeStudies(Studies studies) {
    this.studies = studies;
  }

  /**
   * Compares two studies.
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   * @throws RefusedException NOT_FOUND, FAILED_PRECONDITION for a study without a report,
   *     INVALID_ARGUMENT for studies that cannot be compared
   */
  public CompareStudiesResponse compare(CompareStudiesRequest request, Runnable throwIfUnwanted) {
    if (request.getFirst().equals(request.getSecond())) {
      throw invalidArgument(
          "STUDY_TWICE",
          "second",
          request.getSecond() + " would be compared with itself; name two studies.");
    }
    var first = studies.report(request.getFirst());
    throwIfUnwanted.run();
    var second = studies.report(request.getSecond());
    throwIfUnwanted.run();
    ComparableReports.check(first, second, "second");
    check(first, "first");
    check(second, "second");
    var labels = labels(first);
    var common = new HashSet<>(labels);
    common.retainAll(labels(second));
    boolean paired =
        !request.getUnpaired()
            && common.size() == labels.size()
            && common.size() == second.getModelsCount();
    var response =
        CompareStudiesResponse.newBuilder()
            .setInDomainExampleCount(first.getInDomainExampleCount())
            .setCommonLabelCount(common.size());
    boolean nested = AlphaGrid.of(first.getSpec()).nested();
    for (var metric : PairMetric.values()) {
      if (metric == PairMetric.IMPROVED_CONVEXITY_GAP && !nested) {
        continue;
      }
      throwIfUnwanted.run();
      var one = matrix(first, labels, metric);
      var two = matrix(second, paired ? labels : labels(second), metric);
      var found =
          paired ? RecipeComparison.paired(one, two) : RecipeComparison.independent(one, two);
      response.addComparisons(
          MetricComparison.newBuilder()
              .setMetric(metric.word())
              .setComparison(MetricMessages.recipeComparison(found, metric.inWords(), "nats")));
    }
    return response
        .setFinding(response.getComparisons(0).getComparison().getSentence())
        .addAllWarnings(warnings(first, second))
        .build();
  }

  private static void check(StudyReport report, String field) {
    if (report.getModelsCount() < RecipeComparison.LEAST_MODELS) {
      throw invalidArgument(
          "TOO_FEW_MODELS",
          field,
          String.format(
              Locale.ROOT,
              "%s has %d models, and what is said of a recipe takes %d; compare the pairs of two models"
                  + " with ComparePairs.",
              report.getStudy(),
              report.getModelsCount(),
              RecipeComparison.LEAST_MODELS));
    }
    long diverged =
        report.getPairsList().stream()
            .filter(pair -> !Double.isFinite(pair.getMetrics().getConvexityGapNats()))
            .count();
    if (diverged > 0) {
      throw invalidArgument(
          "DISTANCE_NOT_FINITE",
          field,
          String.format(
              Locale.ROOT,
              "The loss is not finite somewhere between the models of %d of %d pairs of %s, so that its"
                  + " mean is not; study the other models.",
              diverged,
              report.getPairsCount(),
              report.getStudy()));
    }
  }

  private static List<String> labels(StudyReport report) {
    return report.getModelsList().stream().map(ModelReport::getLabel).toList();
  }

  /**
   * @param labels of the report's models, in the order wanted
   */
  private static double[][] matrix(StudyReport report, List<String> labels, PairMetric metric) {
    var placeOf = new HashMap<String, Integer>();
    for (int i = 0; i < labels.size(); i++) {
      placeOf.put(labels.get(i), i);
    }
    var places =
        IntStream.range(0, report.getModelsCount())
            .map(model -> placeOf.getOrDefault(report.getModels(model).getLabel(), model))
            .toArray();
    var matrix = new double[places.length][places.length];
    for (var pair : report.getPairsList()) {
      int a = places[pair.getModelA()];
      int b = places[pair.getModelB()];
      matrix[a][b] = matrix[b][a] = metric.of(pair.getMetrics());
    }
    return matrix;
  }

  /** Those of either, and what differs between the two. */
  private static List<Warning> warnings(StudyReport first, StudyReport second) {
    var warnings = new ArrayList<Warning>();
    if (first.getSpec().getPrecision() != second.getSpec().getPrecision()) {
      warnings.add(
          Warnings.of(
              WarningReason.WARNING_REASON_SPECS_DIFFER,
              "The studies differ in precision ("
                  + first.getSpec().getPrecision()
                  + ", "
                  + second.getSpec().getPrecision()
                  + "); small differences may be rounding."));
    }
    for (var report : List.of(first, second)) {
      var which = report == first ? "First: " : "Second: ";
      for (var warning : report.getWarningsList()) {
        // It is about fits, of which there are none here.
        if (warning.getReason() != WarningReason.WARNING_REASON_FEW_MODELS) {
          warnings.add(warning.toBuilder().setMessage(which + warning.getMessage()).build());
        }
      }
    }
    return warnings;
  }
}
