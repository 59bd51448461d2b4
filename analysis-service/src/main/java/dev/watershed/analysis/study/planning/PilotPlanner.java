package dev.watershed.analysis.study.planning;

import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.cluster.VerdictRates;
import dev.watershed.analysis.statistics.PairMeans;
import dev.watershed.analysis.statistics.RecipeComparison;
import dev.watershed.analysis.statistics.SamplePlan;
import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.findings.PairMetrics;
import dev.watershed.analysis.v1.BasinPlan;
import dev.watershed.analysis.v1.EvaluationPlan;
import dev.watershed.analysis.v1.ExamplePlan;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.PlanStudyRequest;
import dev.watershed.analysis.v1.PlanStudyResponse;
import dev.watershed.analysis.v1.RecipePlan;
import dev.watershed.analysis.v1.RecipePower;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.server.RefusedException;
import jakarta.inject.Singleton;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** Says how large a study must be, by what a smaller one has found. */
@Singleton
public final class PilotPlanner {
  private static final int DEFAULT_MODELS = 16;
  private static final int DEFAULT_INTERVALS = 10;
  private static final int DEFAULT_EXAMPLES = 512;

  /** A pilot of fewer examples says too little of how many it takes. */
  private static final int LEAST_PILOT = 256;

  /** Half of all pilots say too little; so many times as many suffice for most. */
  private static final double ADVISED = 1.3;

  private static final double DEFAULT_RATIO = .5;
  private static final double LEVEL = .05;

  /** Models a group of which the power is told. */
  private static final List<Integer> GROUPS = List.of(5, 8, 12, 20);

  private final Studies studies;

  PilotPlanner(Studies studies) {
    this.studies = studies;
  }

  /**
   * Plans a study.
   *
   * @throws RefusedException NOT_FOUND, FAILED_PRECONDITION for a pilot without a report,
   *     INVALID_ARGUMENT for a precision without a pilot, or an impossible difference of scores
   */
  public PlanStudyResponse plan(PlanStudyRequest request) {
    var pilot =
        request.getPilot().isEmpty()
            ? Optional.<StudyReport>empty()
            : Optional.of(studies.report(request.getPilot()));
    var plan = PlanStudyResponse.newBuilder();
    examples(request, pilot).ifPresent(plan::setExamples);
    if (request.hasScore()) {
      plan.setScoreExampleCount(score(request));
    }
    int models =
        request.hasModelCount()
            ? request.getModelCount()
            : pilot.map(StudyReport::getModelsCount).orElse(DEFAULT_MODELS);
    basins(plan, models, pilot);
    plan.setRecipe(recipe(request, pilot));
    long examples =
        plan.hasExamples()
            ? plan.getExamples().getAdvisedExampleCount()
            : pilot.map(StudyReport::getInDomainExampleCount).orElse(DEFAULT_EXAMPLES);
    plan.setEvaluations(evaluations(request, models, examples, pilot));
    return plan.addAllSentences(new PlanText(plan, pilot).sentences()).build();
  }

  private static Optional<ExamplePlan> examples(
      PlanStudyRequest request, Optional<StudyReport> pilot) {
    if (!request.hasHalfWidthNats()) {
      return Optional.empty();
    }
    double wanted = request.getHalfWidthNats();
    if (request.hasCurve()) {
      return Optional.of(
          examples(
                  request.getCurve().getExampleCount(),
                  request.getCurve().getHalfWidthNats(),
                  wanted)
              .setPairCount(1)
              .build());
    }
    if (pilot.isEmpty()) {
      throw invalidArgument(
          "PILOT_MISSING",
          "half_width_nats",
          "How many examples make an interval so narrow is known of a pilot alone; name a study that"
              + " has succeeded, or say how wide the interval of a curve is.");
    }
    var report = pilot.get();
    var known = report.getPairsList().stream().filter(PairReport::hasUncertainty).toList();
    Predicate<PairReport> told = pair -> !pair.getUncertainty().getLowerEndSetToZero();
    var aboveZero = known.stream().filter(told).toList();
    double widest =
        (aboveZero.isEmpty() ? known : aboveZero)
            .stream().map(PairMetrics::halfWidth).max(Comparator.naturalOrder()).orElse(0.);
    if (widest == 0) {
      throw invalidArgument(
          "PILOT_MISSING",
          "pilot",
          report.getStudy()
              + " tells no intervals of its gaps, or all have none; create a pilot with resampling.");
    }
    return Optional.of(
        examples(report.getInDomainExampleCount(), widest, wanted)
            .setPairCount(known.size())
            .setZeroPairCount(known.size() - aboveZero.size())
            .build());
  }

  private static ExamplePlan.Builder examples(int pilot, double halfWidth, double wanted) {
    long needed = SamplePlan.examples(pilot, halfWidth, wanted);
    return ExamplePlan.newBuilder()
        .setPilotExampleCount(pilot)
        .setPilotHalfWidthNats(halfWidth)
        .setHalfWidthNats(wanted)
        .setExampleCount(needed)
        .setAdvisedExampleCount((long) Math.ceil(ADVISED * needed))
        .setSmallPilot(pilot < LEAST_PILOT);
  }

