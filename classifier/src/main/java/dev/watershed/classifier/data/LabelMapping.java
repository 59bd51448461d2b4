package dev.watershed.classifier.data;

import static dev.watershed.classifier.InvalidInputException.invalid;
import static java.util.Objects.requireNonNullElse;

import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.InvalidInputException.Kind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the labels of the data mean to a model: by name, never by position, because checkpoints of
 * the same task order them differently.
 */
public final class LabelMapping {
  /** How the logits of several model labels become the logit of one data label. */
  public enum Reduction {
    /** The largest logit. */
    MAX,
    /** The logarithm of the summed exponentials: probabilities are added. */
    SUM
  }

  private final List<String> dataLabels;
  private final int[][] groups;
  private final int modelLabelCount;
  private final Reduction reduction;

  private LabelMapping(
      List<String> dataLabels, int[][] groups, int modelLabelCount, Reduction reduction) {
    this.dataLabels = List.copyOf(dataLabels);
    this.groups = groups;
    this.modelLabelCount = modelLabelCount;
    this.reduction = reduction;
  }

  /**
   * Maps each data label to the model label of the same name, upper and lower case alike, in
   * whatever order they are.
   *
   * @throws InvalidInputException LABELS_DIFFER unless both name the same set
   */
  public static LabelMapping byName(List<String> dataLabels, List<String> modelLabels) {
    requireLabelled(dataLabels);
    Map<String, Integer> indices = indices(modelLabels);
    int[][] groups =
        dataLabels.stream()
            .map(label -> indices.get(fold(label)))
            .map(index -> index == null ? new int[] {} : new int[] {index})
            .toArray(int[][]::new);
    long distinct = Arrays.stream(groups).flatMapToInt(Arrays::stream).distinct().count();
    if (distinct != modelLabels.size() || distinct != dataLabels.size()) {
      throw new InvalidInputException(
          Kind.MISMATCH,
          "LABELS_DIFFER",
          "label_mapping",
          "the data's labels %s are not the model's %s; say in label_mapping which is which%s"
              .formatted(
                  dataLabels,
                  modelLabels,
                  dataLabels.size() < modelLabels.size()
                      ? ", and whether the logits of several model labels become one by MAX or SUM"
                      : ""));
    }
    return new LabelMapping(dataLabels, groups, modelLabels.size(), Reduction.MAX);
  }

  /**
   * Maps each data label to a group of model labels. Each label of either side must occur exactly
   * once: leaving a model label out would change the loss unseen.
   *
   * @param entries model labels by data label
   * @param reduction null where every group is one label
   * @throws InvalidInputException naming the label that is unknown, left out or used twice
   */
  public static LabelMapping of(
      Map<String, List<String>> entries,
      @Nullable Reduction reduction,
      List<String> dataLabels,
      List<String> modelLabels) {
    requireLabelled(dataLabels);
    Map<String, Integer> dataIndices = indices(dataLabels);
    Map<String, Integer> modelIndices = indices(modelLabels);
    int[][] groups = new int[dataLabels.size()][];
    Set<Integer> used = new HashSet<>();
    entries.forEach(
        (dataLabel, group) -> {
          int data = index(dataIndices, dataLabel, "data", dataLabels);
          if (groups[data] != null) {
            throw mappingInvalid("data label '%s' has two entries".formatted(dataLabel));
          }
          if (group.isEmpty()) {
            throw mappingInvalid("data label '%s' stands for nothing".formatted(dataLabel));
          }
          if (group.size() > 1 && reduction == null) {
            throw mappingInvalid(
                "data label '%s' stands for %s: say whether their logits become one by MAX or SUM"
                    .formatted(dataLabel, group));
          }
          groups[data] =
              group.stream()
                  .mapToInt(label -> index(modelIndices, label, "model", modelLabels))
                  .toArray();
          for (int label : groups[data]) {
            if (!used.add(label)) {
              throw mappingInvalid(
                  "model label '%s' is used twice".formatted(modelLabels.get(label)));
            }
          }
        });
    for (int data = 0; data < groups.length; data++) {
      if (groups[data] == null) {
        throw mappingInvalid("no entry for data label '%s'".formatted(dataLabels.get(data)));
      }
    }
    for (int label = 0; label < modelLabels.size(); label++) {
      if (!used.contains(label)) {
        throw mappingInvalid(
            "no entry names model label '%s'; leaving it out would change the loss"
                .formatted(modelLabels.get(label)));
      }
    }
    return new LabelMapping(
        dataLabels, groups, modelLabels.size(), requireNonNullElse(reduction, Reduction.MAX));
  }

  /** Labels of the data, in the order of {@link #reduce}'s result. */
  public List<String> dataLabels() {
    return dataLabels;
  }

  /**
   * Returns the logits over the data's labels, {@code (example, data label)} row-major.
   *
   * @param logits {@code (example, model label)}, row-major
   */
  public double[] reduce(float[] logits) {
    if (logits.length % modelLabelCount != 0) {
      throw new IllegalArgumentException(
          "%d logits are no multiple of %d labels".formatted(logits.length, modelLabelCount));
    }
    int exampleCount = logits.length / modelLabelCount;
    double[] reduced = new double[exampleCount * groups.length];
    for (int example = 0; example < exampleCount; example++) {
      for (int label = 0; label < groups.length; label++) {
        reduced[example * groups.length + label] =
            reduce(logits, example * modelLabelCount, groups[label]);
      }
    }
    return reduced;
  }

  /**
   * Returns the model label of each data label, {@code (data label)}, for training.
   *
   * @throws InvalidInputException LABELS_DIFFER if a data label stands for several model labels
   */
  public int[] toModelLabels() {
    for (int[] group : groups) {
      if (group.length != 1) {
        throw new InvalidInputException(
            Kind.MISMATCH,
            "LABELS_DIFFER",
            "label_mapping",
            "a label to train on must be one label of the model, not %d".formatted(group.length));
      }
    }
    return Arrays.stream(groups).mapToInt(group -> group[0]).toArray();
  }

  private double reduce(float[] logits, int offset, int[] group) {
    double max = Double.NEGATIVE_INFINITY;
    for (int label : group) {
      max = Math.max(max, logits[offset + label]); // NaN stays NaN
    }
    if (reduction == Reduction.MAX || group.length == 1 || Double.isInfinite(max)) {
      return max;
    }
    double sum = 0;
    for (int label : group) {
      sum += Math.exp(logits[offset + label] - max);
    }
    return max + Math.log(sum);
  }

  private static void requireLabelled(List<String> dataLabels) {
    if (dataLabels.isEmpty()) {
      throw invalid(
          "DATA_UNLABELLED", "label_column", "the data have no labels; name their label_column");
    }
  }

  private static Map<String, Integer> indices(List<String> labels) {
    Map<String, Integer> indices = new HashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      if (indices.put(fold(labels.get(i)), i) != null) {
        throw invalid(
            "LABELS_AMBIGUOUS",
            "label_names",
            "label '%s' occurs twice (upper and lower case are alike) in %s"
                .formatted(labels.get(i), labels));
      }
    }
    return indices;
  }

  private static int index(
      Map<String, Integer> indices, String label, String whose, List<String> all) {
    Integer index = indices.get(fold(label));
    if (index == null) {
      throw mappingInvalid("'%s' is no label of the %s, which has %s".formatted(label, whose, all));
    }
    return index;
  }

  private static String fold(String label) {
    return label.toLowerCase(Locale.ROOT);
  }

  private static InvalidInputException mappingInvalid(String message) {
    return invalid("LABEL_MAPPING_INVALID", "label_mapping", message);
  }
}
