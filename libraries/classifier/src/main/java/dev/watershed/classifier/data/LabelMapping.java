package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;
import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import dev.watershed.input.Quoted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
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
    /** Probabilities are added: the logarithm of the summed exponentials. */
    SUM,
    /** Logits are added, as in the papers' reference code. */
    SUM_LOGITS
  }

  /** What to do where the labels of rows to train on are not the head's. */
  public static final String TRAINING_ADVICE =
      "name the data's in labels (--labels), or in label_names what the values in the file mean";

  private final List<String> dataLabels;
  private final int[] places;
  private final int[][] groups;
  private final int modelLabelCount;
  private final Reduction reduction;
  private final int positive;

  private LabelMapping(
      List<String> dataLabels,
      int[] places,
      int[][] groups,
      int modelLabelCount,
      Reduction reduction,
      int positive) {
    this.dataLabels = List.copyOf(dataLabels);
    this.places = places;
    this.groups = groups;
    this.modelLabelCount = modelLabelCount;
    this.reduction = reduction;
    this.positive = positive;
  }

  /**
   * Maps each data label to the model label of the same name, upper and lower case alike, in
   * whatever order they are.
   *
   * @param kept labels that rows may have, where others were left out; empty for all. Where only
   *     these are the model's, the others are no labels of the mapping
   * @throws InvalidInputException LABELS_DIFFER unless both name the same set
   */
  public static LabelMapping byName(
      List<String> dataLabels, List<String> kept, List<String> modelLabels) {
    return byName(
        dataLabels,
        kept,
        modelLabels,
        "label_mapping",
        dataLabels.size() < modelLabels.size()
            ? "say in label_mapping which is which, and whether several model labels become one by MAX, SUM or SUM_LOGITS"
            : "say in label_mapping which is which");
  }

  /**
   * Maps the labels of rows to train or validate on, as {@link #byName}: a run has no mapping but
   * may name the labels of its head.
   *
   * @param parameter what the caller calls the labels or the rows, for errors
   * @throws InvalidInputException LABELS_DIFFER unless both name the same set
   */
  public static LabelMapping forTraining(
      List<String> dataLabels, List<String> kept, List<String> headLabels, String parameter) {
    return forTraining(dataLabels, kept, headLabels, parameter, TRAINING_ADVICE);
  }

  /**
   * The same with other advice.
   *
   * @param advice what to do about labels that differ
   * @throws InvalidInputException LABELS_DIFFER unless both name the same set
   */
  public static LabelMapping forTraining(
      List<String> dataLabels,
      List<String> kept,
      List<String> headLabels,
      String parameter,
      String advice) {
    return byName(dataLabels, kept, headLabels, parameter, advice);
  }

  private static LabelMapping byName(
      List<String> dataLabels,
      List<String> kept,
      List<String> modelLabels,
      String parameter,
      String advice) {
    requireLabelled(dataLabels);
    Map<String, Integer> indices = indices(modelLabels, "model's");
    List<String> measured = indices.keySet().equals(folded(dataLabels)) ? dataLabels : kept;
    indices(dataLabels, "data's");
    if (measured.size() != modelLabels.size() || !indices.keySet().equals(folded(measured))) {
      throw new InvalidInputException(
          Kind.MISMATCH,
          "LABELS_DIFFER",
          parameter,
          "the data's labels %s are not the model's %s; %s"
              .formatted(
                  FileColumns.shown(dataLabels),
                  FileColumns.shown(modelLabels),
                  advice(dataLabels, modelLabels, indices.keySet(), advice)));
    }
    List<String> labels = dataLabels.stream().filter(measured::contains).toList();
    int[][] groups =
        labels.stream()
            .map(label -> new int[] {requireNonNull(indices.get(fold(label)))})
            .toArray(int[][]::new);
    return of(dataLabels, labels, groups, modelLabels.size(), Reduction.MAX);
  }

  /** What to do about labels that differ, by how they do. */
  private static String advice(
      List<String> dataLabels, List<String> modelLabels, Set<String> names, String otherwise) {
    Set<String> stripped =
        dataLabels.stream().map(label -> fold(label.strip())).collect(Collectors.toSet());
    if (stripped.equals(names)) {
      return "they differ in blanks at the ends, which count: take them out of the file";
    }
    if (names.containsAll(folded(dataLabels))) {
      return String.format(
          Locale.ROOT,
          "the rows have only %d of %d; name all in label_names, in the order of their values: %s",
          dataLabels.size(),
          modelLabels.size(),
          FileColumns.shown(modelLabels));
    }
    return otherwise;
  }

  private static LabelMapping of(
      List<String> dataLabels,
      List<String> labels,
      int[][] groups,
      int modelLabelCount,
      Reduction reduction) {
    return new LabelMapping(
        labels,
        dataLabels.stream().mapToInt(labels::indexOf).toArray(),
        groups,
        modelLabelCount,
        reduction,
        positive(groups, modelLabelCount));
  }

  /** Of two labels that mean a model's two, the one that means its second; else the second. */
  private static int positive(int[][] groups, int modelLabelCount) {
    if (groups.length != 2) {
      return -1;
    }
    return modelLabelCount == 2 && groups[0][0] == 1 ? 0 : 1;
  }

  /**
   * Maps each data label to a group of model labels. Each label of either side must occur exactly
   * once: leaving a model label out would change the loss unseen.
   *
   * @param entries model labels by data label
   * @param reduction null where every group is one label
   * @param kept labels that rows may have, where others were left out, which need no entry; empty
   *     for all
   * @throws InvalidInputException naming the label that is unknown, left out or used twice
   */
  public static LabelMapping of(
      Map<String, List<String>> entries,
      @Nullable Reduction reduction,
      List<String> dataLabels,
      List<String> kept,
      List<String> modelLabels) {
    requireLabelled(dataLabels);
    Map<String, Integer> dataIndices = indices(dataLabels, "data's");
    Map<String, Integer> modelIndices = indices(modelLabels, "model's");
    int[][] groups = new int[dataLabels.size()][];
    Set<Integer> used = new HashSet<>();
    entries.forEach(
        (dataLabel, group) -> {
          int data = index(dataIndices, dataLabel, "data", dataLabels);
          if (groups[data] != null) {
            throw mappingInvalid("data label '%s' has two entries".formatted(Quoted.of(dataLabel)));
          }
          if (group.isEmpty()) {
            throw mappingInvalid(
                "data label '%s' stands for nothing".formatted(Quoted.of(dataLabel)));
          }
          if (group.size() > 1 && reduction == null) {
            throw mappingInvalid(
                "data label '%s' stands for %s: say whether they become one by MAX, SUM or SUM_LOGITS"
                    .formatted(Quoted.of(dataLabel), FileColumns.shown(group)));
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
    List<String> labels = new ArrayList<>();
    for (int data = 0; data < groups.length; data++) {
      String label = dataLabels.get(data);
      if (groups[data] != null) {
        labels.add(label);
      } else if (kept.isEmpty() || kept.contains(label)) {
        throw mappingInvalid("no entry for data label '%s'".formatted(Quoted.of(label)));
      }
    }
    for (int label = 0; label < modelLabels.size(); label++) {
      if (!used.contains(label)) {
        throw mappingInvalid(
            "no entry names model label '%s'; leaving it out would change the loss"
                .formatted(modelLabels.get(label)));
      }
    }
    return of(
        dataLabels,
        labels,
        Arrays.stream(groups).filter(Objects::nonNull).toArray(int[][]::new),
        modelLabels.size(),
        requireNonNullElse(reduction, Reduction.MAX));
  }

  /** Labels of the data that rows may have, in the order of {@link #reduce}'s result. */
  public List<String> dataLabels() {
    return dataLabels;
  }

  /**
   * Returns the place in {@link #dataLabels()} of a label of the whole data set.
   *
   * @throws IllegalArgumentException where it is one of those that were left out
   */
  public int place(int label) {
    if (places[label] < 0) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "label %d was left out", label));
    }
    return places[label];
  }

  /**
   * The same with another positive class.
   *
   * @throws InvalidInputException POSITIVE_LABEL_INVALID unless it is one of two labels of the data
   */
  public LabelMapping withPositive(String label) {
    if (dataLabels.size() != 2) {
      throw positiveInvalid(
          String.format(
              Locale.ROOT,
              "F1 of %d labels is the mean over them; leave positive_label out",
              dataLabels.size()));
    }
    Integer index = indices(dataLabels, "data's").get(fold(label));
    if (index == null) {
      throw positiveInvalid(
          "'%s' is no label of the data, which have %s"
              .formatted(Quoted.of(label), FileColumns.shown(dataLabels)));
    }
    return new LabelMapping(dataLabels, places, groups, modelLabelCount, reduction, index);
  }

  /** The positive class, an index into {@link #dataLabels()}; -1 unless there are two. */
  public int positive() {
    return positive;
  }

  /** The name of the positive class; empty unless there are two classes. */
  public String positiveLabel() {
    return positive < 0 ? "" : dataLabels.get(positive);
  }

  /**
   * Returns the logits over the data's labels, {@code (example, data label)} row-major.
   *
   * @param logits {@code (example, model label)}, row-major
   */
  public double[] reduce(float[] logits) {
    if (logits.length % modelLabelCount != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d logits are no multiple of %d labels",
              logits.length,
              modelLabelCount));
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

  /** Returns the model label of a label of the whole data set, for training. */
  public int toModelLabel(int label) {
    int[] group = groups[place(label)];
    if (group.length != 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "label %d is %d labels of the model", label, group.length));
    }
    return group[0];
  }

  private double reduce(float[] logits, int offset, int[] group) {
    if (reduction == Reduction.SUM_LOGITS) {
      double sum = 0;
      for (int label : group) {
        sum += logits[offset + label];
      }
      return sum;
    }
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

  private static Map<String, Integer> indices(List<String> labels, String whose) {
    Map<String, Integer> indices = new HashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      Integer other = indices.put(fold(labels.get(i)), i);
      if (other != null) {
        throw invalid(
            "LABELS_AMBIGUOUS",
            "label_names",
            "the %s labels '%s' and '%s' differ in upper and lower case alone, which does not tell labels apart; write them alike, or as different words"
                .formatted(whose, Quoted.of(labels.get(other)), Quoted.of(labels.get(i))));
      }
    }
    return indices;
  }

  private static Set<String> folded(List<String> labels) {
    return labels.stream().map(LabelMapping::fold).collect(Collectors.toSet());
  }

  private static int index(
      Map<String, Integer> indices, String label, String whose, List<String> all) {
    Integer index = indices.get(fold(label));
    if (index == null) {
      throw mappingInvalid(
          "'%s' is no label of the %s, which has %s"
              .formatted(Quoted.of(label), whose, FileColumns.shown(all)));
    }
    return index;
  }

  private static String fold(String label) {
    return label.toLowerCase(Locale.ROOT);
  }

  private static InvalidInputException positiveInvalid(String message) {
    return invalid("POSITIVE_LABEL_INVALID", "positive_label", message);
  }

  private static InvalidInputException mappingInvalid(String message) {
    return invalid("LABEL_MAPPING_INVALID", "label_mapping", message);
  }
}
