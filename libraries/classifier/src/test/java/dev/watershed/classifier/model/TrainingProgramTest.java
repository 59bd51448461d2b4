package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class TrainingProgramTest {
  private static final Architecture BERT = TinyModels.classifier(Family.BERT);
  private static final AdamWSettings ADAMW = new AdamWSettings(.9, .999, 1e-8, .01, true, false);
  private static final StageSettings STAGE = StageSettings.ofWholeRun(ADAMW, 1);

  @ParameterizedTest
  @CsvSource({"BERT,GELU", "BERT,RELU", "ROBERTA,GELU", "ROBERTA,GELU_NEW"})
  void loss_ofMaskedTokens_isTheNaiveMean(Family family, Activation activation) {
    var architecture =
        new Architecture(
            TinyModels.config(family, activation), Head.MASKED_LANGUAGE_MODEL, List.of());
    TrainingBatch batch = TinyModels.maskedBatch(family, 9, 1);
    try (ParameterVector weights = TinyModels.weights(architecture, 1);
        TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1)) {
      double expected = naiveMaskedLoss(weights, batch);
      assertThat(program.loss(weights, batch)).isCloseTo(expected, within(1e-5 * expected));
    }
  }

  private static double naiveMaskedLoss(ParameterVector weights, TrainingBatch batch) {
    var naive = new NaiveEncoder(weights);
    int[][] labels = batch.maskedLabels();
    assertThat(labels).isNotNull();
    double sum = 0;
    int count = 0;
    for (int i = 0; i < labels.length; i++) {
      for (int t = 0; t < labels[i].length; t++) {
        if (labels[i][t] != TrainingBatch.IGNORED) {
          sum += naive.maskedLoss(batch.examples().get(i), t, labels[i][t]);
          count++;
        }
      }
    }
    return sum / count;
  }

  /** The decoder is the word embedding, so its gradient comes from both ends. */
  @Test
  void gradient_ofMaskedTokens_isTheDifferenceQuotient() {
    Architecture architecture = BERT.withMaskedLanguageModelHead();
    TrainingBatch batch = TinyModels.maskedBatch(Family.BERT, 5, 2);
    try (ParameterVector weights = TinyModels.weights(architecture, 1);
        TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0)) {
      float[] gradient = program.gradient(weights, batch);
      for (String name :
          List.of(
              "bert.embeddings.word_embeddings.weight",
              "bert.encoder.layer.1.output.dense.bias",
              "cls.predictions.bias")) {
        int at = (int) layoutOffset(weights, name) + 5;
        float h = 1e-2f;
        var floats = weights.bytes().asFloatBuffer();
        float value = floats.get(at);
        floats.put(at, value + h);
        double above = naiveMaskedLoss(weights, batch);
        floats.put(at, value - h);
        double below = naiveMaskedLoss(weights, batch);
        floats.put(at, value);
        assertThat((double) gradient[at])
            .as(name)
            .isCloseTo((above - below) / (2 * h), within(1e-4));
      }
      for (long i = weights.layout().trainedSize(); i < weights.layout().size(); i++) {
        assertThat(gradient[(int) i]).as("the pooler is not read").isZero();
      }
    }
  }

  /** As an embedding with a padding_idx has it; the padding that fills a batch has none anyway. */
  @ParameterizedTest
  @CsvSource({"BERT", "ROBERTA"})
  void gradient_ofThePaddingTokenInAText_isNone(Family family) {
    Architecture architecture = TinyModels.classifier(family);
    int pad = architecture.encoder().padTokenId();
    var batch =
        new TrainingBatch(
            List.of(
                new EncodedExample(new int[] {2, pad, 5, 3}, new int[4], 1, false),
                new EncodedExample(new int[] {2, 7}, new int[2], 0, false)),
            null);
    for (ProgramSource.Gradients gradients : ProgramSource.Gradients.values()) {
      nothingIsLearnedThroughPadding(
          architecture,
          batch,
          new ProgramSource.Kernels(ProgramSource.Linear.PLAIN, gradients, ComputePrecision.FP32));
    }
  }

  private static void nothingIsLearnedThroughPadding(
      Architecture architecture, TrainingBatch batch, ProgramSource.Kernels kernels) {
    Family family = architecture.encoder().family();
    int pad = architecture.encoder().padTokenId();
    try (ParameterVector weights = TinyModels.weights(architecture, 1)) {
      float[] gradient = gradient(weights, batch, kernels);
      String words = family.hfName() + ".embeddings.word_embeddings.weight";
      assertThat(row(gradient, weights, words, pad)).containsOnly(0f);
      assertThat(row(gradient, weights, words, 5)).doesNotContain(0f);
      if (family == Family.ROBERTA) {
        String places = "roberta.embeddings.position_embeddings.weight";
        assertThat(row(gradient, weights, places, pad)).containsOnly(0f);
        assertThat(row(gradient, weights, places, pad + 3)).doesNotContain(0f);
        assertThat(row(gradient, weights, places, pad + 4)).containsOnly(0f); // three are counted
      }
    }
  }

  private static float[] row(float[] gradient, ParameterVector weights, String name, int row) {
    int width = weights.layout().architecture().encoder().hiddenSize();
    int from = (int) layoutOffset(weights, name) + row * width;
    return Arrays.copyOfRange(gradient, from, from + width);
  }

  private static long layoutOffset(ParameterVector weights, String name) {
    ParameterLayout.@Nullable Parameter parameter = weights.layout().find(name);
    assertThat(parameter).isNotNull();
    return parameter.offset();
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void step_withEachOption_isTheNaiveAdamW(boolean biasCorrection, boolean decayAll) {
    var settings = new AdamWSettings(.8, .95, 1e-6, .1, biasCorrection, decayAll);
    double learningRate = 1e-2;
    double clip = .5;
    var batch = new TrainingBatch(TinyModels.examples(Family.BERT, 8, 1), null);
    try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1));
        TrainingProgram program = TrainingProgram.compile(BERT, 0, 0, 0)) {
      ParameterLayout layout = state.weights().layout();
      int n = (int) layout.size();
      var w = new double[n];
      var m = new double[n];
      var v = new double[n];
      for (int i = 0; i < n; i++) {
        w[i] = state.weights().bytes().asFloatBuffer().get(i);
      }
      for (int step = 1; step <= 3; step++) {
        float[] gradient = program.gradient(state.weights(), batch);
        double norm = 0;
        for (float g : gradient) {
          norm += (double) g * g;
        }
        norm = Math.sqrt(norm);
        double scale = Math.min(1, clip / (norm + 1e-6));
        StepResult result =
            program.step(state, batch, StageSettings.ofWholeRun(settings, clip), learningRate, 0);
        assertThat(result.gradientNorm()).isCloseTo(norm, within(1e-5 * norm));
        double first = biasCorrection ? 1 - Math.pow(.8, step) : 1;
        double second = biasCorrection ? 1 - Math.pow(.95, step) : 1;
        for (int i = 0; i < n; i++) {
          double g = gradient[i] * scale;
          m[i] = .8 * m[i] + .2 * g;
          v[i] = .95 * v[i] + .05 * g * g;
          double decay = decayAll || i < layout.decayedSize() ? .1 : 0;
          w[i] -= learningRate * decay * w[i];
          w[i] -= learningRate * (m[i] / first) / (Math.sqrt(v[i] / second) + 1e-6);
          float actual = state.weights().bytes().asFloatBuffer().get(i);
          assertThat((double) actual).isCloseTo(w[i], within(2e-5));
        }
      }
    }
  }

  @Test
  void step_ofMaskedTokens_leavesWhatTheHeadDoesNotRead() {
    Architecture architecture = BERT.withMaskedLanguageModelHead();
    var all = new AdamWSettings(.9, .999, 1e-8, .5, true, true);
    try (TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1));
        TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0)) {
      float[] pooler = state.weights().copyOf("bert.pooler.dense.weight");
      float[] words = state.weights().copyOf("bert.embeddings.word_embeddings.weight");
      program.step(
          state,
          TinyModels.maskedBatch(Family.BERT, 5, 2),
          StageSettings.ofWholeRun(all, 0),
          .1,
          0);
      assertThat(state.weights().copyOf("bert.pooler.dense.weight")).isEqualTo(pooler);
      assertThat(state.weights().copyOf("bert.embeddings.word_embeddings.weight"))
          .isNotEqualTo(words);
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void step_sameSeedsTwice_givesTheSameBits(Family family) {
    Digest first = train(family, 6, 7);
    assertThat(train(family, 6, 7)).isEqualTo(first);
    assertThat(train(family, 6, 8)).as("another dropout seed").isNotEqualTo(first);
  }

  private static Digest train(Family family, int steps, long seed) {
    Architecture architecture = TinyModels.classifier(family);
    try (TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1));
        TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1)) {
      steps(program, state, family, steps, seed);
      return state.weights().digest();
    }
  }

  private static void steps(
      TrainingProgram program, TrainingState state, Family family, int steps, long seed) {
    for (int i = 0; i < steps; i++) {
      long step = state.step();
      var batch = new TrainingBatch(TinyModels.examples(family, 8, step), null);
      program.step(state, batch, STAGE, 1e-3, seed * 1000 + step);
    }
  }

  @Test
  void step_manyTimes_learns() {
    var batch = new TrainingBatch(TinyModels.examples(Family.ROBERTA, 16, 1), null);
    Architecture architecture = TinyModels.classifier(Family.ROBERTA);
    try (TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1));
        TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1)) {
      double before = program.loss(state.weights(), batch);
      for (int i = 0; i < 100; i++) {
        program.step(state, batch, STAGE, 3e-3, i);
      }
      assertThat(program.loss(state.weights(), batch)).isLessThan(before / 3);
    }
  }

  @Test
  void load_savedInTheMiddle_goesOnWithTheSameBits(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("state.safetensors");
    Digest uninterrupted = train(Family.BERT, 6, 7);
    try (TrainingProgram program = TrainingProgram.compile(BERT, .1, .1, .1)) {
      try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1))) {
        steps(program, state, Family.BERT, 3, 7);
        state.save(file);
      }
      try (TrainingState state = TrainingState.load(file, ParameterLayout.of(BERT))) {
        assertThat(state.step()).isEqualTo(3);
        steps(program, state, Family.BERT, 3, 7);
        assertThat(state.weights().digest()).isEqualTo(uninterrupted);
      }
    }
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void load_damagedOrForeignFile_isRefused(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("state.safetensors");
    try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1))) {
      state.save(file);
    }
    assertThatThrownBy(
            () ->
                TrainingState.load(
                    file, ParameterLayout.of(BERT.withClassificationHead(List.of("a", "b")))))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.kind()).isEqualTo(InvalidInputException.Kind.MISMATCH));
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 2] ^= 1;
    Files.write(file, bytes);
    corrupt(file, "checksum");
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    corrupt(file, "truncated");
    Files.delete(file);
    assertThatThrownBy(() -> TrainingState.load(file, ParameterLayout.of(BERT)))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.kind()).isEqualTo(InvalidInputException.Kind.NOT_FOUND));
  }

  private static void corrupt(Path file, String what) {
    assertThatThrownBy(() -> TrainingState.load(file, ParameterLayout.of(BERT)))
        .hasMessageContaining(what)
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> assertThat(e.kind()).isEqualTo(InvalidInputException.Kind.CORRUPT));
  }

  /** What wide models and what GPUs train with, against the plain one. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void gradient_ofEveryKernel_isThePlainOne(Family family) {
    Architecture classifier = TinyModels.classifier(family);
    compareKernels(classifier, new TrainingBatch(TinyModels.examples(family, 9, 3), null));
    compareKernels(classifier.withMaskedLanguageModelHead(), TinyModels.maskedBatch(family, 9, 3));
  }

  private static void compareKernels(Architecture architecture, TrainingBatch batch) {
    try (ParameterVector weights = TinyModels.weights(architecture, 1)) {
      float[] plain = gradient(weights, batch, ProgramSource.Kernels.PLAIN);
      for (ProgramSource.Linear linear :
          List.of(ProgramSource.Linear.PLAIN, ProgramSource.Linear.ONEDNN_DIFFERENTIABLE)) {
        for (ProgramSource.Gradients gradients : ProgramSource.Gradients.values()) {
          var kernels = new ProgramSource.Kernels(linear, gradients, ComputePrecision.FP32);
          float[] other = gradient(weights, batch, kernels);
          double difference = 0;
          double norm = 0;
          for (int i = 0; i < plain.length; i++) {
            difference += Math.pow((double) other[i] - plain[i], 2);
            norm += Math.pow(plain[i], 2);
          }
          assertThat(norm).isPositive();
          assertThat(Math.sqrt(difference / norm)).as("%s", kernels).isLessThan(1e-5);
        }
      }
    }
  }

  @Test
  void trainingKernels_wideEncoderOnACpu_areOneDnns() {
    assumeThat(Torch.hasOneDnnLinear()).as("libtorch has oneDNN's kernels").isTrue();
    EncoderConfig narrow = BERT.encoder();
    assertThat(Torch.trainingKernels(narrow, ComputePrecision.FP32).linear())
        .isEqualTo(ProgramSource.Linear.PLAIN);
    EncoderConfig wide = TinyModels.wideConfig(Family.BERT);
    assertThat(Torch.trainingKernels(wide, ComputePrecision.FP32).linear())
        .isEqualTo(ProgramSource.Linear.ONEDNN_DIFFERENTIABLE);
    assertThat(Torch.trainingKernels(wide, ComputePrecision.BF16).linear())
        .isEqualTo(ProgramSource.Linear.PLAIN);
  }

  private static float[] gradient(
      ParameterVector weights, TrainingBatch batch, ProgramSource.Kernels kernels) {
    try (TrainingProgram program =
        TrainingProgram.compile(
            weights.layout().architecture(), ProgramSource.Dropout.NONE, kernels)) {
      return program.gradient(weights, batch);
    }
  }

  @Test
  void step_lossNotANumber_isReportedAndNotTaken() {
    var batch = new TrainingBatch(TinyModels.examples(Family.BERT, 8, 1), null);
    try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1));
        TrainingProgram program = TrainingProgram.compile(BERT, 0, 0, 0)) {
      program.step(state, batch, STAGE, 1e-3, 0);
      state.weights().bytes().asFloatBuffer().put(0, Float.NaN);
      state.weights().bytes().asFloatBuffer().put(1000, Float.NaN);
      Digest before = state.weights().digest();
      StepResult result = program.step(state, batch, STAGE, 1e-3, 0);
      assertThat(result.lossNats()).isNaN();
      assertThat(result.taken()).isFalse();
      assertThat(state.step()).isEqualTo(1);
      assertThat(state.weights().digest()).isEqualTo(before);
      assertThat(state.firstMoment().isNaN().any().getBoolean()).isFalse();
    }
  }

  /** A decay that turns a weight's sign and size around overflows while loss and gradient hold. */
  @ParameterizedTest
  @CsvSource({"ALL,1", "ALL,2", "HEAD,1"})
  void step_weightsOverflow_isReported(TrainedPart trained, int parts) {
    var batch = new TrainingBatch(TinyModels.examples(Family.BERT, 8, 1), null);
    var decay = new AdamWSettings(.9, .999, 1e-8, 1e10, true, false);
    var stage = new StageSettings(0, trained, decay, 1, parts);
    try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1));
        TrainingProgram program = TrainingProgram.compile(BERT, 0, 0, 0)) {
      assertThat(program.step(state, batch, stage, 1e-3, 0).overflowed()).isFalse();
      StepResult result = program.step(state, batch, stage, 1e30, 0);
      assertThat(result.taken()).as("loss and gradient are finite").isTrue();
      assertThat(result.overflowed()).isTrue();
    }
  }

  @Test
  void step_unusableBatch_isRefused() {
    try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1));
        TrainingProgram program = TrainingProgram.compile(BERT, 0, 0, 0)) {
      for (int label : new int[] {-1, 3}) {
        var example = new EncodedExample(new int[] {2, 3}, new int[2], label, false);
        assertThatThrownBy(
                () ->
                    program.step(state, new TrainingBatch(List.of(example), null), STAGE, 1e-3, 0))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("label " + label);
      }
      assertThatThrownBy(
              () -> program.step(state, new TrainingBatch(List.of(), null), STAGE, 1e-3, 0))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  @Test
  void loss_nothingMasked_isRefused() {
    Architecture architecture = BERT.withMaskedLanguageModelHead();
    var example = new EncodedExample(new int[] {2, 3}, new int[2], -1, false);
    int[][] none = {{TrainingBatch.IGNORED, TrainingBatch.IGNORED}};
    try (ParameterVector weights = TinyModels.weights(architecture, 1);
        TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0)) {
      assertThatThrownBy(() -> program.loss(weights, new TrainingBatch(List.of(example), none)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("mask at least one");
    }
  }

  @Test
  void compile_whileAnotherIsLive_isRefused() {
    try (TrainingProgram first = TrainingProgram.compile(BERT, 0, 0, 0)) {
      assertThat(first.architecture()).isEqualTo(BERT);
      assertThatThrownBy(() -> TrainingProgram.compile(BERT, 0, 0, 0))
          .isInstanceOf(IllegalStateException.class);
    }
    TrainingProgram.compile(BERT, 0, 0, 0).close();
  }

  @Test
  void step_manyTimes_leavesNoNativeMemoryBehind() {
    var batch = new TrainingBatch(TinyModels.examples(Family.BERT, 8, 1), null);
    try (TrainingState state = TrainingState.start(TinyModels.weights(BERT, 1));
        TrainingProgram program = TrainingProgram.compile(BERT, .1, .1, .1)) {
      NativeMemory.assertNothingKept(
          () -> {
            program.step(state, batch, STAGE, 1e-3, 0);
            program.loss(state.weights(), batch);
            program.gradient(state.weights(), batch);
          });
    }
  }
}
