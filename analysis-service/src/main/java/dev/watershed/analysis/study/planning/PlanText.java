package dev.watershed.analysis.study.planning;

import dev.watershed.analysis.v1.PlanStudyResponseOrBuilder;
import dev.watershed.analysis.v1.StudyReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A plan in sentences. */
final class PlanText {
  private final PlanStudyResponseOrBuilder plan;
  private final Optional<StudyReport> pilot;

  PlanText(PlanStudyResponseOrBuilder plan, Optional<StudyReport> pilot) {
    this.plan = plan;
    this.pilot = pilot;
  }

  List<String> sentences() {
    var sentences = new ArrayList<String>();
    examples(sentences);
    if (plan.hasScoreExampleCount()) {
      sentences.add(
          "That two models' accuracies differ so, "
              + plan.getScoreExampleCount()
              + " examples show with probability .8.");
    }
    basins(sentences);
    recipe(sentences);
    evaluations(sentences);
    return sentences;
  }

  private void examples(List<String> sentences) {
    if (!plan.hasExamples()) {
      return;
    }
    var examples = plan.getExamples();
    sentences.add(
        String.format(
            Locale.ROOT,
            "Half a width of %.3g nats takes about %d examples, after %.3g of the widest interval at %d; ask for %d and plan"
                + " again after half: a tenth of all pilots say less than half of what it takes.",
            examples.getHalfWidthNats(),
            examples.getExampleCount(),
            examples.getPilotHalfWidthNats(),
            examples.getPilotExampleCount(),
            examples.getAdvisedExampleCount()));
    if (examples.getZeroPairCount() > 0) {
      sentences.add(
          String.format(
              Locale.ROOT,
              "The gaps of %d of %d pairs are not told from 0, where widths do not shrink so; %s.",
              examples.getZeroPairCount(),
              examples.getPairCount(),
              examples.getZeroPairCount() == examples.getPairCount()
                  ? "the plan is of these, and little more than a guess"
                  : "the plan is of the others"));
    }
    if (examples.getSmallPilot()) {
      sentences.add(
          "A pilot of fewer than 256 examples says too little: what it plans for misses the width by"
              + " up to twice.");
    }
  }

  private void basins(List<String> sentences) {
    sentences.add(
        String.format(
            Locale.ROOT,
            "With %d models basins are said from a separation of %.3g on; 8 rarely decide, 16 find two"
                + " clear ones in three cases of four, near ones seldom.",
            plan.getEvaluations().getModelCount(),
            plan.getSeparationNeeded()));
    if (plan.hasPilotSeparation()) {
      sentences.add(
          String.format(
              Locale.ROOT,
              "The pilot's separation is %.3g: if it stays so, %s.",
              plan.getPilotSeparation(),
              plan.hasModelsForSeparation()
                  ? "it is enough from "
                      + plan.getModelsForSeparation()
                      + " models on, where the silhouette suffices too"
                  : "no number of models has a split called"));
    }
  }

  private void recipe(List<String> sentences) {
    var recipe = plan.getRecipe();
    if (recipe.getPowersCount() == 0) {
      sentences.add(
          "Of recipes: halving the gap takes about 12 models a group to be shown with probability .8,"
              + " a third less more than 20; a pilot of three models or more says it of yours.");
      return;
    }
    sentences.add(
        String.format(
            Locale.ROOT,
            "That a recipe has %.3g times the gap of the pilot's, %s.",
            recipe.getRatio(),
            recipe.hasModelsNeeded()
                ? "about " + recipe.getModelsNeeded() + " models a group show with probability .8"
                : "10,000 models a group do not show"));
  }

  private void evaluations(List<String> sentences) {
    var evaluations = plan.getEvaluations();
    sentences.add(
        String.format(
            Locale.ROOT,
            "%d models have %d pairs: %d evaluations, of %d examples on curves%s.",
            evaluations.getModelCount(),
            evaluations.getPairCount(),
            evaluations.getPointCount(),
            evaluations.getExampleCount(),
            evaluations.hasSeconds()
                ? ", which take about "
                    + duration(evaluations.getSeconds())
                    + " at the pilot's pace"
                : pilot.isPresent()
                    ? "; the pilot took its points over from others and says nothing of how long"
                    : "; how long is known of a pilot"));
  }

  private static String duration(double seconds) {
    if (seconds < 90) {
      return Math.max(1, Math.round(seconds)) + " s";
    }
    var duration = Duration.ofSeconds(Math.round(seconds));
    return duration.toMinutes() < 90
        ? duration.toMinutes() + " min"
        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }
}
