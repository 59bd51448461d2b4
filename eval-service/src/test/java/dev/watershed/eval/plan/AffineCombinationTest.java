package dev.watershed.eval.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.eval.plan.AffineCombination.Term;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class AffineCombinationTest {
  @Test
  void line_endpoint_isTheOtherModelsEndpointToo() {
    assertThat(AffineCombination.line("a", "b", 1)).isEqualTo(AffineCombination.line("c", "a", 0));
    assertThat(AffineCombination.line("a", "b", 1).terms()).containsExactly(new Term("a", 1));
    assertThat(AffineCombination.line("a", "b", 1).isOneModel()).isTrue();
  }

  @Test
  void line_modelWithItself_isTheModel() {
    for (int i = 0; i <= 10; i++) {
      assertThat(AffineCombination.line("a", "a", i / 10.0).terms())
          .containsExactly(new Term("a", 1));
    }
  }

  @Test
  void of_modelWhoseCoefficientsCancel_isLeftOut() {
    assertThat(AffineCombination.of(List.of("b", "a", "b"), List.of(0.25, 1.0, -0.25)).terms())
        .containsExactly(new Term("a", 1));
  }

  @Test
  void of_thirdsOfOneModel_isTheModel() {
    double third = 1.0 / 3;
    assertThat(AffineCombination.of(List.of("a", "a", "a"), List.of(third, third, third)).terms())
        .containsExactly(new Term("a", 1));
  }

  @Test
  void of_oneModelNotQuiteOnce_isNotTheModel() {
    assertThat(AffineCombination.of(List.of("a"), List.of(1 + 5e-7)).isOneModel()).isFalse();
  }

  @Test
  void of_otherNumberOfCoefficients_isRefused() {
    assertThatThrownBy(() -> AffineCombination.of(List.of("a", "b"), List.of(1.0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void of_coefficientThatIsNotFinite_isRefused() {
    assertThatThrownBy(() -> AffineCombination.of(List.of("a", "b"), List.of(1.0, Double.NaN)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Property
  void line_swapped_isTheSamePoint(@ForAll @DoubleRange(min = 0, max = 1) @Scale(4) double alpha) {
    assertThat(AffineCombination.line("a", "b", alpha))
        .isEqualTo(AffineCombination.line("b", "a", 1 - alpha));
  }

  @Property
  void line_grid_swapsWhateverTheRounding(@ForAll @IntRange(min = 1, max = 200) int intervals) {
    for (int i = 0; i <= intervals; i++) {
      assertThat(AffineCombination.line("a", "b", (double) i / intervals))
          .isEqualTo(AffineCombination.line("b", "a", (double) (intervals - i) / intervals));
    }
  }

  @Property
  void line_alpha_isKeptFarBelowSinglePrecision(
      @ForAll @DoubleRange(min = 1e-6, max = 1 - 1e-6) @Scale(15) double alpha) {
    AffineCombination point = AffineCombination.line("a", "b", alpha);
    assertThat(point.isOnLine()).isTrue();
    assertThat(Math.abs(point.terms().get(0).coefficient() - alpha)).isLessThan(0x1p-40);
  }

  @Property
  void of_anyOrderOfModels_isTheSamePoint(
      @ForAll @Size(min = 2, max = 8)
          List<@DoubleRange(min = -10, max = 10) @Scale(9) Double> coefficients,
      @ForAll long seed) {
    List<Integer> order = new ArrayList<>();
    List<String> models = new ArrayList<>();
    for (int k = 0; k < coefficients.size(); k++) {
      order.add(k);
      models.add("model" + k % 5);
    }
    Collections.shuffle(order, new Random(seed));

    AffineCombination shuffled =
        AffineCombination.of(
            order.stream().map(models::get).toList(),
            order.stream().map(coefficients::get).toList());

    assertThat(shuffled).isEqualTo(AffineCombination.of(models, coefficients));
    assertThat(shuffled.terms()).noneMatch(term -> term.coefficient() == 0);
    assertThat(shuffled.terms()).extracting(Term::model).isSorted().doesNotHaveDuplicates();
  }
}
