package dev.watershed.classifier.data;

import java.util.List;
import java.util.Map;

/**
 * What the labels of a task are to models of the task that it diagnoses, as somebody published it.
 *
 * @param name for example {@code hans-max}
 * @param description what it does, in a sentence
 * @param source where it is from
 * @param modelLabels the model's labels by the task's
 * @param reduction how the logits of several become one
 */
public record PublishedMapping(
    String name,
    String description,
    String source,
    Map<String, List<String>> modelLabels,
    LabelMapping.Reduction reduction) {
  private static final List<PublishedMapping> ALL =
      List.of(
          new PublishedMapping(
              "hans-max",
              "non-entailment has the larger of the logits of neutral and contradiction",
              "McCoy, Pavlick, Linzen 2019: the label with the highest score is taken, and neutral"
                  + " and contradiction count as non-entailment",
              Tasks.HANS_OF_MNLI,
              LabelMapping.Reduction.MAX),
          new PublishedMapping(
              "hans-sum",
              "non-entailment has the probabilities of neutral and contradiction added",
              "the probability that a model of three labels gives to either; the loss is that of the"
                  + " same predictive distribution",
              Tasks.HANS_OF_MNLI,
              LabelMapping.Reduction.SUM),
          new PublishedMapping(
              "hans-sum-logits",
              "non-entailment has the logits of neutral and contradiction added; no probability",
              "Juneja et al. 2023, the reference code",
              Tasks.HANS_OF_MNLI,
              LabelMapping.Reduction.SUM_LOGITS));

  /** All of them. */
  public static List<PublishedMapping> all() {
    return ALL;
  }

  /** Whether it maps the labels of a task. */
  public boolean isOf(Task task) {
    return task.modelLabels().equals(modelLabels);
  }
}
