package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.input.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ClassifierProgramTest {
  private static final Architecture BERT = TinyModels.classifier(Family.BERT);

  @ParameterizedTest
  @EnumSource(Activation.class)
  void logits_inPaddedBatches_areTheNaiveOnesOfBert(Activation activation) {
    compareWithNaive(Family.BERT, activation);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void logits_inPaddedBatches_areTheNaiveOnesOfRoberta(Activation activation) {
    compareWithNaive(Family.ROBERTA, activation);
  }

  private static final List<ProgramSource.Kernels> FP32_KERNELS =
      Stream.of(ProgramSource.Linear.values())
          .flatMap(
              linear ->
                  Stream.of(ProgramSource.Gradients.values())
                      .map(
                          gradients ->
                              new ProgramSource.Kernels(linear, gradients, ComputePrecision.FP32)))
          .toList();

  /** A text may spell the padding token out: it is attended to, and RoBERTa does not count it. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void logits_paddingTokenInsideATextAndAtItsEnd_areTheNaiveOnes(Family family) {
    int pad = TinyModels.config(family, Activation.GELU).padTokenId();
    List<EncodedExample> examples = new ArrayList<>();
    for (EncodedExample example : TinyModels.examples(family, 40, 3)) {
      int[] ids = example.inputIds().clone();
      ids[ids.length / 2] = pad;
      if (examples.size() % 2 == 0) {
        ids[ids.length - 1] = pad;
      }
      examples.add(new EncodedExample(ids, example.tokenTypeIds(), example.label(), false));
    }
    compareWithNaive(family, Activation.GELU, examples);
  }

  private static void compareWithNaive(Family family, Activation activation) {
    compareWithNaive(family, activation, TinyModels.examples(family, 40, 1));
  }

  private static void compareWithNaive(
      Family family, Activation activation, List<EncodedExample> examples) {
    var architecture =
        new Architecture(
            TinyModels.config(family, activation),
            Head.CLASSIFICATION,
            List.of("no", "yes", "maybe"));
    for (ProgramSource.Kernels kernels : FP32_KERNELS) {
      try (ParameterVector weights = TinyModels.weights(architecture, 1);
          ClassifierProgram program = ClassifierProgram.compile(architecture, kernels);
          PreparedSample sample = program.prepare(examples, 50)) {
        float[] logits = program.logits(weights, sample, () -> false);
        var naive = new NaiveEncoder(weights);
        for (int i = 0; i < examples.size(); i++) {
          double[] expected = naive.logits(examples.get(i));
          for (int k = 0; k < 3; k++) {
            assertThat((double) logits[3 * i + k])
                .as("%s, example %d, label %d", kernels, i, k)
                .isCloseTo(expected[k], within(1e-4 * Math.abs(expected[k]) + 1e-5));
          }
        }
      }
    }
  }

  @Test
  void interpolate_atTheEnds_givesTheVectorsThemselves() {
    try (ParameterVector a = TinyModels.weights(BERT, 1);
        ParameterVector b = TinyModels.weights(BERT, 2);
        ParameterVector out = ParameterVector.allocate(a.layout());
        ClassifierProgram program = ClassifierProgram.compile(BERT)) {
      program.interpolate(a, b, 1, out);
      assertThat(out.digest()).isEqualTo(a.digest());
      program.interpolate(a, b, 0, out);
      assertThat(out.digest()).isEqualTo(b.digest());
      program.interpolate(a, b, .25, out);
      float[] wa = a.copyOf("classifier.weight");
      float[] wb = b.copyOf("classifier.weight");
      float[] mixed = out.copyOf("classifier.weight");
      for (int i = 0; i < mixed.length; i++) {
        assertThat((double) mixed[i]).isCloseTo(.25 * wa[i] + .75 * wb[i], within(1e-7));
      }
      assertThatThrownBy(() -> program.interpolate(a, b, .5, a))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void accumulate_ofThree_isTheirSumAndASingleOneIsExact() {
    try (ParameterVector a = TinyModels.weights(BERT, 1);
        ParameterVector b = TinyModels.weights(BERT, 2);
        ParameterVector c = TinyModels.weights(BERT, 3);
        ParameterVector out = ParameterVector.allocate(a.layout());
        ClassifierProgram program = ClassifierProgram.compile(BERT)) {
      program.scale(b, 1, out);
      assertThat(out.digest()).isEqualTo(b.digest());
      program.scale(a, .5, out);
      program.accumulate(b, -1, out);
      program.accumulate(c, 1.5, out);
      String name = "bert.pooler.dense.weight";
      float[] mixed = out.copyOf(name);
      for (int i = 0; i < mixed.length; i++) {
        double expected = .5 * a.copyOf(name)[i] - b.copyOf(name)[i] + 1.5 * c.copyOf(name)[i];
        assertThat((double) mixed[i]).isCloseTo(expected, within(1e-6));
      }
      assertThatThrownBy(() -> program.scale(a, 1, a)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> program.accumulate(a, 1, a))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void logits_whenCancelled_stopsBeforeTheNextBatch() {
    try (ParameterVector weights = TinyModels.weights(BERT, 1);
        ClassifierProgram program = ClassifierProgram.compile(BERT);
        PreparedSample sample = program.prepare(TinyModels.examples(Family.BERT, 40, 1), 50)) {
      var polls = new AtomicInteger();
      assertThatThrownBy(() -> program.logits(weights, sample, () -> polls.incrementAndGet() == 3))
          .isInstanceOf(CancellationException.class);
      assertThat(polls).hasValue(3);
    }
  }

  @Test
  void logits_fromManyVirtualThreads_areTheSameBits() throws Exception {
    try (ParameterVector weights = TinyModels.weights(BERT, 1);
        ClassifierProgram program = ClassifierProgram.compile(BERT);
        PreparedSample sample = program.prepare(TinyModels.examples(Family.BERT, 40, 1), 50);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      float[] expected = program.logits(weights, sample, () -> false);
      var results = new ArrayList<Future<float[]>>();
      for (int i = 0; i < 16; i++) {
        results.add(threads.submit(() -> program.logits(weights, sample, () -> false)));
      }
      for (Future<float[]> result : results) {
        assertThat(result.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void prepare_exampleTheModelCannotRead_isRefusedByNumber() {
    try (ClassifierProgram program = ClassifierProgram.compile(BERT)) {
      var good = new EncodedExample(new int[] {2, 3}, new int[2], 0, false);
      refused(program, List.of(good, example(15, 2, 0)), "EXAMPLE_TOO_LONG", "example 1 has 15");
      refused(program, List.of(example(3, 23, 0)), "TOKEN_OUT_OF_RANGE", "token id 23");
      refused(program, List.of(example(3, -1, 0)), "TOKEN_OUT_OF_RANGE", "token id -1");
      refused(program, List.of(example(3, 2, 2)), "TOKEN_OUT_OF_RANGE", "token type 2");
      refused(program, List.of(), "NO_EXAMPLES", "at least one");
    }
  }

  private static EncodedExample example(int length, int id, int type) {
    var ids = new int[length];
    var types = new int[length];
    ids[0] = id;
    types[0] = type;
    return new EncodedExample(ids, types, 0, false);
  }

  private static void refused(
      ClassifierProgram program, List<EncodedExample> examples, String reason, String message) {
    assertThatThrownBy(() -> program.prepare(examples, 100))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((InvalidInputException) e).reason())
        .isEqualTo(reason);
  }

  @Test
  void logits_manyTimes_leaveNoNativeMemoryBehind() {
    try (ParameterVector a = TinyModels.weights(BERT, 1);
        ParameterVector b = TinyModels.weights(BERT, 2);
        ParameterVector out = ParameterVector.allocate(a.layout());
        ClassifierProgram program = ClassifierProgram.compile(BERT)) {
      Runnable work =
          () -> {
            try (PreparedSample sample =
                program.prepare(TinyModels.examples(Family.BERT, 40, 1), 50)) {
              program.interpolate(a, b, .5, out);
              program.scale(a, .5, out);
              program.accumulate(b, .5, out);
              program.logits(out, sample, () -> false);
            }
          };
      NativeMemory.assertNothingKept(work);
    }
  }
}
