package dev.watershed.bench.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.AdamWSettings;
import dev.watershed.classifier.model.ClassificationScores;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.GoldenEncoder;
import dev.watershed.classifier.model.NaiveEncoder;
import dev.watershed.classifier.model.NativeMemory;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.classifier.model.StageSettings;
import dev.watershed.classifier.model.TinyModels;
import dev.watershed.classifier.model.TrainingBatch;
import dev.watershed.classifier.model.TrainingProgram;
import dev.watershed.classifier.model.TrainingState;
import dev.watershed.classifier.text.EncodedExample;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A baseline that computed something else would make every ratio to it meaningless. */
final class EagerBaselineTest {
  private static final Architecture BERT = TinyModels.classifier(Family.BERT);
  private static final int PADDED_TOKENS = 14;

  @Test
  void logits_tinyModel_areThoseOfTheNaiveEncoder() {
    List<EncodedExample> examples = TinyModels.examples(Family.BERT, 7, 3);
    try (ParameterVector weights = TinyModels.weights(BERT, 5);
        EagerClassifier eager = EagerClassifier.copyOf(weights)) {
      float[] logits = eager.logits(examples, PADDED_TOKENS, 3);
      var naive = new NaiveEncoder(weights);
      for (int i = 0; i < examples.size(); i++) {
        double[] expected = naive.logits(examples.get(i));
        for (int label = 0; label < 3; label++) {
          assertThat((double) logits[3 * i + label]).isCloseTo(expected[label], within(1e-4));
        }
      }
    }
  }

  @Test
  void logits_goldenModel_giveTheLossesOfTheOtherImplementation() throws IOException {
    GoldenEncoder golden = GoldenEncoder.of("bert");
    try (ParameterVector a = golden.a().read();
        ParameterVector b = golden.b().read();
        EagerClassifier eagerA = EagerClassifier.copyOf(a);
        EagerClassifier eagerB = EagerClassifier.copyOf(b)) {
      int labels = golden.a().architecture().labels().size();
      int tokens = golden.examples().stream().mapToInt(EncodedExample::length).max().orElseThrow();
      for (JsonNode point : golden.expected().get("points")) {
        try (EagerClassifier mixed =
            EagerClassifier.interpolate(eagerA, eagerB, point.get("alpha").asDouble())) {
          double[] logits = GoldenEncoder.doubles(mixed.logits(golden.examples(), tokens, 4));
          double loss = ClassificationScores.of(logits, labels, golden.labels(), -1).meanLossNats();
          assertThat(loss).isCloseTo(point.get("loss").asDouble(), within(1e-5));
        }
      }
    }
  }

  @Test
  void interpolate_alpha_isTheSameFunctionAsOurs() {
    List<EncodedExample> examples = TinyModels.examples(Family.BERT, 5, 4);
    try (ParameterVector a = TinyModels.weights(BERT, 1);
        ParameterVector b = TinyModels.weights(BERT, 2);
        ParameterVector mixed = ParameterVector.allocate(ParameterLayout.of(BERT));
        ClassifierProgram program = ClassifierProgram.compile(BERT);
        PreparedSample sample = program.prepare(examples, 64);
        EagerClassifier eagerA = EagerClassifier.copyOf(a);
        EagerClassifier eagerB = EagerClassifier.copyOf(b);
        EagerClassifier eager = EagerClassifier.interpolate(eagerA, eagerB, .3)) {
      program.interpolate(a, b, .3, mixed);
      float[] ours = program.logits(mixed, sample, () -> false);
      assertThat(eager.logits(examples, PADDED_TOKENS, 5)).containsExactly(ours, within(1e-4f));
    }
  }

  @Test
  void logits_repeated_keepNoMemory() {
    List<EncodedExample> examples = TinyModels.examples(Family.BERT, 4, 4);
    try (ParameterVector weights = TinyModels.weights(BERT, 1);
        EagerClassifier a = EagerClassifier.copyOf(weights)) {
      NativeMemory.assertNothingKept(
          () -> {
            try (EagerClassifier mixed = EagerClassifier.interpolate(a, a, .5)) {
              mixed.logits(examples, PADDED_TOKENS, 2);
            }
          });
    }
  }

  @Test
  void step_severalWithoutDropout_followsOurTraining() {
    var adamw = new AdamWSettings(.9, .999, 1e-8, .01, true, false);
    StageSettings stage = StageSettings.ofWholeRun(adamw, 0);
    List<EncodedExample> examples = TinyModels.examples(Family.BERT, 8, 9);
    try (ParameterVector begin = TinyModels.weights(BERT, 7);
        EagerTraining eager = new EagerTraining(begin, 0);
        TrainingState state = TrainingState.start(begin.hostCopy());
        TrainingProgram program = TrainingProgram.compile(BERT, 0, 0, 0)) {
      for (int step = 0; step < 4; step++) {
        double ours =
            program.step(state, new TrainingBatch(examples, null), stage, 1e-2, step).lossNats();
        assertThat(eager.step(examples, PADDED_TOKENS, adamw, 1e-2))
            .as("loss of step %d", step)
            .isCloseTo(ours, within(1e-4));
      }
      double difference = 0;
      double moved = 0;
      for (ParameterLayout.Parameter p : begin.layout().parameters()) {
        float[] from = begin.copyOf(p.name());
        float[] expected = state.weights().copyOf(p.name());
        float[] actual = eager.copyOf(p.name());
        for (int i = 0; i < from.length; i++) {
          // A key's bias has no effect, so its gradient is rounding and AdamW makes steps of it.
          if (!p.name().endsWith("key.bias")) {
            difference += Math.pow(actual[i] - expected[i], 2);
            moved += Math.pow(expected[i] - from[i], 2);
          }
        }
      }
      assertThat(moved).isPositive();
      assertThat(Math.sqrt(difference / moved)).isLessThan(1e-3);
    }
  }

  @Test
  void step_repeated_keepsNoMemory() {
    var adamw = new AdamWSettings(.9, .999, 1e-8, .01, true, false);
    List<EncodedExample> examples = TinyModels.examples(Family.BERT, 4, 9);
    try (ParameterVector begin = TinyModels.weights(BERT, 7);
        EagerTraining eager = new EagerTraining(begin, .1)) {
      NativeMemory.assertNothingKept(() -> eager.step(examples, PADDED_TOKENS, adamw, 1e-3));
    }
  }

  @Test
  void copyOf_otherFamily_isRefused() {
    try (ParameterVector roberta = TinyModels.weights(TinyModels.classifier(Family.ROBERTA), 1)) {
      assertThatThrownBy(() -> EagerClassifier.copyOf(roberta))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("BERT");
    }
  }
}
