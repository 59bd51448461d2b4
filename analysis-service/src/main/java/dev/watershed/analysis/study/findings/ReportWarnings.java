package dev.watershed.analysis.study.findings;

import static dev.watershed.type.v1.WarningReason.WARNING_REASON_AFFINITY_NOT_CONNECTED;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_BASINS_ARE_RECIPES;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_BELOW_CHANCE;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_CHECKPOINT_READ;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_DATA_READ;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_EVALUATOR_UNSUITABLE;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_FEW_EXAMPLES;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_FEW_MODELS;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_GAP_LOOSELY_KNOWN;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_NO_INTERVALS;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_NO_PREDICTIONS;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_ONE_CLASS;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_PRECISION_NOT_REACHED;
import static dev.watershed.type.v1.WarningReason.WARNING_REASON_SAME_WEIGHTS;

import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.report.OriginDifferences;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.store.StudyFacts.Notice;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudyReportOrBuilder;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.input.Chance;
import dev.watershed.type.v1.Warning;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Says what should make a reader doubt a report. Only what is likely a mistake or makes figures
 * uncertain is said: a warning that is always there is read by nobody.
 */
final class ReportWarnings {
  /** Of fewer, intervals of 95 % hold what they say in as few as 84 % of cases. */
  private static final int LEAST_EXAMPLES = 256;

  /** A line through fewer points has hardly a degree of freedom left. */
  private static final int LEAST_FITTED_MODELS = 5;

  /** So many models are named in a sentence. */
  private static final int MOST_NAMED = 10;

  private ReportWarnings() {}

  /**
   * @param report with its models, spec and diagnostics
   * @param labelCount labels of the in-domain sample's data; 0 where that is not known
   */
  static List<Warning> of(StudyReportOrBuilder report, int labelCount) {
    var warnings = new ArrayList<Warning>();
    for (var model : report.getModelsList()) {
      var inDomain = model.getInDomain();
      var chance = new Chance(labelCount, inDomain.getExampleCount());
      // Out of domain a model may well be below chance: diagnostics are made to mislead it.
      if (chance.looksPermuted(inDomain.getAccuracy())) {
        warnings.add(
            Warnings.of(
                WARNING_REASON_BELOW_CHANCE, model.getCheckpoint(), belowChance(model, chance)));
      }
    }
    oneClass(report.getModelsList()).ifPresent(warnings::add);
    warnings.addAll(sameWeights(report.getModelsList()));
    OriginDifferences.of(report)
        .basins(report)
        .map(text -> Warnings.of(WARNING_REASON_BASINS_ARE_RECIPES, text))
        .ifPresent(warnings::add);
    int examples = report.getModels(0).getInDomain().getExampleCount();
    if (examples < LEAST_EXAMPLES) {
      warnings.add(
          Warnings.of(
              WARNING_REASON_FEW_EXAMPLES,
              report.getSpec().getInDomain().getName(),
              String.format(
                  Locale.ROOT,
                  "The in-domain sample (%s) has only %d examples, so that losses and gaps are"
                      + " noisy and intervals too narrow; take at least %d.",
                  report.getSampleTexts(0),
                  examples,
                  LEAST_EXAMPLES)));
    }
    int resamples = report.getSpec().getResampling().getResampleCount();
    int points =
        report.getPairsList().stream()
            .mapToInt(pair -> pair.getCurve().getAlphasCount())
            .max()
            .orElse(0);
    if (resamples > 0
        && (examples > ExampleFloats.MOST && !report.hasGrown()
            || !PairedBootstrap.fits(resamples, examples, points))) {
      warnings.add(
          Warnings.of(
              WARNING_REASON_NO_INTERVALS,
              report.getSpec().getInDomain().getName(),
              String.format(
                  Locale.ROOT,
                  "%d resamples of %d examples at %d points do not fit memory (of more than %d"
                      + " examples no losses are kept), so that there are no intervals. Take a"
                      + " smaller sample, fewer alphas or fewer resamples.",
                  resamples,
                  examples,
                  points,
                  ExampleFloats.MOST)));
    }
    noPredictions(report, examples, labelCount).ifPresent(warnings::add);
    if (report.hasGrown() && !report.getGrown().getReached()) {
      warnings.add(
          Warnings.of(
              WARNING_REASON_PRECISION_NOT_REACHED,
              report.getSpec().getInDomain().getName(),
              report.getGrown().getSentence()));
    }
    looselyKnown(report)
        .map(text -> Warnings.of(WARNING_REASON_GAP_LOOSELY_KNOWN, text))
        .ifPresent(warnings::add);
    unconnected(report)
        .map(text -> Warnings.of(WARNING_REASON_AFFINITY_NOT_CONNECTED, text))
        .ifPresent(warnings::add);
    if (report.getDiagnosticsCount() > 0 && report.getModelsCount() < LEAST_FITTED_MODELS) {
      warnings.add(
          Warnings.of(
              WARNING_REASON_FEW_MODELS,
              String.format(
                  Locale.ROOT,
                  "The diagnostics are fitted over %d models; a correlation of fewer than %d says"
                      + " little. Add models.",
                  report.getModelsCount(),
                  LEAST_FITTED_MODELS)));
    }
    return warnings;
  }

  private static Optional<Warning> noPredictions(
      StudyReportOrBuilder report, int examples, int labelCount) {
    if (report.getPairsCount() == 0 || report.getPairs(0).hasDisagreement()) {
      return Optional.empty();
    }
    var why =
        (long) examples * labelCount > ExampleFloats.MOST
            ? String.format(
                Locale.ROOT,
                "%d examples of %d labels have more than %d probabilities. Take a smaller sample.",
                examples,
                labelCount,
                ExampleFloats.MOST)
            : "an evaluator of an earlier version told no probabilities, or an earlier version of the"
                + " analysis measured the models. Update both, and create the study again.";
    return Optional.of(
        Warnings.of(
            WARNING_REASON_NO_PREDICTIONS,
            report.getSpec().getInDomain().getName(),
            "Disagreement and Jensen-Shannon divergence of predictions are left out: " + why));
  }

