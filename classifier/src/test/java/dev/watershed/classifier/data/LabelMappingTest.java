package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.data.LabelMapping.Reduction;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LabelMappingTest {
  private static final List<String> MNLI = List.of("contradiction", "entailment", "neutral");
  private static final List<String> HANS = List.of("entailment", "non-entailment");
  private static final Map<String, List<String>> HANS_TO_MNLI =
      Map.of(
          "entailment", List.of("entailment"),
          "non-entailment", List.of("neutral", "contradiction"));

  @Test
  void byName_sameNamesInAnotherOrderAndCase_permutes() {
    LabelMapping mapping =
        LabelMapping.byName(List.of("Entailment", "NEUTRAL", "contradiction"), MNLI);
    assertThat(mapping.reduce(new float[] {1, 2, 3, 4, 5, 6})).containsExactly(2, 3, 1, 5, 6, 4);
    assertThat(mapping.toModelLabels()).containsExactly(1, 2, 0);
  }

  @Test
  void byName_otherNames_isRefusedWithBothLists() {
    assertRefused(() -> LabelMapping.byName(HANS, MNLI), "LABELS_DIFFER")
        .withMessageContaining("non-entailment")
        .withMessageContaining("neutral")
        .withMessageContaining("label_mapping");
    assertRefused(() -> LabelMapping.byName(MNLI.subList(0, 2), MNLI), "LABELS_DIFFER");
    assertRefused(() -> LabelMapping.byName(MNLI, MNLI.subList(0, 2)), "LABELS_DIFFER");
    assertRefused(
        () -> LabelMapping.byName(List.of("neutral", "Neutral", "entailment"), MNLI),
        "LABELS_DIFFER");
    assertRefused(() -> LabelMapping.byName(List.of(), MNLI), "DATA_UNLABELLED");
  }

  @Test
  void of_groups_reduceByMaximumOrSum() {
    float[] logits = {1f, .5f, 2f};
    double[] max = LabelMapping.of(HANS_TO_MNLI, Reduction.MAX, HANS, MNLI).reduce(logits);
    assertThat(max).containsExactly(.5, 2);
    double[] sum = LabelMapping.of(HANS_TO_MNLI, Reduction.SUM, HANS, MNLI).reduce(logits);
    assertThat(sum[0]).isEqualTo(.5);
    assertThat(sum[1]).isCloseTo(Math.log(Math.exp(1) + Math.exp(2)), within(1e-12));
  }

  @Test
  void reduce_hugeOrBrokenLogits_neitherOverflowsNorHidesThem() {
    LabelMapping mapping = LabelMapping.of(HANS_TO_MNLI, Reduction.SUM, HANS, MNLI);
    assertThat(mapping.reduce(new float[] {3e38f, 0, 3e38f})[1]).isEqualTo(3e38f);
    assertThat(mapping.reduce(new float[] {Float.NaN, 0, 1})[1]).isNaN();
    assertThat(mapping.reduce(new float[] {Float.NEGATIVE_INFINITY, 0, 1})[1]).isEqualTo(1);
    double infinite = mapping.reduce(new float[] {Float.POSITIVE_INFINITY, 0, 1})[1];
    assertThat(infinite).isEqualTo(Double.POSITIVE_INFINITY);
    LabelMapping maximum = LabelMapping.of(HANS_TO_MNLI, Reduction.MAX, HANS, MNLI);
    assertThat(maximum.reduce(new float[] {Float.NaN, 0, 1})[1]).isNaN();
  }

  @Test
  void of_groupWithoutReduction_isRefused() {
    assertRefused(() -> LabelMapping.of(HANS_TO_MNLI, null, HANS, MNLI), "LABEL_MAPPING_INVALID")
        .withMessageContaining("MAX or SUM");
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
                    List.of("x", "y", "z")),
            "LABEL_MAPPING_INVALID")
        .withMessageContaining("'z'");
  }

  @Test
  void toModelLabels_ofAGroup_isRefused() {
    LabelMapping mapping = LabelMapping.of(HANS_TO_MNLI, Reduction.MAX, HANS, MNLI);
    assertRefused(mapping::toModelLabels, "LABELS_DIFFER");
  }

  private static LabelMapping mapping(
      Map<String, List<String>> entries, @Nullable Reduction reduction) {
    return LabelMapping.of(entries, reduction, List.of("a", "b"), List.of("x", "y"));
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
