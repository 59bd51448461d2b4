package dev.watershed.analysis.study.findings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.type.v1.Origin;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ModelOriginsTest {
  @Test
  void of_someAlikeSomeNotOneUnknown_arePartedAsTheyAre() {
    var origins =
        ModelOrigins.of(
            List.of(
                origin(Map.of("a", "1", "b", "2", "c", "x")),
                Origin.getDefaultInstance(),
                origin(Map.of("a", "1", "b", "3"))));
    assertThat(origins.common()).isEqualTo(origin(Map.of("a", "1")));
    assertThat(origins.models())
        .containsExactly(
            origin(Map.of("b", "2", "c", "x")),
            Origin.getDefaultInstance(),
            origin(Map.of("b", "3")));
    assertThat(ModelOrigins.of(List.of(Origin.getDefaultInstance())).common().getFactsCount())
        .isZero();
  }

  @Test
  void of_manyAndLongFacts_areCut() {
    var one = Origin.newBuilder();
    for (int i = 0; i < 200; i++) {
      one.putFacts("fact" + i, "\u0007" + "x".repeat(10_000));
    }
    var kept = ModelOrigins.bounded(one.build());
    assertThat(kept.getFactsCount()).isEqualTo(128);
    assertThat(kept.getFactsMap().values())
        .allSatisfy(value -> assertThat(value).startsWith("\\u0007x").hasSizeLessThan(240));
    var told = ModelOrigins.of(List.of(kept, origin(Map.of("other", "y")))).models().get(0);
    assertThat(told.getFactsCount()).isEqualTo(20);
    assertThat(told.getFactsMap().values()).allSatisfy(v -> assertThat(v).hasSize(83));
  }

  private static Origin origin(Map<String, String> facts) {
    return Origin.newBuilder().putAllFacts(facts).build();
  }
}
