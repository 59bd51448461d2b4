package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.input.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A step in parts must be the step in one, but for rounding and dropout. */
final class AccumulationTest {
  /** An epsilon so large that AdamW does not blow rounding up to whole steps. */
  private static final AdamWSettings ADAMW = new AdamWSettings(.9, .999, 1e-2, .01, true, false);

  private static Architecture architecture(Family family, Head head) {
    Architecture classifier = TinyModels.classifier(family);
    return head == Head.CLASSIFICATION ? classifier : classifier.withMaskedLanguageModelHead();
  }

  private static TrainingBatch batch(Family family, Head head, long seed) {
    return head == Head.CLASSIFICATION
        ? new TrainingBatch(TinyModels.examples(family, 11, seed), null)
        : TinyModels.maskedBatch(family, 11, seed);
  }

  private static StageSettings inParts(int parts, double clipNorm) {
    return new StageSettings(0, TrainedPart.ALL, ADAMW, clipNorm, parts);
  }

  @ParameterizedTest
  @CsvSource({
    "BERT,CLASSIFICATION,2",
    "BERT,CLASSIFICATION,11",
    "BERT,MASKED_LANGUAGE_MODEL,3",
    "ROBERTA,CLASSIFICATION,4",
    "ROBERTA,MASKED_LANGUAGE_MODEL,100"
  })
  void step_inParts_isTheStepInOne(Family family, Head head, int parts) {
    Architecture architecture = architecture(family, head);
    try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0);
        TrainingState one = TrainingState.start(TinyModels.weights(architecture, 1));
        TrainingState many = TrainingState.start(TinyModels.weights(architecture, 1))) {
      for (int step = 0; step < 3; step++) {
        TrainingBatch batch = batch(family, head, step);
        StepResult expected = program.step(one, batch, inParts(1, .5), 1e-2, 0);
        StepResult actual = program.step(many, batch, inParts(parts, .5), 1e-2, 0);
        assertThat(actual.lossNats())
            .isCloseTo(expected.lossNats(), within(1e-5 * expected.lossNats()));
        assertThat(actual.gradientNorm())
            .isCloseTo(expected.gradientNorm(), within(1e-4 * expected.gradientNorm()));
        assertThat(actual.overflowed()).isFalse();
      }
      double moved;
      try (var start = TinyModels.weights(architecture, 1)) {
        moved = one.weights().euclideanDistance(start);
      }
      assertThat(moved).isPositive();
      assertThat(many.weights().euclideanDistance(one.weights())).isLessThan(1e-4 * moved);
      assertThat(many.step()).isEqualTo(3);
    }
  }

  /** Two of three examples predict nothing, so most parts have nothing to say. */
  @Test
  void step_partsWithoutPredictions_countForNothing() {
    Architecture architecture = architecture(Family.BERT, Head.MASKED_LANGUAGE_MODEL);
    TrainingBatch all = batch(Family.BERT, Head.MASKED_LANGUAGE_MODEL, 1);
    int[][] labels = all.maskedLabels();
    assertThat(labels).isNotNull();
    for (int i = 0; i < labels.length; i++) {
      if (i % 3 != 0) {
        java.util.Arrays.fill(labels[i], TrainingBatch.IGNORED);
      }
    }
    try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0);
        TrainingState one = TrainingState.start(TinyModels.weights(architecture, 1));
        TrainingState many = TrainingState.start(TinyModels.weights(architecture, 1))) {
      StepResult expected = program.step(one, all, inParts(1, 0), 1e-2, 0);
      StepResult actual = program.step(many, all, inParts(11, 0), 1e-2, 0);
      assertThat(actual.lossNats())
          .isCloseTo(expected.lossNats(), within(1e-5 * expected.lossNats()));
      assertThat(actual.gradientNorm())
          .isCloseTo(expected.gradientNorm(), within(1e-4 * expected.gradientNorm()));
    }
  }

  @Test
  void step_inPartsWithDropout_isAFunctionOfTheSeed() {
    Digest first = train(7);
    assertThat(train(7)).isEqualTo(first);
    assertThat(train(8)).isNotEqualTo(first);
  }

  private static Digest train(long seed) {
    Architecture architecture = TinyModels.classifier(Family.ROBERTA);
    try (TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      for (int i = 0; i < 3; i++) {
        TrainingBatch batch = batch(Family.ROBERTA, Head.CLASSIFICATION, i);
        program.step(state, batch, inParts(3, 1), 1e-2, seed * 10 + i);
      }
      return state.weights().digest();
    }
  }

  @Test
  void step_badExampleInALaterPart_changesNothing() {
    Architecture architecture = TinyModels.classifier(Family.BERT);
    var examples = new ArrayList<>(TinyModels.examples(Family.BERT, 5, 1));
    examples.add(new EncodedExample(new int[] {2}, new int[1], 3, false)); // the shortest, so last
    try (TrainingProgram program = TrainingProgram.compile(architecture, 0, 0, 0);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      Digest before = state.weights().digest();
      var batch = new TrainingBatch(examples, null);
      assertThatThrownBy(() -> program.step(state, batch, inParts(3, 1), 1e-2, 0))
          .isInstanceOf(InvalidInputException.class);
      assertThat(state.step()).isZero();
      assertThat(state.weights().digest()).isEqualTo(before);
    }
  }

  @Test
  void parts_ofABatch_holdEachExampleOnceInOrderOfLength() {
    TrainingBatch batch = batch(Family.BERT, Head.MASKED_LANGUAGE_MODEL, 4);
    assertThat(batch.parts(1)).containsExactly(batch);

    List<TrainingBatch> parts = batch.parts(4);

    assertThat(parts).extracting(part -> part.examples().size()).containsExactly(2, 3, 3, 3);
    var all = new ArrayList<EncodedExample>();
    for (TrainingBatch part : parts) {
      int[][] labels = part.maskedLabels();
      assertThat(labels).isNotNull();
      for (int i = 0; i < labels.length; i++) {
        assertThat(labels[i]).hasSize(part.examples().get(i).length());
      }
      all.addAll(part.examples());
    }
    assertThat(all).containsExactlyInAnyOrderElementsOf(batch.examples());
    assertThat(all).extracting(e -> -e.length()).isSorted();
    assertThat(parts.stream().mapToInt(TrainingBatch::targetCount).sum())
        .isEqualTo(batch.targetCount());
    assertThat(batch.parts(100)).hasSize(11);
  }

  @Test
  void step_inParts_leavesNoNativeMemoryBehind() {
    Architecture architecture = TinyModels.classifier(Family.BERT);
    TrainingBatch batch = batch(Family.BERT, Head.CLASSIFICATION, 1);
    try (TrainingProgram program = TrainingProgram.compile(architecture, .1, .1, .1);
        TrainingState state = TrainingState.start(TinyModels.weights(architecture, 1))) {
      NativeMemory.assertNothingKept(() -> program.step(state, batch, inParts(3, 1), 1e-3, 0));
    }
  }
}
