package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the benchmarks measure with. */
final class MeasurementTest {
  private static final Architecture BERT = TinyModels.classifier(Family.BERT);

  @ParameterizedTest
  @EnumSource(ComputePrecision.class)
  void best_tinyEncoder_isPositiveAndFinite(ComputePrecision precision) {
    MatrixProductRate rate = MatrixProductRate.best(BERT.encoder(), 32, precision, 1);
    // Between one operation a microsecond and what no processor does.
    assertThat(rate.operationsPerSecond()).isFinite().isBetween(1e6, 1e16);
    assertThat(rate.kernel()).isIn("torch.linear", "torch.matmul", "oneDNN linear");
    assertThat(rate.rows()).isEqualTo(32);
    assertThat(List.of(rate.inner(), rate.columns()))
        .isIn(List.of(16, 48), List.of(16, 16), List.of(16, 24), List.of(24, 16));
  }

  @Test
  void best_repeated_keepsNoMemory() {
    MatrixProductRate.best(BERT.encoder(), 4, ComputePrecision.FP32, 1);
    int before = NativeArrays.count();
    MatrixProductRate.best(BERT.encoder(), 4, ComputePrecision.FP32, 1);
    assertThat(NativeArrays.count()).isEqualTo(before);
  }

  /** Each product of the formula written down by hand, for 3 examples of 5 tokens. */
  @Test
  void forward_threeLayers_isTheSumOfItsProducts() {
    int h = 8;
    int i = 20;
    int n = 3;
    int t = 5;
    var encoder =
        new EncoderConfig(Family.BERT, 30, h, 3, 2, i, 16, 2, 1e-12, Activation.GELU, 0, 0, 0, 0);
    var architecture = new Architecture(encoder, Head.CLASSIFICATION, List.of("a", "b", "c", "d"));
    double expected = 0;
    for (int layer = 0; layer < 3; layer++) {
      int rows = layer < 2 ? n * t : n;
      expected += product(rows, h, h); // query
      expected += 2 * product(n * t, h, h); // key, value
      expected += 2 * n * product(rows / n, h, t); // scores, weighted values; over all heads
      expected += product(rows, h, h); // output
      expected += 2 * product(rows, h, i);
    }
    expected += product(n, h, h) + product(n, h, 4);
    assertThat(ForwardCost.floatingPointOperations(architecture, n, t)).isEqualTo(expected);
  }

  private static double product(int rows, int inner, int columns) {
    return 2.0 * rows * inner * columns;
  }

  @Test
  void record_forwardPass_accountsForItsTimeAndItsProducts() throws IOException {
    // Wide enough that the operations, and not the calls of them, take the time.
    var encoder =
        new EncoderConfig(
            Family.BERT, 50, 256, 2, 4, 1024, 32, 2, 1e-12, Activation.GELU, 0, 0, 0, 0);
    var architecture = new Architecture(encoder, Head.CLASSIFICATION, List.of("a", "b"));
    try (ParameterVector weights = TinyModels.weights(architecture, 1);
        ClassifierProgram program = ClassifierProgram.compile(architecture);
        PreparedSample sample = program.prepare(TinyModels.examples(Family.BERT, 64, 2), 10_000)) {
      program.logits(weights, sample, () -> false);
      OperationProfile profile =
          OperationProfile.record(() -> program.logits(weights, sample, () -> false));
      assertThat(profile.operations())
          .filteredOn(operation -> operation.name().equals("aten::native_layer_norm"))
          .singleElement()
          .satisfies(norm -> assertThat(norm.calls()).isEqualTo(5));
      assertThat(profile.operations())
          .filteredOn(operation -> operation.shape().equals("[1024, 256]"))
          .isNotEmpty();
      assertThat(profile.operations()).allMatch(operation -> operation.seconds() >= 0);
      assertThat(profile.accountedSeconds())
          .isCloseTo(profile.seconds("logits"), within(1e-4))
          .isLessThanOrEqualTo(profile.wallSeconds());
      OperationProfile again = OperationProfile.record(() -> {});
      assertThat(again.operations()).isEmpty();
    }
  }
}
