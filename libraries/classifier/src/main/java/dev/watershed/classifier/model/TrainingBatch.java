package dev.watershed.classifier.model;

import dev.watershed.classifier.text.EncodedExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Examples of one step.
 *
 * @param maskedLabels for masked language modelling, {@code (example, token)}: the original id
 *     where it is to be predicted, {@link #IGNORED} elsewhere; null for classification
 */
@SuppressWarnings("ArrayRecordComponent") // Made for one step and thrown away.
public record TrainingBatch(List<EncodedExample> examples, int @Nullable [][] maskedLabels) {
  /** Marks a token that is not predicted. */
  public static final int IGNORED = -100;

  /** What the mean loss is over: labels, or predicted tokens. */
  int targetCount() {
    return maskedLabels == null
        ? examples.size()
        : (int)
            Arrays.stream(maskedLabels)
                .flatMapToInt(Arrays::stream)
                .filter(id -> id != IGNORED)
                .count();
  }

  /**
   * Cuts the batch into parts of about equal size. Examples of similar length come together, so
   * that little is padded, the longest first, so that what does not fit into memory fails at once.
   * Parts without anything to predict are left out; one part is the batch as it is.
   */
  List<TrainingBatch> parts(int count) {
    int n = examples.size();
    int wanted = Math.min(count, n);
    if (wanted <= 1) {
      return List.of(this);
    }
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingInt(i -> -examples.get(i).length()))
            .mapToInt(Integer::intValue)
            .toArray();
    var parts = new ArrayList<TrainingBatch>();
    for (int i = 0; i < wanted; i++) {
      int from = (int) ((long) n * i / wanted);
      int to = (int) ((long) n * (i + 1) / wanted);
      TrainingBatch part = select(Arrays.copyOfRange(order, from, to));
      if (part.targetCount() > 0) {
        parts.add(part);
      }
    }
    return parts.isEmpty() ? List.of(this) : parts;
  }

  private TrainingBatch select(int[] indices) {
    List<EncodedExample> chosen = Arrays.stream(indices).mapToObj(examples::get).toList();
    int[][] all = maskedLabels;
    return new TrainingBatch(
        chosen,
        all == null ? null : Arrays.stream(indices).mapToObj(i -> all[i]).toArray(int[][]::new));
  }
}
