package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Curves of an implementation in float64, answered over the wire. */
final class GoldenCurveTest {
  private static final double RELATIVE_TOLERANCE = 1e-5;

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_gamma_beta", "roberta"})
  void evaluateInterpolation_goldenModels_givesTheirCurve(String family, @TempDir Path root)
      throws Exception {
    Path golden = resource(family);
    JsonNode expected = new ObjectMapper().readTree(golden.resolve("expected.json").toFile());
    EvaluateInterpolationRequest.Builder request = EvaluateInterpolationRequest.newBuilder();
    for (JsonNode point : expected.get("points")) {
      request.addAlphas(point.get("alpha").asDouble());
    }
    try (EvaluationServer server = new EvaluationServer(root, EvaluationServer.configuration())) {
      request
          .setModelA(server.put("a", golden.resolve("a")))
          .setModelB(server.put("b", golden.resolve("b")))
          .addSamples(server.sample("golden", rows(expected)))
          .setIncludeExampleLosses(true)
          .setIncludeEuclideanDistance(true);

      Iterator<EvaluateInterpolationResponse> answers =
          server.stub().evaluateInterpolation(request.build());

      InterpolationHeader header = answers.next().getHeader();
      double distance = expected.get("weight_distance_l2").asDouble();
      assertThat(header.getEuclideanDistance())
          .isCloseTo(distance, within(RELATIVE_TOLERANCE * distance));
      assertThat(header.getSamples(0).getExampleCount()).isEqualTo(expected.get("labels").size());
      assertThat(header.getSamples(0).getLabelsList()).isEqualTo(EvaluationServer.LABELS);
      assertThat(header.getModelA().getDigest()).isNotEqualTo(header.getModelB().getDigest());
      List<InterpolationPoint> points = new ArrayList<>();
      List<List<Double>> losses = new ArrayList<>();
      answers.forEachRemaining(
          answer -> {
            if (answer.hasPoint()) {
              points.add(answer.getPoint());
            } else {
              losses.add(answer.getExampleLosses().getLossesNatsList());
            }
          });
      assertCurve(points, losses, expected.get("points"));
    }
  }

  private static void assertCurve(
      List<InterpolationPoint> points, List<List<Double>> exampleLosses, JsonNode expected) {
    assertThat(points).hasSize(expected.size());
    assertThat(exampleLosses).hasSize(expected.size());
    for (int i = 0; i < points.size(); i++) {
      InterpolationPoint point = points.get(i);
      JsonNode right = expected.get(i);
      double loss = right.get("loss").asDouble();
      assertThat(point.getAlpha()).isEqualTo(right.get("alpha").asDouble());
      assertThat(point.getMetrics().getMeanLossNats())
          .as("loss at alpha %s", point.getAlpha())
          .isCloseTo(loss, within(RELATIVE_TOLERANCE * loss));
      assertThat(point.getMetrics().getAccuracy())
          .isCloseTo(right.get("accuracy").asDouble(), within(1e-12));
      JsonNode losses = right.get("example_losses");
      assertThat(exampleLosses.get(i)).hasSize(losses.size());
      for (int e = 0; e < losses.size(); e++) {
        assertThat(exampleLosses.get(i).get(e))
            .as("loss of example %d at alpha %s", e, point.getAlpha())
            .isCloseTo(losses.get(e).asDouble(), within(1e-5 + 1e-4 * losses.get(e).asDouble()));
      }
    }
  }

  /** Writes the examples as a caller would who tokenised them: without padding. */
  static String rows(JsonNode expected) {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < expected.get("labels").size(); i++) {
      JsonNode mask = expected.get("attention_mask").get(i);
      int length = 0;
      while (length < mask.size() && mask.get(length).asInt() == 1) {
        length++;
      }
      rows.append(
          "{\"input_ids\": %s, \"token_type_ids\": %s, \"label\": %s}%n"
              .formatted(
                  first(expected.get("input_ids").get(i), length),
                  first(expected.get("token_type_ids").get(i), length),
                  expected.get("labels").get(i)));
    }
    return rows.toString();
  }

  private static List<Integer> first(JsonNode array, int length) {
    List<Integer> values = new ArrayList<>();
    for (int t = 0; t < length; t++) {
      values.add(array.get(t).asInt());
    }
    return values;
  }

  static Path resource(String family) throws Exception {
    return Path.of(
        Objects.requireNonNull(
                GoldenCurveTest.class.getResource("/golden/encoder/" + family), family)
            .toURI());
  }
}
