package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.ndarray.NDManager;
import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TorchTest {
  @Test
  void theFirstGpuIsMeantWhereNoneIsNamed() {
    assertThat(new TorchSettings("cuda", 1, false).device()).isEqualTo("cuda:0");
    assertThat(new TorchSettings("cuda:03", 1, true).device()).isEqualTo("cuda:3");
    assertThat(new TorchSettings("cuda:12", 1, false).gpu()).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "cuda:1:2", "cuda:100", "CPU"})
  void anotherDeviceIsRefused(String device) {
    assertThatThrownBy(() -> new TorchSettings(device, 1, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + device + "'")
        .hasMessageContaining("cpu");
  }

  @Test
  void tf32NeedsAGpu() {
    assertThatThrownBy(() -> new TorchSettings("cpu", 1, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("TF32");
  }

  @Test
  void whatRunsCannotBeChanged() {
    Torch.initialize(1);
    assertThatThrownBy(() -> Torch.initialize(new TorchSettings("cuda:0", 1, false)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cuda:0");
  }

  /** On the CPU nothing is copied; a GPU's copy is made and checked by docs/gpu.md's list. */
  @Test
  void weightsStayWhereTheyAreOnTheCpu() {
    Torch.initialize(1);
    try (ParameterVector weights = TinyModels.weights(TinyModels.classifier(Family.BERT), 1)) {
      assertThat(Torch.place(weights)).isSameAs(weights);
      assertThat(weights.isOnHost()).isTrue();
      try (ParameterVector copy = weights.hostCopy()) {
        assertThat(copy.digest()).isEqualTo(weights.digest());
        assertThat(copy.euclideanDistance(weights)).isZero();
      }
    }
  }

  @Test
  void exhaustedMemoryIsTold() {
    String source =
        """
        class Greedy(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def take(self: __torch__.Greedy, x: Tensor) -> Tensor:
            return torch.zeros([1000000, 1000000, 1000000], dtype=6, layout=0, device=torch.device("cpu"))
        """;
    try (TorchScript script = TorchScript.compile("Greedy", source);
        NDManager scope = Torch.newManager()) {
      Throwable thrown =
          catchThrowable(() -> script.run(scope, "take", TorchScript.tensor(scope.create(1f))));
      assertThat(Torch.isOutOfMemory(thrown)).as("%s", thrown).isTrue();
    }
    assertThat(Torch.isOutOfMemory(new IllegalStateException("out of memory"))).isFalse();
  }
}
