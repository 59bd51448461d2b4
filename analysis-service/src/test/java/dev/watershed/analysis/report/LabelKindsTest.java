package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class LabelKindsTest {
  @Test
  void of_labelsThatDifferInTheirSeed_areOneKind() {
    assertThat(kinds("seed 1", "seed 2", "seed 10")).containsExactly("");
    assertThat(kinds("bert-seed-1-lr-2e-5", "bert-seed-2-lr-2e-5")).hasSize(1);
    assertThat(kinds("mnli-1", "mnli-2")).containsExactly("mnli");
    assertThat(kinds("Run 15", "Run 25")).hasSize(1);
  }

  @Test
  void of_labelsThatDifferInMore_areSeveralKinds() {
    var kinds = kinds("seed 1 lr 1e-5", "seed 2 lr 1e-5", "seed 1 lr 5e-5", "seed 2 lr 5e-5");
    assertThat(kinds).containsExactly("lr 1e-5", "lr 5e-5");
    assertThat(kinds("seed-1-step-600", "seed-1-step-1200", "seed-2-step-600")).hasSize(2);
    // The end of a learning rate is no seed.
    assertThat(kinds("lr-1e-5", "lr-1e-4", "lr-1e-3")).hasSize(3);
  }

  @Test
  void sayNothing_idsOfCheckpoints_isTrue() {
    assertThat(LabelKinds.of(List.of("tlmx6nvwktxw", "nv3mdixd5a36")).sayNothing()).isTrue();
    assertThat(LabelKinds.of(List.of("seed 1", "seed 2")).sayNothing()).isFalse();
  }

  @Test
  void areTheClusters_oneKindACluster_isTrue() {
    var kinds = LabelKinds.of(List.of("seed 1 a", "seed 2 a", "seed 1 b"));
    assertThat(kinds.areTheClusters(List.of(0, 0, 1))).isTrue();
    assertThat(kinds.areTheClusters(List.of(0, 1, 1))).isFalse();
    assertThat(kinds.areTheClusters(List.of(0, 0, 0))).isFalse();
    assertThat(LabelKinds.of(List.of("seed 1", "seed 2")).areTheClusters(List.of(0, 0))).isFalse();
  }

  private static List<String> kinds(String... labels) {
    return List.copyOf(LabelKinds.of(List.of(labels)).models().keySet());
  }
}
