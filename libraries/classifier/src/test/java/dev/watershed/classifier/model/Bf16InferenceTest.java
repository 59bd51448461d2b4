package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class Bf16InferenceTest {
  private static final Architecture BERT = TinyModels.classifier(Family.BERT);

  @ParameterizedTest
  @EnumSource(Family.class)
  void logits_ofEveryKernel_areFp32sWithinTheFormatsRounding(Family family) {
    for (Activation activation : Activation.values()) {
      var architecture =
          new Architecture(
              TinyModels.config(family, activation), Head.CLASSIFICATION, List.of("no", "yes"));
      for (ProgramSource.Gradients gradients : ProgramSource.Gradients.values()) {
        compare(
            architecture,
            new ProgramSource.Kernels(ProgramSource.Linear.PLAIN, gradients, ComputePrecision.BF16),
            TinyModels.examples(family, 40, 1),
            .3);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void logits_ofAWideEncoder_areFp32sWithinTheFormatsRounding(Family family) {
    EncoderConfig config = TinyModels.wideConfig(family);
    var architecture = new Architecture(config, Head.CLASSIFICATION, List.of("no", "yes"));
    var random = new Random(3);
    var examples = new ArrayList<EncodedExample>();
    for (int i = 0; i < 30; i++) {
      int[] ids = random.ints(3 + random.nextInt(29), 2, 50).toArray();
      examples.add(new EncodedExample(ids, new int[ids.length], 0, false));
    }
    compare(architecture, Torch.inferenceKernels(config, ComputePrecision.BF16), examples, .05);
  }

  private static void compare(
      Architecture architecture,
      ProgramSource.Kernels kernels,
      List<EncodedExample> examples,
      double std) {
    ProgramSource.Kernels exact = ProgramSource.Kernels.PLAIN;
    ParameterLayout layout = ParameterLayout.of(architecture);
    try (ParameterVector weights = ParameterVector.random(layout, std, 1);
        ClassifierProgram fp32 = ClassifierProgram.compile(architecture, exact);
        ClassifierProgram bf16 = ClassifierProgram.compile(architecture, kernels);
        Bf16Vector rounded = bf16.newBf16Vector();
        PreparedSample sample = bf16.prepare(examples, 50)) {
      bf16.round(weights, rounded);
      float[] expected = fp32.logits(weights, sample, () -> false);
      float[] actual = bf16.logits(weights, rounded, sample, () -> false);
      double difference = 0;
      double square = 0;
      for (int i = 0; i < expected.length; i++) {
        difference += Math.pow(actual[i] - expected[i], 2);
        square += Math.pow(expected[i], 2);
      }
      // Rounded somewhere, and by no more than a dozen roundings of 2^-9 each.
      assertThat(Math.sqrt(difference / square))
          .as("%s of %s", kernels, architecture)
          .isBetween(1e-5, .03);
    }
  }

  @Test
  void round_twice_readsTheNewWeights() {
    try (ParameterVector a = TinyModels.weights(BERT, 1);
        ParameterVector b = TinyModels.weights(BERT, 2);
        ClassifierProgram program = ClassifierProgram.compile(BERT, ComputePrecision.BF16);
        Bf16Vector rounded = program.newBf16Vector();
        PreparedSample sample = program.prepare(TinyModels.examples(Family.BERT, 8, 1), 50)) {
      program.round(b, rounded);
      float[] expected = program.logits(b, rounded, sample, () -> false);
      program.round(a, rounded);
      assertThat(program.logits(a, rounded, sample, () -> false)).isNotEqualTo(expected);
      program.round(b, rounded);
      assertThat(program.logits(b, rounded, sample, () -> false)).isEqualTo(expected);
    }
  }

  @Test
  void logits_withoutTheRoundedWeightsOrWithThemInFp32_areRefused() {
    try (ParameterVector weights = TinyModels.weights(BERT, 1);
        ClassifierProgram fp32 = ClassifierProgram.compile(BERT);
        ClassifierProgram bf16 = ClassifierProgram.compile(BERT, ComputePrecision.BF16);
        Bf16Vector rounded = bf16.newBf16Vector();
        PreparedSample sample = bf16.prepare(TinyModels.examples(Family.BERT, 8, 1), 50)) {
      assertThatThrownBy(() -> bf16.logits(weights, sample, () -> false))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> fp32.logits(weights, rounded, sample, () -> false))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(fp32::newBf16Vector).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> fp32.round(weights, rounded))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void logits_manyTimes_leaveNoNativeMemoryBehind() {
    try (ParameterVector weights = TinyModels.weights(BERT, 1);
        ClassifierProgram program = ClassifierProgram.compile(BERT, ComputePrecision.BF16);
        PreparedSample sample = program.prepare(TinyModels.examples(Family.BERT, 40, 1), 50)) {
      NativeMemory.assertNothingKept(
          () -> {
            try (Bf16Vector rounded = program.newBf16Vector()) {
              program.round(weights, rounded);
              program.logits(weights, rounded, sample, () -> false);
            }
          });
    }
  }
}
