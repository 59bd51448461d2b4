package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.data.LabelMapping.Reduction;
import dev.watershed.input.InvalidInputException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LabelMappingTest {
  private static final List<String> ALL = List.of();
  private static final List<String> MNLI = List.of("contradiction", "entailment", "neutral");
  private static final List<String> HANS = List.of("entailment", "non-entailment");
  private static final Map<String, List<String>> HANS_TO_MNLI =
      Map.of(
          "entailment", List.of("entailment"),
          "non-entailment", List.of("neutral", "contradiction"));

  @Test
  void byName_sameNamesInAnotherOrderAndCase_permutes() {
    LabelMapping mapping =
        LabelMapping.byName(List.of("Entailment", "NEUTRAL", "contradiction"), ALL, MNLI);
    assertThat(mapping.reduce(new float[] {1, 2, 3, 4, 5, 6})).containsExactly(2, 3, 1, 5, 6, 4);
    assertThat(IntStream.range(0, 3).map(mapping::toModelLabel)).containsExactly(1, 2, 0);
  }

  @Test
  void byName_otherNames_isRefusedWithBothLists() {
    assertRefused(() -> LabelMapping.byName(HANS, ALL, MNLI), "LABELS_DIFFER")
        .withMessageContaining("non-entailment")
        .withMessageContaining("neutral")
        .withMessageContaining("label_mapping");
    assertRefused(() -> LabelMapping.byName(MNLI.subList(0, 2), ALL, MNLI), "LABELS_DIFFER");
    assertRefused(() -> LabelMapping.byName(MNLI, ALL, MNLI.subList(0, 2)), "LABELS_DIFFER");
    assertRefused(
            () -> LabelMapping.byName(List.of("neutral", "Neutral", "entailment"), ALL, MNLI),
            "LABELS_AMBIGUOUS")
        .withMessageContaining("'neutral' and 'Neutral'")
        .withMessageContaining("write them alike");
    assertRefused(() -> LabelMapping.byName(List.of(), ALL, MNLI), "DATA_UNLABELLED");
  }

  @Test
  void of_groups_reduceByMaximumOrSum() {
    float[] logits = {1f, .5f, 2f};
    double[] max = LabelMapping.of(HANS_TO_MNLI, Reduction.MAX, HANS, ALL, MNLI).reduce(logits);
    assertThat(max).containsExactly(.5, 2);
    double[] sum = LabelMapping.of(HANS_TO_MNLI, Reduction.SUM, HANS, ALL, MNLI).reduce(logits);
    assertThat(sum[0]).isEqualTo(.5);
    assertThat(sum[1]).isCloseTo(Math.log(Math.exp(1) + Math.exp(2)), within(1e-12));
  }

  @Test
  void reduce_hugeOrBrokenLogits_neitherOverflowsNorHidesThem() {
    LabelMapping mapping = LabelMapping.of(HANS_TO_MNLI, Reduction.SUM, HANS, ALL, MNLI);
    assertThat(mapping.reduce(new float[] {3e38f, 0, 3e38f})[1]).isEqualTo(3e38f);
    assertThat(mapping.reduce(new float[] {Float.NaN, 0, 1})[1]).isNaN();
    assertThat(mapping.reduce(new float[] {Float.NEGATIVE_INFINITY, 0, 1})[1]).isEqualTo(1);
    double infinite = mapping.reduce(new float[] {Float.POSITIVE_INFINITY, 0, 1})[1];
    assertThat(infinite).isEqualTo(Double.POSITIVE_INFINITY);
    LabelMapping maximum = LabelMapping.of(HANS_TO_MNLI, Reduction.MAX, HANS, ALL, MNLI);
    assertThat(maximum.reduce(new float[] {Float.NaN, 0, 1})[1]).isNaN();
  }

  @Test
  void of_groupWithoutReduction_isRefused() {
    assertRefused(
            () -> LabelMapping.of(HANS_TO_MNLI, null, HANS, ALL, MNLI), "LABEL_MAPPING_INVALID")
        .withMessageContaining("MAX, SUM or SUM_LOGITS");
    assertThat(
            mapping(Map.of("a", List.of("y"), "b", List.of("x")), null).reduce(new float[] {1, 2}))
        .containsExactly(2, 1);
  }

  @Test
  void of_entriesThatDoNotCoverBothSidesOnce_areRefusedByName() {
    assertInvalid(Map.of("a", List.of("x", "y")), "'b'");
    assertInvalid(Map.of("a", List.of("x"), "b", List.of("x")), "'x'");
    assertInvalid(Map.of("a", List.of("x"), "b", List.of("z")), "'z'");
    assertInvalid(Map.of("a", List.of("x"), "c", List.of("y")), "'c'");
    assertInvalid(Map.of("a", List.of("x", "y"), "b", List.of()), "'b'");
    assertInvalid(Map.of("a", List.of("x"), "A", List.of("y")), "two entries");
    assertRefused(
            () ->
                LabelMapping.of(
                    Map.of("a", List.of("x"), "b", List.of("y")),
                    Reduction.MAX,
                    List.of("a", "b"),
                    ALL,
                    List.of("x", "y", "z")),
            "LABEL_MAPPING_INVALID")
        .withMessageContaining("'z'");
  }

  @Test
  void of_sumOfLogits_addsThemAsTheReferenceDoes() {
    LabelMapping mapping = LabelMapping.of(HANS_TO_MNLI, Reduction.SUM_LOGITS, HANS, ALL, MNLI);
    // The reference: logits[:, 0] + logits[:, 2] against logits[:, 1].
    float[] logits = {1f, .5f, 2f, -3f, .25f, -1f};
    assertThat(mapping.reduce(logits)).containsExactly(.5, 3, .25, -4);
    assertThat(mapping.reduce(new float[] {Float.NaN, 0, 1})[1]).isNaN();
  }

  @Test
  void byName_ofLabelsThatAreKept_leavesTheOthersOut() {
    List<String> kept = List.of("contradiction", "entailment");
    List<String> model = List.of("Entailment", "Contradiction");
    LabelMapping mapping = LabelMapping.byName(MNLI, kept, model);
    assertThat(mapping.dataLabels()).containsExactly("contradiction", "entailment");
    assertThat(mapping.reduce(new float[] {1, 2})).containsExactly(2, 1);
    assertThat(mapping.place(MNLI.indexOf("entailment"))).isEqualTo(1);
    assertThat(mapping.positiveLabel()).isEqualTo("contradiction");
    assertThat(LabelMapping.byName(MNLI, kept, MNLI).dataLabels()).isEqualTo(MNLI);
    assertRefused(() -> LabelMapping.byName(MNLI, MNLI.subList(1, 2), model), "LABELS_DIFFER");
  }

  @Test
  void of_labelsThatAreLeftOut_needNoEntry() {
    Map<String, List<String>> entries =
        Map.of("contradiction", List.of("no"), "entailment", List.of("yes"));
    List<String> model = List.of("no", "yes");
    LabelMapping mapping =
        LabelMapping.of(entries, null, MNLI, List.of("contradiction", "entailment"), model);
    assertThat(mapping.reduce(new float[] {1, 2})).containsExactly(1, 2);
    assertThat(mapping.positiveLabel()).isEqualTo("entailment");
    assertRefused(
            () -> LabelMapping.of(entries, null, MNLI, List.of("neutral"), model),
            "LABEL_MAPPING_INVALID")
        .withMessageContaining("'neutral'");
  }

  @Test
  void positive_ofTwoLabels_isTheModelsSecondWhateverTheOrderOfTheData() {
    List<String> model = List.of("not_duplicate", "duplicate");
    List<String> sorted = List.of("duplicate", "not_duplicate");
    assertThat(LabelMapping.byName(sorted, ALL, model).positiveLabel()).isEqualTo("duplicate");
    assertThat(LabelMapping.byName(sorted, ALL, model).positive()).isZero();
    assertThat(LabelMapping.byName(model, ALL, model).positiveLabel()).isEqualTo("duplicate");
    LabelMapping mapped =
        LabelMapping.of(
            Map.of("a", List.of("y"), "b", List.of("x")),
            null,
            List.of("a", "b"),
            ALL,
            List.of("x", "y"));
    assertThat(mapped.positiveLabel()).isEqualTo("a");
    assertThat(mapped.withPositive("B").positiveLabel()).isEqualTo("b");
    assertRefused(() -> mapped.withPositive("c"), "POSITIVE_LABEL_INVALID")
        .withMessageContaining("'c'");
  }

  @Test
  void positive_whereTheModelDoesNotSay_isTheSecondOfTheDataAndNoneBeyondTwo() {
    assertThat(LabelMapping.of(HANS_TO_MNLI, Reduction.MAX, HANS, ALL, MNLI).positiveLabel())
        .isEqualTo(HANS.get(1));
    LabelMapping three = LabelMapping.byName(MNLI, ALL, MNLI);
    assertThat(three.positive()).isEqualTo(-1);
    assertThat(three.positiveLabel()).isEmpty();
    assertRefused(() -> three.withPositive("neutral"), "POSITIVE_LABEL_INVALID");
  }

  @Test
  void byName_labelsThatNearlyAgree_advisesWhatHelps() {
    List<String> model = List.of("no", "yes");
    assertRefused(() -> LabelMapping.byName(List.of(" no", "yes "), ALL, model), "LABELS_DIFFER")
        .withMessageContaining("blanks at the ends");
    assertRefused(() -> LabelMapping.byName(List.of("yes"), ALL, model), "LABELS_DIFFER")
        .withMessageContaining("name all in label_names, in the order of their values: [no, yes]")
        .satisfies(e -> assertThat(e).hasMessageNotContaining("MAX"));
    assertRefused(
            () -> LabelMapping.forTraining(List.of("a", "b"), ALL, model, "labels"),
            "LABELS_DIFFER")
        .withMessageContaining("--labels")
        .satisfies(e -> assertThat(e).hasMessageNotContaining("label_mapping"));
  }

  private static LabelMapping mapping(
      Map<String, List<String>> entries, @Nullable Reduction reduction) {
    return LabelMapping.of(entries, reduction, List.of("a", "b"), ALL, List.of("x", "y"));
  }

  private static void assertInvalid(Map<String, List<String>> entries, String named) {
    assertRefused(() -> mapping(entries, Reduction.MAX), "LABEL_MAPPING_INVALID")
        .withMessageContaining(named);
  }

  private static org.assertj.core.api.ThrowableAssertAlternative<InvalidInputException>
      assertRefused(ThrowingCallable call, String reason) {
    return assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
