package dev.watershed.classifier.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.text.Masking.MaskedBatch;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class MaskingTest {
  private static final Tokenizer TOKENIZER = Tokenizers.miniature();
  private static final EncodedExample PAIR =
      TOKENIZER.encode("the doctor near the judge helped the nurse", "the pilot slept", -1, 30);

  @AfterAll
  static void close() {
    TOKENIZER.close();
  }

  @Test
  void apply_manyExamples_masksEachSegmentInItsShare() {
    List<EncodedExample> batch = Collections.nCopies(20_000, PAIR);
    MaskedBatch masked = new Masking(TOKENIZER, .1, .3, 7).apply(batch, 3);
    double[] chosen = new double[2];
    double[] words = new double[2];
    double mask = 0;
    double kept = 0;
    for (int i = 0; i < batch.size(); i++) {
      for (int t = 0; t < PAIR.length(); t++) {
        int original = PAIR.inputIds()[t];
        int now = masked.examples().get(i).inputIds()[t];
        int label = masked.labels()[i][t];
        if (TOKENIZER.isSpecial(original)) {
          assertThat(label).isEqualTo(Masking.IGNORED);
        } else {
          words[PAIR.tokenTypeIds()[t]]++;
        }
        if (label == Masking.IGNORED) {
          assertThat(now).isEqualTo(original);
        } else {
          assertThat(label).isEqualTo(original);
          chosen[PAIR.tokenTypeIds()[t]]++;
          mask += now == TOKENIZER.maskTokenId() ? 1 : 0;
          kept += now == original ? 1 : 0;
          assertThat(now == TOKENIZER.maskTokenId() || !TOKENIZER.isSpecial(now)).isTrue();
        }
      }
    }
    assertThat(chosen[0] / words[0]).isCloseTo(.1, within(.005));
    assertThat(chosen[1] / words[1]).isCloseTo(.3, within(.005));
    double all = chosen[0] + chosen[1];
    assertThat(masked.predictedCount()).isEqualTo((int) all);
    assertThat(mask / all).isCloseTo(.8, within(.01));
    // Of 39 random words one is the original.
    assertThat(kept / all).isCloseTo(.1 + .1 / 39, within(.01));
  }

  @Test
  void apply_sameSeedAndStep_isTheSameWhateverWasMaskedBefore() {
    List<EncodedExample> batch = Collections.nCopies(50, PAIR);
    Masking used = new Masking(TOKENIZER, .15, .15, 7);
    used.apply(batch, 1);
    used.apply(batch, 2);
    MaskedBatch after = used.apply(batch, 3);
    MaskedBatch fresh = new Masking(TOKENIZER, .15, .15, 7).apply(batch, 3);
    assertThat(after.labels()).isDeepEqualTo(fresh.labels());
    assertThat(ids(after)).isDeepEqualTo(ids(fresh));
    assertThat(after.labels()).isNotEqualTo(used.apply(batch, 4).labels());
    assertThat(ids(after)).isNotEqualTo(ids(new Masking(TOKENIZER, .15, .15, 8).apply(batch, 3)));
  }

  @Test
  void apply_positionInTheBatch_decidesNotTheNeighbours() {
    EncodedExample other = TOKENIZER.encode("the actor danced", null, -1, 30);
    Masking masking = new Masking(TOKENIZER, .5, .5, 7);
    assertThat(masking.apply(List.of(other, PAIR), 1).labels()[1])
        .isEqualTo(masking.apply(List.of(PAIR, PAIR), 1).labels()[1]);
  }

  @Test
  void apply_smallProbability_stillPredictsOneWordOfTheBatch() {
    Masking masking = new Masking(TOKENIZER, 1e-12, 0, 7);
    for (int step = 0; step < 100; step++) {
      assertThat(masking.apply(List.of(PAIR, PAIR), step).predictedCount()).isEqualTo(1);
    }
  }

  @Test
  void apply_noWordsOrNoProbability_predictsNothingAndChangesNothing() {
    EncodedExample empty = TOKENIZER.encode("", null, -1, 30);
    MaskedBatch masked = new Masking(TOKENIZER, .5, .5, 7).apply(List.of(empty), 1);
    assertThat(masked.predictedCount()).isZero();
    assertThat(masked.examples().get(0).inputIds()).isEqualTo(empty.inputIds());
    assertThat(new Masking(TOKENIZER, 0, 0, 7).apply(List.of(PAIR), 1).predictedCount()).isZero();
    assertThat(new Masking(TOKENIZER, .5, .5, 7).apply(List.of(), 1).examples()).isEmpty();
  }

  @Test
  void apply_certainty_predictsEveryWordOfItsSegment() {
    MaskedBatch masked = new Masking(TOKENIZER, 0, 1, 7).apply(List.of(PAIR), 1);
    assertThat(masked.predictedCount()).isEqualTo(3);
    assertThat(Arrays.stream(masked.labels()[0]).filter(id -> id != Masking.IGNORED))
        .containsExactlyElementsOf(
            Arrays.stream(TOKENIZER.encode("the pilot slept", null, -1, 30).inputIds())
                .filter(id -> !TOKENIZER.isSpecial(id))
                .boxed()
                .toList());
  }

  @Test
  void apply_segmentsToldApartBySeparatorsAlone_useThePairProbability() {
    EncodedExample untyped = new EncodedExample(PAIR.inputIds(), new int[PAIR.length()], -1, false);
    assertThat(new Masking(TOKENIZER, 0, 1, 7).apply(List.of(untyped), 1).predictedCount())
        .isEqualTo(3);
  }

  @Test
  void new_noProbability_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Masking(TOKENIZER, 1.1, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Masking(TOKENIZER, 0, -.1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Masking(TOKENIZER, Double.NaN, 0, 1));
  }

  private static int[][] ids(MaskedBatch batch) {
    return batch.examples().stream().map(EncodedExample::inputIds).toArray(int[][]::new);
  }
}
