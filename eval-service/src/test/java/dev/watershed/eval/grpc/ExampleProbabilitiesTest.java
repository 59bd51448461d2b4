package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the labels of every example are given, over the wire. */
final class ExampleProbabilitiesTest {
  private Path root;
  private EvaluationServer server;
  private String a;
  private EvaluationSample sample;

  @BeforeEach
  void serve(@TempDir Path directory) throws Exception {
    root = directory;
    server = new EvaluationServer(root, EvaluationServer.configuration());
    a = server.put("a", 1);
    sample = server.sample("in-domain", 40, 7);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  /** What followed a point: examples by labels, and losses. */
  private record Answer(List<Float> probabilities, List<Double> losses, boolean cached) {}

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void evaluateCombinations_goldenModels_givesTheSoftmaxOfTheirLogits(String family)
      throws Exception {
    Path golden = GoldenCurveTest.resource(family);
    JsonNode expected = new ObjectMapper().readTree(golden.resolve("expected.json").toFile());
    JsonNode point = expected.get("points").get(0);
    assertThat(point.get("alpha").asDouble()).isZero();
    var request =
        request(server.put("golden-b", golden.resolve("b")))
            .addSamples(server.sample("golden", GoldenCurveTest.rows(expected)))
            .setIncludeExampleProbabilities(true);

    List<Float> probabilities = evaluate(request).get(0).probabilities();

    JsonNode logits = point.get("logits");
    assertThat(probabilities).hasSize(3 * logits.size());
    for (int i = 0; i < logits.size(); i++) {
      double sum = 0;
      for (JsonNode logit : logits.get(i)) {
        sum += Math.exp(logit.asDouble());
      }
      for (int k = 0; k < 3; k++) {
        assertThat((double) probabilities.get(3 * i + k))
            .isCloseTo(Math.exp(logits.get(i).get(k).asDouble()) / sum, within(1e-5));
      }
    }
  }

  @Test
  void evaluateCombinations_probabilities_areWhatTheLossSees() {
    var request =
        request(a)
            .addSamples(sample)
            .setIncludeExampleLosses(true)
            .setIncludeExampleProbabilities(true);

    Answer answer = evaluate(request).get(0);

    assertThat(answer.probabilities()).hasSize(3 * 40);
    for (int i = 0; i < 40; i++) {
      List<Float> given = answer.probabilities().subList(3 * i, 3 * i + 3);
      assertThat(given.stream().mapToDouble(p -> p).sum()).isCloseTo(1, within(1e-6));
      double loss = answer.losses().get(i);
      assertThat(given).anySatisfy(p -> assertThat(-Math.log(p)).isCloseTo(loss, within(1e-5)));
    }
  }

  @Test
  void evaluateCombinations_twoModelLabelsForOne_givesTheDataLabelsTheirReduction()
      throws Exception {
    var all = evaluate(request(a).addSamples(sample).setIncludeExampleProbabilities(true));
    var mapping =
        LabelMapping.newBuilder()
            .setReduction(LogitReduction.LOGIT_REDUCTION_SUM)
            .addEntries(entry("entailment", "entailment"))
            .addEntries(entry("non-entailment", "neutral", "contradiction"));
    var binary =
        sample.toBuilder()
            .setName("binary")
            .setSplit(
                sample.getSplit().toBuilder()
                    .setFile(
                        sample.getSplit().getFile().toBuilder()
                            .clearLabelNames()
                            .addAllLabelNames(List.of("entailment", "non-entailment"))
                            .setUri(twoLabels())))
            .setLabelMapping(mapping);
    var summed = evaluate(request(a).addSamples(binary).setIncludeExampleProbabilities(true));

    int entailment = EvaluationServer.LABELS.indexOf("entailment");
    List<Float> two = summed.get(0).probabilities();
    assertThat(two).hasSize(2 * 40);
    for (int i = 0; i < 40; i++) {
      assertThat((double) two.get(2 * i))
          .isCloseTo(all.get(0).probabilities().get(3 * i + entailment), within(1e-6));
      assertThat((double) two.get(2 * i) + two.get(2 * i + 1)).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void evaluateCombinations_knownPoint_isComputedForWhatItLacksAndKeepsWhatItHas() {
    var plain = request(a).addSamples(sample);
    var losses = plain.clone().setIncludeExampleLosses(true);
    var probabilities = plain.clone().setIncludeExampleProbabilities(true);
    var both = losses.clone().setIncludeExampleProbabilities(true);

    Answer withLosses = evaluate(losses).get(0);
    Answer withProbabilities = evaluate(probabilities).get(0);
    assertThat(server.counters.pointsComputed()).isEqualTo(2);
    assertThat(withLosses.probabilities()).isEmpty();
    assertThat(withProbabilities.losses()).isEmpty();
    assertThat(withProbabilities.cached()).isFalse();

    assertThat(evaluate(both))
        .containsExactly(new Answer(withProbabilities.probabilities(), withLosses.losses(), true));
    assertThat(evaluate(losses)).containsExactly(new Answer(List.of(), withLosses.losses(), true));
    assertThat(evaluate(plain)).containsExactly(new Answer(List.of(), List.of(), true));
    assertThat(server.counters.pointsComputed()).isEqualTo(2);
  }

  @Test
  void evaluateCombinations_manyExamples_comeInWholePartsInOrder() throws Exception {
    var large = server.sample("large", 30_000, 9);
    var request = request(a).addSamples(large).setIncludeExampleProbabilities(true).build();
    var sizes = new ArrayList<Integer>();
    int[] next = {0};
    server
        .stub()
        .evaluateCombinations(request)
        .forEachRemaining(
            answer -> {
              if (answer.hasExampleProbabilities()) {
                var part = answer.getExampleProbabilities();
                assertThat(part.getFirstExample()).isEqualTo(next[0]);
                assertThat(part.getProbabilitiesCount() % 3).isZero();
                assertThat(part.getSerializedSize()).isLessThan(1 << 20);
                next[0] += part.getProbabilitiesCount() / 3;
                sizes.add(part.getProbabilitiesCount());
              }
            });
    assertThat(next[0]).isEqualTo(30_000);
    assertThat(sizes).hasSizeGreaterThan(1);
  }

  @Test
  void evaluateCombinations_moreProbabilitiesThanAreSent_isRefusedNamingTheSample()
      throws Exception {
    var many = server.sample("many", (1 << 18) / 3 + 1, 9);
    var request =
        request(a).addSamples(sample).addSamples(many).setIncludeExampleProbabilities(true);
    assertThatThrownBy(() -> evaluate(request))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("samples[1].size")
        .hasMessageContaining("87382 examples of 3 labels have more than 262144 probabilities");
    assertThat(server.counters.pointsComputed()).isZero();
    request.setIncludeExampleProbabilities(false).clearCombinations();
    assertThat(evaluate(request)).isEmpty();
  }

  private static EvaluateCombinationsRequest.Builder request(String model) {
    return EvaluateCombinationsRequest.newBuilder()
        .addModels(model)
        .addCombinations(Combination.newBuilder().addCoefficients(1));
  }

  private List<Answer> evaluate(EvaluateCombinationsRequest.Builder request) {
    var answers = new ArrayList<Answer>();
    server
        .stub()
        .evaluateCombinations(request.build())
        .forEachRemaining(
            answer -> {
              switch (answer.getPayloadCase()) {
                case POINT ->
                    answers.add(
                        new Answer(
                            new ArrayList<>(), new ArrayList<>(), answer.getPoint().getCached()));
                case EXAMPLE_LOSSES ->
                    answers
                        .getLast()
                        .losses()
                        .addAll(answer.getExampleLosses().getLossesNatsList());
                case EXAMPLE_PROBABILITIES -> {
                  var part = answer.getExampleProbabilities();
                  answers.getLast().probabilities().addAll(part.getProbabilitiesList());
                }
                default -> assertThat(answer).matches(EvaluateCombinationsResponse::hasHeader);
              }
            });
    return answers;
  }

  private static LabelMappingEntry entry(String data, String... models) {
    return LabelMappingEntry.newBuilder()
        .setDataLabel(data)
        .addAllModelLabels(List.of(models))
        .build();
  }

  /** The rows of the sample, with 1 for every label that is not 0. */
  private String twoLabels() throws Exception {
    Path rows = root.resolve("data").resolve("in-domain.jsonl");
    String text = Files.readString(rows).replace("\"label\": 2", "\"label\": 1");
    server.sample("binary-rows", text);
    return "binary-rows.jsonl";
  }
}
