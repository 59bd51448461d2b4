package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The stage that trains the classification head alone. */
final class HeadTrainingTest {
  private static final AdamWSettings ADAMW = new AdamWSettings(.9, .999, 1e-6, .1, true, false);

  private static StageSettings head(int parts) {
    return new StageSettings(0, TrainedPart.HEAD, ADAMW, 0, parts);
  }

  private static Set<String> headNames(Family family) {
    return family == Family.BERT
        ? Set.of("classifier.weight", "classifier.bias")
        : Set.of(
            "classifier.dense.weight",
            "classifier.dense.bias",
            "classifier.out_proj.weight",
            "classifier.out_proj.bias");
  }

  private static TrainingBatch batch(Family family, long seed) {
    return new TrainingBatch(TinyModels.examples(family, 9, seed), null);
  }

  @ParameterizedTest
  @CsvSource({"BERT,1,FP32", "BERT,2,BF16", "ROBERTA,1,BF16", "ROBERTA,3,FP32"})
  void step_ofTheHead_leavesTheEncoderBitForBit(
      Family family, int parts, ComputePrecision precision) {
    Architecture architecture = TinyModels.classifier(family);
    try (TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1, precision);
        ParameterVector before = TinyModels.weights(architecture, 1);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      for (int i = 0; i < 5; i++) {
        assertThat(program.step(state, batch(family, i), head(parts), .1, i).taken()).isTrue();
      }
      var changed = new HashSet<String>();
      for (Parameter p : before.layout().parameters()) {
        if (!Arrays.equals(before.copyOf(p.name()), state.weights().copyOf(p.name()))) {
          changed.add(p.name());
        }
      }
      assertThat(changed).isEqualTo(headNames(family));
    }
  }

  @ParameterizedTest
  @CsvSource({"BERT,true,1", "BERT,false,3", "ROBERTA,true,2", "ROBERTA,false,1"})
  void step_ofTheHead_isTheNaiveAdamWOfTheHeadsShareOfTheGradient(
      Family family, boolean decayAll, int parts) {
    Architecture architecture = TinyModels.classifier(family);
    var adamw = new AdamWSettings(.8, .95, 1e-3, .1, true, decayAll);
    double clip = .05;
    double rate = 1e-2;
    var stage = new StageSettings(0, TrainedPart.HEAD, adamw, clip, parts);
    // Dropout of the encoder only, which the frozen one must not have.
    try (TrainingProgram program = TrainingProgram.compile(architecture, .5, .5, 0);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      ParameterLayout layout = state.weights().layout();
      int n = (int) layout.size();
      var m = new double[n];
      var v = new double[n];
      for (int step = 1; step <= 3; step++) {
        TrainingBatch batch = batch(family, step);
        float[] gradient = program.gradient(state.weights(), batch);
        double loss = program.loss(state.weights(), batch);
        var before = new float[n];
        state.weights().bytes().asFloatBuffer().get(before);
        double square = 0;
        for (String name : headNames(family)) {
          Parameter p = layout.find(name);
          assertThat(p).isNotNull();
          for (int i = (int) p.offset(); i < p.offset() + p.size(); i++) {
            square += (double) gradient[i] * gradient[i];
          }
        }
        double norm = Math.sqrt(square);
        assertThat(norm).as("clipping has an effect").isGreaterThan(clip);

        StepResult result = program.step(state, batch, stage, rate, step);

        assertThat(result.lossNats()).isCloseTo(loss, within(1e-5 * loss));
        assertThat(result.gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
        for (String name : headNames(family)) {
          Parameter p = layout.find(name);
          assertThat(p).isNotNull();
          double decay = decayAll || p.offset() < layout.decayedSize() ? .1 : 0;
          for (int i = (int) p.offset(); i < p.offset() + p.size(); i++) {
            double g = gradient[i] * clip / (norm + 1e-6);
            m[i] = .8 * m[i] + .2 * g;
            v[i] = .95 * v[i] + .05 * g * g;
            double first = m[i] / (1 - Math.pow(.8, step));
            double second = v[i] / (1 - Math.pow(.95, step));
            double expected =
                before[i] * (1 - rate * decay) - rate * first / (Math.sqrt(second) + 1e-3);
            assertThat((double) state.weights().bytes().asFloatBuffer().get(i))
                .isCloseTo(expected, within(1e-6));
          }
        }
      }
    }
  }

  @Test
  void step_ofTheHead_dropsWhatTheHeadReads() {
    Architecture architecture = TinyModels.classifier(Family.BERT);
    try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, .5);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      double exact = program.loss(state.weights(), batch(Family.BERT, 1));
      StepResult first = program.step(state, batch(Family.BERT, 1), head(1), 0, 1);
      StepResult second = program.step(state, batch(Family.BERT, 1), head(1), 0, 2);
      assertThat(first.lossNats()).isNotCloseTo(exact, within(1e-4));
      assertThat(second.lossNats()).isNotCloseTo(first.lossNats(), within(1e-4));
    }
  }

  /** The next stage must not know the last one's moments, nor how many steps it took. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void step_firstOfTheNextStage_isTheFirstOfARunWithTheseWeights(
      Family family, @TempDir Path directory) throws IOException {
    Architecture architecture = TinyModels.classifier(family);
    var all = new StageSettings(3, TrainedPart.ALL, ADAMW, 1, 1);
    Path file = directory.resolve("state");
    try (TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      for (int i = 0; i < 3; i++) {
        program.step(state, batch(family, i), head(1), .1, i);
      }
      state.save(file); // exactly where the stages meet
      try (ParameterVector copy = ParameterVector.allocate(state.weights().layout())) {
        copy.bytes().put(state.weights().bytes());
        for (int i = 3; i < 6; i++) {
          program.step(state, batch(family, i), all, .01, i);
        }
        try (TrainingState resumed = TrainingState.load(file, copy.layout())) {
          for (int i = 3; i < 6; i++) {
            program.step(resumed, batch(family, i), all, .01, i);
          }
          assertThat(resumed.weights().digest()).isEqualTo(state.weights().digest());
        }
        try (TrainingState fresh = freshState(copy)) {
          for (int i = 3; i < 6; i++) {
            program.step(fresh, batch(family, i), StageSettings.ofWholeRun(ADAMW, 1), .01, i);
          }
          assertThat(fresh.weights().digest()).isEqualTo(state.weights().digest());
        }
      }
    }
  }

  private static TrainingState freshState(ParameterVector weights) {
    ParameterVector own = ParameterVector.allocate(weights.layout());
    own.bytes().put(weights.bytes());
    return TrainingState.start(own);
  }

  @Test
  void step_beforeTheStageBegins_isRefused() {
    Architecture architecture = TinyModels.classifier(Family.BERT);
    try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      var later = new StageSettings(3, TrainedPart.ALL, ADAMW, 1, 1);
      assertThatThrownBy(() -> program.step(state, batch(Family.BERT, 1), later, .1, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void step_ofAHeadThatClassifiesNothing_isRefused() {
    Architecture architecture = TinyModels.classifier(Family.BERT).withMaskedLanguageModelHead();
    try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      TrainingBatch batch = TinyModels.maskedBatch(Family.BERT, 5, 1);
      assertThatThrownBy(() -> program.step(state, batch, head(1), .1, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("classification head");
    }
  }
}
