package dev.watershed.classifier.data;

import java.util.List;
import java.util.Map;

/** What the labels of the data mean to a model: by name, never by position. */
public final class LabelMapping {
  /** How the logits of several model labels become the logit of one data label. */
  public enum Reduction {
    /** The largest logit. */
    MAX,
    /** The logarithm of the summed exponentials: probabilities are added. */
    SUM
  }

  private LabelMapping() {}

  /** Maps each data label to the model label of the same name, in whatever order they are. */
  public static LabelMapping byName(List<String> dataLabels, List<String> modelLabels) {
    throw new UnsupportedOperationException("" + dataLabels + modelLabels);
  }

  /** Maps each data label to a group of model labels. */
  public static LabelMapping of(
      Map<String, List<String>> entries,
      Reduction reduction,
      List<String> dataLabels,
      List<String> modelLabels) {
    throw new UnsupportedOperationException("" + entries + reduction + dataLabels + modelLabels);
  }

  /** Number of labels of the data. */
  public int dataLabelCount() {
    throw new UnsupportedOperationException();
  }

  /** Number of labels of the model. */
  public int modelLabelCount() {
    throw new UnsupportedOperationException();
  }

  /**
   * Returns the logits of one example over the data's labels.
   *
   * @param logits (example, model label) row-major
   * @param offset where the example's row begins
   */
  public double[] reduce(float[] logits, int offset) {
    throw new UnsupportedOperationException("" + logits.length + offset);
  }

  /**
   * Returns the model label of each data label, for training.
   *
   * @throws dev.watershed.classifier.InvalidInputException if a data label stands for several
   */
  public int[] toModelLabels() {
    throw new UnsupportedOperationException();
  }
}