  /** What was noticed meanwhile, said once for all that it was noticed of. */
  static List<Warning> ofNotices(StudySpec spec, List<Notice> notices) {
    var others = new ArrayList<Warning>();
    var models = new LinkedHashMap<String, List<StudyModel>>();
    for (var notice : notices) {
      if (notice.isOfEvaluator()) {
        others.add(Warnings.of(WARNING_REASON_EVALUATOR_UNSUITABLE, notice.message()));
      } else if (notice.isOfModel()) {
        models
            .computeIfAbsent(notice.message(), message -> new ArrayList<>())
            .add(spec.getModels(notice.model()));
      } else {
        String name =
            notice.sample() == 0
                ? spec.getInDomain().getName()
                : spec.getDiagnostics(notice.sample() - 1).getSample().getName();
        others.add(Warnings.of(WARNING_REASON_DATA_READ, name, name + ": " + notice.message()));
      }
    }
    var warnings = new ArrayList<>(others);
    models.forEach(
        (message, of) ->
            warnings.add(
                Warnings.of(
                    WARNING_REASON_CHECKPOINT_READ,
                    of.get(0).getCheckpoint(),
                    named(of.stream().map(StudyModel::getLabel).toList()) + ": " + message)));
    return warnings;
  }

  /** Adaptive alphas that came to their finest spacing before the tolerance. */
  private static Optional<String> looselyKnown(StudyReportOrBuilder report) {
    var adaptive = report.getSpec().getAdaptive();
    var loose =
        report.getPairsList().stream()
            .filter(PairReport::hasConvexityGapToleranceNats)
            .mapToDouble(PairReport::getConvexityGapToleranceNats)
            .filter(tolerance -> tolerance > adaptive.getToleranceNats())
            .summaryStatistics();
    return loose.getCount() == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "The convexity gaps of %d of %d pairs are known to %.2g nats only, not to %s: alphas"
                    + " came to the finest spacing, 1/%d. Raise the finest interval count or the"
                    + " tolerance.",
                loose.getCount(),
                report.getPairsCount(),
                loose.getMax(),
                adaptive.getToleranceNats(),
                adaptive.getFinestIntervalCount()));
  }

  /** Distances of many kernel widths, between which all affinities vanish. */
  private static Optional<String> unconnected(StudyReportOrBuilder report) {
    var clustering = report.getClustering();
    if (clustering.getConnected() || !report.hasClustering()) {
      return Optional.empty();
    }
    var finite =
        report.getPairsList().stream()
            .mapToDouble(PairReport::getDistance)
            .filter(Double::isFinite)
            .toArray();
    return Optional.of(
        String.format(
            Locale.ROOT,
            "The affinity graph is not connected: the median distance is %s, the kernel width %s."
                + " Clusters and the centroid-distance feature say nothing of how far its parts are"
                + " apart; %s.",
            Finding.number(Summary.median(finite)),
            Finding.number(clustering.getKernelWidth()),
            report.getSpec().getMedianKernelWidth()
                ? "look at the distances themselves"
                : "take the median distance as the kernel width"));
  }

  private static String belowChance(ModelReport model, Chance chance) {
    return String.format(
        Locale.ROOT,
        "%s (%s) has accuracy %.3f on the in-domain sample, far below the %.3f of guessing among"
            + " %d labels: its labels look permuted. Check id2label in the checkpoint's config.json"
            + " and the sample's label mapping.",
        model.getLabel(),
        model.getCheckpoint(),
        model.getInDomain().getAccuracy(),
        chance.accuracy(),
        chance.labelCount());
  }

  private static Optional<Warning> oneClass(List<ModelReport> models) {
    var constant =
        models.stream().filter(model -> model.getInDomain().getMatthewsCorrelation() == 0).toList();
    return constant.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Warnings.of(
                WARNING_REASON_ONE_CLASS,
                constant.get(0).getCheckpoint(),
                String.format(
                    Locale.ROOT,
                    "%d of %d models have a Matthews correlation of 0 in domain, as a model has that"
                        + " says one class of everything: %s. What their distances show is nothing"
                        + " that they learned. Leave them out, or train them again.",
                    constant.size(),
                    models.size(),
                    named(constant.stream().map(ModelReport::getLabel).toList()))));
  }

  private static List<Warning> sameWeights(List<ModelReport> models) {
    var byDigest = new LinkedHashMap<String, List<ModelReport>>();
    for (var model : models) {
      byDigest
          .computeIfAbsent(model.getDigest().getSha256(), digest -> new ArrayList<>())
          .add(model);
    }
    return byDigest.values().stream()
        .filter(same -> same.size() > 1)
        .map(
            same ->
                Warnings.of(
                    WARNING_REASON_SAME_WEIGHTS,
                    same.get(0).getCheckpoint(),
                    named(same.stream().map(ModelReport::getLabel).toList())
                        + " are one model: their checkpoints have the same digest. Pairs of them"
                        + " have no distance, and clusters count them more than once."))
        .toList();
  }

  private static String named(List<String> labels) {
    int more = labels.size() - MOST_NAMED;
    return labels.stream().limit(MOST_NAMED).collect(Collectors.joining(", "))
        + (more > 0 ? " and " + more + " more" : "");
  }
}
