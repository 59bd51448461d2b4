package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class Bf16TrainingTest {
  private static final StageSettings STAGE =
      StageSettings.ofWholeRun(new AdamWSettings(.9, .999, 1e-8, .01, true, false), 1);

  private static TrainingProgram bf16(Architecture architecture, double dropout) {
    return TrainingProgram.compile(architecture, dropout, dropout, dropout, ComputePrecision.BF16);
  }

  /** bfloat16 has 8 bits: a rounding is up to 2^-9 = .002 off, and there are a dozen in a row. */
  @ParameterizedTest
  @CsvSource({
    "BERT,CLASSIFICATION",
    "BERT,MASKED_LANGUAGE_MODEL",
    "ROBERTA,CLASSIFICATION",
    "ROBERTA,MASKED_LANGUAGE_MODEL"
  })
  void gradient_isFp32sWithinTheFormatsRounding(Family family, Head head) {
    boolean classifies = head == Head.CLASSIFICATION;
    Architecture classifier = TinyModels.classifier(family);
    Architecture architecture = classifies ? classifier : classifier.withMaskedLanguageModelHead();
    TrainingBatch batch =
        classifies
            ? new TrainingBatch(TinyModels.examples(family, 12, 1), null)
            : TinyModels.maskedBatch(family, 12, 1);
    try (ParameterVector weights = TinyModels.weights(architecture, 1)) {
      float[] expected;
      double loss;
      try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0)) {
        expected = program.gradient(weights, batch);
        loss = program.loss(weights, batch);
      }
      try (TrainingProgram program = bf16(architecture, 0)) {
        float[] actual = program.gradient(weights, batch);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < actual.length; i++) {
          difference += Math.pow((double) actual[i] - expected[i], 2);
          norm += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(difference / norm)).isBetween(1e-4, .03);
        assertThat(program.loss(weights, batch)).as("scores are fp32").isEqualTo(loss);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void step_manyTimes_learnsWithTheSameBitsEachTime(Family family) {
    Digest first = train(family);
    assertThat(train(family)).isEqualTo(first);
  }

  private static Digest train(Family family) {
    Architecture architecture = TinyModels.classifier(family);
    var batch = new TrainingBatch(TinyModels.examples(family, 16, 1), null);
    try (TrainingProgram program = bf16(architecture, .1);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      double before = program.loss(state.weights(), batch);
      for (int i = 0; i < 100; i++) {
        assertThat(program.step(state, batch, STAGE, 3e-3, i).taken()).isTrue();
      }
      assertThat(program.loss(state.weights(), batch)).isLessThan(before / 3);
      return state.weights().digest();
    }
  }

  /** Steps far smaller than a bfloat16 can tell from nothing add up in the master weights. */
  @Test
  void step_tinyRate_movesTheWeights() {
    Architecture architecture = TinyModels.classifier(Family.BERT);
    String name = "bert.encoder.layer.0.output.dense.weight";
    try (TrainingProgram program = bf16(architecture, 0);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      float[] before = state.weights().copyOf(name);
      var batch = new TrainingBatch(TinyModels.examples(Family.BERT, 12, 1), null);
      program.step(state, batch, STAGE, 1e-6, 0);
      float[] after = state.weights().copyOf(name);
      int moved = 0;
      for (int i = 0; i < before.length; i++) {
        moved += after[i] != before[i] ? 1 : 0;
      }
      assertThat(moved).isGreaterThan(before.length * 9 / 10);
    }
  }

  @Test
  void step_ofTheHeadAndInParts_leavesNoNativeMemoryBehind() {
    Architecture architecture = TinyModels.classifier(Family.BERT);
    var batch = new TrainingBatch(TinyModels.examples(Family.BERT, 8, 1), null);
    var head = new StageSettings(0, TrainedPart.HEAD, STAGE.adamw(), 1, 2);
    try (TrainingProgram program = bf16(architecture, .1);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      NativeMemory.assertNothingKept(
          () -> {
            program.step(state, batch, STAGE, 1e-3, 0);
            program.step(state, batch, head, 1e-3, 0);
            program.loss(state.weights(), batch);
          });
    }
  }

  @Test
  void listsBf16_flagsOfRealProcessors() {
    assertThat(Torch.listsBf16(List.of("model name\t: x", "flags\t\t: fpu avx512f avx512_bf16")))
        .isTrue();
    assertThat(Torch.listsBf16(List.of("flags\t\t: amx_bf16 avx512f"))).isTrue();
    assertThat(Torch.listsBf16(List.of("Features\t: fp asimd i8mm bf16"))).isTrue();
    assertThat(Torch.listsBf16(List.of("flags\t\t: fpu avx2 avx512f", "bugs\t: bf16"))).isFalse();
    assertThat(Torch.listsBf16(List.of())).isFalse();
  }
}
