package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.io.IOException;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything the programs compute against an independent implementation in float64. */
final class GoldenEncoderTest {
  /** Small enough that the 24 examples make several padded batches of mixed length. */
  private static final int BUDGET = 40;

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void logits_onTheLine_areTheReferences(String family) throws IOException {
    line(family, ProgramSource.Kernels.PLAIN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void logits_onTheLineWithOneDnn_areTheReferences(String family) throws IOException {
    for (ProgramSource.Linear linear : ProgramSource.Linear.values()) {
      line(
          family,
          new ProgramSource.Kernels(linear, ProgramSource.Gradients.FUSED, ComputePrecision.FP32));
    }
  }

  /**
   * A bfloat16 has 8 bits: a rounding is up to 2^-9 = .002 off, and there are two dozen in a row.
   */
  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void losses_onTheLineInBf16_areTheReferencesWithinTheFormatsRounding(String family)
      throws IOException {
    GoldenEncoder golden = GoldenEncoder.of(family);
    Architecture architecture = golden.a().architecture();
    double deviation = 0;
    try (ParameterVector a = golden.a().read();
        ParameterVector b = golden.b().read();
        ParameterVector out = ParameterVector.allocate(a.layout());
        ClassifierProgram program = ClassifierProgram.compile(architecture, ComputePrecision.BF16);
        Bf16Vector rounded = program.newBf16Vector();
        PreparedSample sample = program.prepare(golden.examples(), BUDGET)) {
      for (JsonNode point : golden.expected().get("points")) {
        program.interpolate(a, b, point.get("alpha").asDouble(), out);
        program.round(out, rounded);
        double[] logits = GoldenEncoder.doubles(program.logits(out, rounded, sample, () -> false));
        double[] losses = ClassificationScores.exampleLosses(logits, 3, golden.labels());
        JsonNode expected = point.get("example_losses");
        for (int i = 0; i < losses.length; i++) {
          double loss = expected.get(i).asDouble();
          assertThat(losses[i]).isCloseTo(loss, within(.05 * Math.abs(loss) + .05));
          deviation = Math.max(deviation, Math.abs(losses[i] - loss));
        }
        double mean = point.get("loss").asDouble();
        assertThat(ClassificationScores.of(logits, 3, golden.labels(), -1).meanLossNats())
            .isCloseTo(mean, within(.01 * mean));
      }
    }
    assertThat(deviation).as("it is not fp32").isGreaterThan(1e-4);
  }

  private static void line(String family, ProgramSource.Kernels kernels) throws IOException {
    GoldenEncoder golden = GoldenEncoder.of(family);
    try (ParameterVector a = golden.a().read();
        ParameterVector b = golden.b().read();
        ParameterVector out = ParameterVector.allocate(a.layout());
        ClassifierProgram program = ClassifierProgram.compile(golden.a().architecture(), kernels);
        PreparedSample sample = program.prepare(golden.examples(), BUDGET)) {
      assertThat(sample.batches()).hasSizeGreaterThan(2);
      assertThat(sample.batches().stream().filter(batch -> batch.bias().size() == 0)).isNotEmpty();
      assertThat(sample.batches().stream().filter(batch -> batch.bias().size() > 0)).isNotEmpty();
      assertThat(golden.expected().get("points")).isNotEmpty();
      int compared = 0;
      for (JsonNode point : golden.expected().get("points")) {
        program.interpolate(a, b, point.get("alpha").asDouble(), out);
        double[] logits = GoldenEncoder.doubles(program.logits(out, sample, () -> false));
        int at = 0;
        for (JsonNode row : point.get("logits")) {
          for (JsonNode value : row) {
            assertThat(logits[at++]).isCloseTo(value.asDouble(), near(value.asDouble(), 1e-4));
          }
        }
        assertThat(at).isIn(0, logits.length); // the reference keeps the logits of some alphas
        compared += at;
        ClassificationScores scores = ClassificationScores.of(logits, 3, golden.labels(), -1);
        double loss = point.get("loss").asDouble();
        assertThat(scores.meanLossNats()).isCloseTo(loss, within(1e-5 * loss));
        assertThat(scores.accuracy()).isEqualTo(point.get("accuracy").asDouble());
        JsonNode perExample = point.get("example_losses");
        double[] losses = ClassificationScores.exampleLosses(logits, 3, golden.labels());
        assertThat(losses).hasSize(perExample.size());
        for (int i = 0; i < losses.length; i++) {
          double expected = perExample.get(i).asDouble();
          assertThat(losses[i]).isCloseTo(expected, near(expected, 1e-4));
        }
      }
      assertThat(compared).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void euclideanDistance_ofTheTwoModels_isTheReferences(String family) throws IOException {
    GoldenEncoder golden = GoldenEncoder.of(family);
    double expected = golden.expected().get("weight_distance_l2").asDouble();
    try (ParameterVector a = golden.a().read();
        ParameterVector b = golden.b().read()) {
      assertThat(a.euclideanDistance(b)).isCloseTo(expected, within(1e-9 * expected));
      assertThat(b.euclideanDistance(a)).isEqualTo(a.euclideanDistance(b));
      assertThat(a.euclideanDistance(a)).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void gradient_atA_hasTheReferencesNormPerTensor(String family) throws IOException {
    GoldenEncoder golden = GoldenEncoder.of(family);
    JsonNode expected = golden.expected().get("gradient_l2_by_tensor_at_a");
    try (ParameterVector a = golden.a().read();
        TrainingProgram program = TrainingProgram.compile(golden.a().architecture(), 0, 0, 0)) {
      float[] gradient = program.gradient(a, new TrainingBatch(golden.examples(), null));
      for (Parameter p : a.layout().parameters()) {
        double square = 0;
        for (long i = p.offset(); i < p.offset() + p.size(); i++) {
          square += (double) gradient[(int) i] * gradient[(int) i];
        }
        double reference = expected.get(referenceName(p.name(), expected)).asDouble();
        // A constant on all keys changes no softmax: the exact gradient of a key's bias is 0.
        assertThat(Math.sqrt(square))
            .as(p.name())
            .isCloseTo(reference, within(1e-4 * reference + 1e-7));
      }
      assertThat(expected.size()).isEqualTo(a.layout().parameters().size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void step_fiveTimes_followsTheReference(String family) throws IOException {
    GoldenEncoder golden = GoldenEncoder.of(family);
    JsonNode adamw = golden.expected().get("adamw");
    var settings =
        new AdamWSettings(
            adamw.get("beta1").asDouble(),
            adamw.get("beta2").asDouble(),
            adamw.get("eps").asDouble(),
            adamw.get("weight_decay").asDouble(),
            true,
            false);
    var batch = new TrainingBatch(golden.examples(), null);
    try (TrainingState state = TrainingState.start(golden.a().read());
        TrainingProgram program = TrainingProgram.compile(golden.a().architecture(), 0, 0, 0)) {
      for (JsonNode expected : adamw.get("trace")) {
        StepResult result =
            program.step(
                state,
                batch,
                StageSettings.ofWholeRun(settings, adamw.get("clip_global_l2").asDouble()),
                adamw.get("lr").asDouble(),
                0);
        double loss = expected.get("loss").asDouble();
        double norm = expected.get("gradient_l2").asDouble();
        assertThat(result.lossNats()).isCloseTo(loss, within(1e-4 * loss));
        assertThat(result.gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
      }
      assertThat(state.step()).isEqualTo(adamw.get("trace").size());
      JsonNode norms = adamw.get("parameter_l2_after_5_steps");
      for (Parameter p : state.weights().layout().parameters()) {
        double square = 0;
        for (float value : state.weights().copyOf(p.name())) {
          square += (double) value * value;
        }
        double reference = norms.get(referenceName(p.name(), norms)).asDouble();
        // Adam turns the key bias's rounding noise into full steps, see the gradient above.
        double tolerance = p.name().endsWith("key.bias") ? 2e-2 : 1e-4;
        assertThat(Math.sqrt(square))
            .as(p.name())
            .isCloseTo(reference, within(tolerance * reference));
      }
    }
  }

  private static String referenceName(String name, JsonNode names) {
    if (names.has(name)) {
      return name;
    }
    return name.replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta");
  }

  /** Relative, with room for values that pass through zero. */
  private static Offset<Double> near(double expected, double relative) {
    return within(relative * Math.abs(expected) + 1e-5);
  }
}
