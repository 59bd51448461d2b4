package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Distances of predictions against their definitions, and what holds of any. */
final class PredictionsProperties {
  private static final double LN_2 = Math.log(2);

  private record Pair(float[][] first, float[][] second) {
    Predictions one() {
      return predictions(first);
    }

    Predictions other() {
      return predictions(second);
    }
  }

  private static Predictions predictions(float[][] rows) {
    var flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return new Predictions(flat, rows[0].length);
  }

  /** Softmax of normal logits; the sharper, the more probabilities are 0 and 1 in float32. */
  private static float[][] rows(Random random, int n, int labels, double sharpness) {
    var rows = new float[n][labels];
    for (var row : rows) {
      var exponentials = random.doubles(labels, -1, 1).map(x -> Math.exp(sharpness * x)).toArray();
      double sum = Arrays.stream(exponentials).sum();
      for (int k = 0; k < labels; k++) {
        row[k] = (float) (exponentials[k] / sum);
      }
    }
    return rows;
  }

  private static Pair pair(long seed, int n, int labels, double sharpness) {
    var random = new Random(seed);
    return new Pair(rows(random, n, labels, sharpness), rows(random, n, labels, sharpness));
  }

  /** Half the Kullback-Leibler divergences from the mean, example by example. */
  private static double naiveJensenShannon(Pair pair) {
    double sum = 0;
    for (int i = 0; i < pair.first.length; i++) {
      for (int k = 0; k < pair.first[i].length; k++) {
        double p = pair.first[i][k];
        double q = pair.second[i][k];
        double mean = (p + q) / 2;
        sum += p == 0 ? 0 : p * Math.log(p / mean) / 2;
        sum += q == 0 ? 0 : q * Math.log(q / mean) / 2;
      }
    }
    return sum / pair.first.length;
  }

  private static double naiveDisagreement(Pair pair) {
    long differing =
        IntStream.range(0, pair.first.length)
            .filter(i -> argmax(pair.first[i]) != argmax(pair.second[i]))
            .count();
    return differing / (double) pair.first.length;
  }

  private static int argmax(float[] row) {
    return IntStream.range(0, row.length)
        .boxed()
        .max((a, b) -> row[a] == row[b] ? b - a : Float.compare(row[a], row[b]))
        .orElseThrow();
  }

  @Property
  void distances_anyPredictions_equalTheirDefinitionsWithinTheirBounds(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 50) int n,
      @ForAll @IntRange(min = 2, max = 5) int labels,
      @ForAll @DoubleRange(min = 0, max = 300) double sharpness) {
    var pair = pair(seed, n, labels, sharpness);
    double disagreement = pair.one().disagreement(pair.other());
    double nats = pair.one().jensenShannonNats(pair.other());

    assertThat(disagreement).isEqualTo(naiveDisagreement(pair)).isBetween(0., 1.);
    // Rows sum to 1 within float32's rounding.
    assertThat(nats).isCloseTo(naiveJensenShannon(pair), within(1e-6)).isBetween(0., LN_2);
  }

  @Property
  void distances_exchanged_areTheSameBits(
      @ForAll long seed, @ForAll @DoubleRange(min = 0, max = 300) double sharpness) {
    var pair = pair(seed, 20, 3, sharpness);
    assertThat(pair.other().disagreement(pair.one()))
        .isEqualTo(pair.one().disagreement(pair.other()));
    assertThat(pair.other().jensenShannonNats(pair.one()))
        .isEqualTo(pair.one().jensenShannonNats(pair.other()));
  }

  @Property
  void distances_ofThemselves_areExactlyZero(
      @ForAll long seed, @ForAll @DoubleRange(min = 0, max = 300) double sharpness) {
    var pair = pair(seed, 20, 3, sharpness);
    assertThat(pair.one().disagreement(predictions(pair.first))).isZero();
    assertThat(pair.one().jensenShannonNats(predictions(pair.first))).isZero();
  }

  @Property
  void distances_examplesInAnotherOrder_stayTheSame(@ForAll long seed) {
    var pair = pair(seed, 20, 3, 5);
    var order = new ArrayList<>(IntStream.range(0, 20).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    var shuffled =
        new Pair(
            order.stream().map(i -> pair.first[i]).toArray(float[][]::new),
            order.stream().map(i -> pair.second[i]).toArray(float[][]::new));
    assertThat(shuffled.one().disagreement(shuffled.other()))
        .isEqualTo(pair.one().disagreement(pair.other()));
    assertThat(shuffled.one().jensenShannonNats(shuffled.other()))
        .isCloseTo(pair.one().jensenShannonNats(pair.other()), within(1e-12));
  }

  @Example
  void distances_opposites_areAtTheirGreatest() {
    var one = new Predictions(new float[] {1, 0, 0, 1}, 2);
    var other = new Predictions(new float[] {0, 1, 1, 0}, 2);
    assertThat(one.disagreement(other)).isEqualTo(1);
    assertThat(one.jensenShannonNats(other)).isEqualTo(LN_2);
  }

  /** As scipy.spatial.distance.jensenshannon([.9, .1], [.5, .5]) ** 2 gives it. */
  @Example
  void jensenShannon_knownDistributions_isTheDivergenceInNats() {
    var one = new Predictions(new float[] {.9f, .1f}, 2);
    var other = new Predictions(new float[] {.5f, .5f}, 2);
    assertThat(one.jensenShannonNats(other)).isCloseTo(0.10174922507919676, within(1e-7));
    // Of equal probabilities the first is predicted.
    assertThat(one.disagreement(other)).isZero();
  }

  @Example
  void distances_probabilityThatIsNone_areNone() {
    var one = new Predictions(new float[] {.9f, .1f, Float.NaN, Float.NaN}, 2);
    var other = new Predictions(new float[] {.5f, .5f, .5f, .5f}, 2);
    assertThat(one.disagreement(other)).isNaN();
    assertThat(other.disagreement(one)).isNaN();
    assertThat(one.jensenShannonNats(other)).isNaN();
  }

  @Example
  void predictions_ofOtherShapes_areRefused() {
    assertThatThrownBy(() -> new Predictions(new float[3], 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new Predictions(new float[4], 2).disagreement(new Predictions(new float[6], 2)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
