package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ParameterNormsTest {
  @TempDir private Path directory = Path.of("");

  private static ParameterVector model(Family family, Head head) {
    List<String> labels = head == Head.CLASSIFICATION ? List.of("no", "yes", "maybe") : List.of();
    var encoder =
        new EncoderConfig(family, 13, 10, 2, 2, 14, 11, 2, 1e-12, Activation.GELU, 0, 0, 0, 0);
    return ParameterVector.random(
        ParameterLayout.of(new Architecture(encoder, head, labels)), 3, 7);
  }

  private ParameterNorms norms(ParameterVector vector) throws IOException {
    HuggingFaceCheckpoint.write(directory, vector);
    return ParameterNorms.of(HuggingFaceCheckpoint.open(directory), FileWork.UNINTERRUPTED);
  }

  private static BigDecimal sumOfSquares(ParameterVector vector, String parameter) {
    BigDecimal sum = BigDecimal.ZERO;
    for (float value : vector.copyOf(parameter)) {
      sum = sum.add(new BigDecimal(value).pow(2));
    }
    return sum;
  }

  private static double root(BigDecimal squares) {
    return squares.sqrt(MathContext.DECIMAL64).doubleValue();
  }

  @ParameterizedTest
  @CsvSource({
    "BERT,NONE,embeddings/layer 0/layer 1/pooler",
    "BERT,CLASSIFICATION,embeddings/layer 0/layer 1/pooler/head",
    "BERT,MASKED_LANGUAGE_MODEL,embeddings/layer 0/layer 1/pooler/head",
    "ROBERTA,NONE,embeddings/layer 0/layer 1",
    "ROBERTA,CLASSIFICATION,embeddings/layer 0/layer 1/head"
  })
  void of_anyModel_agreesWithTheNaiveSum(Family family, Head head, String groups)
      throws IOException {
    try (ParameterVector vector = model(family, head)) {
      ParameterNorms norms = norms(vector);
      assertThat(norms.tensors())
          .extracting(ParameterNorms.TensorNorm::parameter)
          .isEqualTo(vector.layout().parameters());
      for (var tensor : norms.tensors()) {
        double expected = root(sumOfSquares(vector, tensor.parameter().name()));
        assertThat(tensor.l2Norm()).isCloseTo(expected, within(1e-14 * expected));
      }
      assertThat(norms.groups())
          .extracting(ParameterNorms.GroupNorm::name)
          .containsExactly(groups.split("/"));
      long count = 0;
      for (var group : norms.groups()) {
        BigDecimal sum = BigDecimal.ZERO;
        for (var parameter : vector.layout().parameters()) {
          if (parameter.group().equals(group.name())) {
            sum = sum.add(sumOfSquares(vector, parameter.name()));
          }
        }
        assertThat(group.l2Norm()).isCloseTo(root(sum), within(1e-14 * root(sum)));
        count += group.parameterCount();
      }
      assertThat(count).isEqualTo(vector.layout().size());
    }
  }

  @Test
  void of_valuesWhoseSquaresOverflowFloat_isFinite() throws IOException {
    try (ParameterVector vector = model(Family.BERT, Head.NONE)) {
      vector.bytes().putFloat(0, Float.MAX_VALUE);
      assertThat(norms(vector).tensors().get(0).l2Norm()).isCloseTo(Float.MAX_VALUE, within(1e30));
    }
  }
}