  private static long score(PlanStudyRequest request) {
    var score = request.getScore();
    if (score.getDisagreement() < score.getDifference()) {
      throw invalidArgument(
          "DISAGREEMENT_TOO_SMALL",
          "score.disagreement",
          String.format(
              Locale.ROOT,
              "Two models whose accuracies differ by %s disagree on that share of the examples at"
                  + " least, not on %s.",
              score.getDifference(),
              score.getDisagreement()));
    }
    return SamplePlan.examplesForAccuracies(
        score.getDifference(), score.getDisagreement(), RecipeComparison.POWER, LEVEL);
  }

  private static void basins(
      PlanStudyResponse.Builder plan, int models, Optional<StudyReport> pilot) {
    plan.setSeparationNeeded(BasinVerdict.separationNeeded(models));
    for (var rates : VerdictRates.SIMULATED) {
      plan.addBasins(
          BasinPlan.newBuilder()
              .setModelCount(rates.models())
              .setSeparationNeeded(BasinVerdict.separationNeeded(rates.models()))
              .setEvenRate(rates.even())
              .setUnevenRate(rates.uneven())
              .setThreeRate(rates.three())
              .setNearRate(rates.near())
              .setFalseSplitRate(rates.falseSplit())
              .setFalseSplitOfDiscRate(rates.falseSplitOfDisc()));
    }
    pilot.ifPresent(
        report -> {
          double separation = report.getVerdict().getSeparation();
          if (report.hasVerdict() && !Double.isNaN(separation)) {
            plan.setPilotSeparation(separation);
            VerdictRates.modelsNeeded(separation).ifPresent(plan::setModelsForSeparation);
          }
        });
  }

  private static RecipePlan recipe(PlanStudyRequest request, Optional<StudyReport> pilot) {
    double ratio = request.hasRatio() ? request.getRatio() : DEFAULT_RATIO;
    var plan = RecipePlan.newBuilder().setRatio(ratio);
    pilot
        .filter(report -> report.getModelsCount() >= RecipeComparison.LEAST_MODELS)
        .map(PilotPlanner::gaps)
        .filter(gaps -> Double.isFinite(gaps.variance()) && gaps.variance() > 0)
        .ifPresent(
            gaps -> {
              for (int models : GROUPS) {
                plan.addPowers(
                    RecipePower.newBuilder()
                        .setModelCount(models)
                        .setPower(RecipeComparison.powerToSee(ratio, gaps, models, models)));
              }
              RecipeComparison.modelsToSee(ratio, gaps).ifPresent(plan::setModelsNeeded);
            });
    return plan.build();
  }

  private static PairMeans gaps(StudyReport report) {
    return PairMeans.of(
        report.getModelsCount(),
        report.getPairsList().stream()
            .mapToDouble(pair -> pair.getMetrics().getConvexityGapNats())
            .toArray());
  }

  private static EvaluationPlan evaluations(
      PlanStudyRequest request, int models, long examples, Optional<StudyReport> pilot) {
    double interior =
        request.hasIntervalCount()
            ? request.getIntervalCount() - 1
            : pilot.map(PilotPlanner::interior).orElse(DEFAULT_INTERVALS - 1.);
    int diagnostics =
        request.hasDiagnosticCount()
            ? request.getDiagnosticCount()
            : pilot.map(report -> report.getSpec().getDiagnosticsCount()).orElse(0);
    // A diagnostic is taken to have as many examples as the pilot's have.
    double diagnosticExamples =
        pilot.map(PilotPlanner::diagnosticExamples).filter(n -> n > 0).orElse((double) examples);
    long pairs = (long) models * (models - 1) / 2;
    double curvePoints = pairs * interior + models;
    double work = curvePoints * examples + models * diagnostics * diagnosticExamples;
    var plan =
        EvaluationPlan.newBuilder()
            .setModelCount(models)
            .setPairCount(pairs)
            .setPointCount(Math.round(curvePoints) + (long) models * diagnostics)
            .setExampleCount(examples)
            .setExampleEvaluationCount(Math.round(work));
    pilot
        .flatMap(PilotPlanner::secondsOfAnExample)
        .ifPresent(seconds -> plan.setSeconds(work * seconds));
    return plan.build();
  }

  /** Points between the ends of a curve, on average. */
  private static double interior(StudyReport report) {
    return report.getPairsList().stream()
        .mapToInt(pair -> pair.getCurve().getAlphasCount() - 2)
        .average()
        .orElse(DEFAULT_INTERVALS - 1.);
  }

  /** Examples of a diagnostic, on average; 0 without any. */
  private static double diagnosticExamples(StudyReport report) {
    return report.getModelsList().stream()
        .map(ModelReport::getDiagnosticsList)
        .flatMap(List::stream)
        .mapToInt(metrics -> metrics.getExampleCount())
        .average()
        .orElse(0);
  }

  /** Empty where all was taken over from other studies, so that nothing took time. */
  private static Optional<Double> secondsOfAnExample(StudyReport report) {
    var cost = report.getCost();
    double computed =
        (double) cost.getComputedPoints() / (cost.getComputedPoints() + cost.getReusedPoints());
    double work =
        (report.getPairsCount() * interior(report) + report.getModelsCount())
                * report.getInDomainExampleCount()
            + report.getModelsCount()
                * report.getSpec().getDiagnosticsCount()
                * diagnosticExamples(report);
    double seconds = report.getElapsedSeconds() / (computed * work);
    return Double.isFinite(seconds) && seconds > 0 ? Optional.of(seconds) : Optional.empty();
  }
}
