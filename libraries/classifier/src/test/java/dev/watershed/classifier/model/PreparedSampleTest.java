package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.text.EncodedExample;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PreparedSampleTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 13, 50, 10_000})
  void nativeBytes_saidBefore_areThoseTakenAfter(int budget) {
    List<EncodedExample> examples = TinyModels.examples(Family.BERT, 40, 1);
    int[] lengths = examples.stream().mapToInt(EncodedExample::length).toArray();
    Architecture architecture = TinyModels.classifier(Family.BERT);
    try (ClassifierProgram program = ClassifierProgram.compile(architecture);
        PreparedSample sample = program.prepare(examples, budget)) {
      assertThat(sample.nativeBytes()).isEqualTo(PreparedSample.nativeBytes(lengths, budget));
    }
  }

  /** Counted by going through the products of one pass as a naive program would do them. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void floatingPointOperations_areThoseOfEveryProduct(Family family) {
    Architecture architecture = TinyModels.classifier(family);
    EncoderConfig config = architecture.encoder();
    int h = config.hiddenSize();
    int i = config.intermediateSize();
    List<EncodedExample> examples = TinyModels.examples(family, 40, 1);
    try (ClassifierProgram program = ClassifierProgram.compile(architecture);
        PreparedSample sample = program.prepare(examples, 50)) {
      double operations = 0;
      long cells = 0;
      for (PreparedSample.Batch batch : sample.batches()) {
        int length = batch.length();
        for (int example = 0; example < batch.indices().length; example++) {
          for (int layer = 0; layer < config.layerCount(); layer++) {
            boolean last = layer == config.layerCount() - 1;
            int rows = last ? 1 : length;
            operations += product(length, h, 2 * h); // keys and values
            operations += product(rows, h, h) + product(rows, h, h); // queries, output
            operations += product(rows, h, length) + product(rows, length, h); // all heads
            operations += product(rows, h, i) + product(rows, i, h);
          }
          operations += product(1, h, h) + product(1, h, 3);
          cells += length;
        }
      }
      assertThat(sample.floatingPointOperations()).isCloseTo(operations, within(1e-9 * operations));
      assertThat(sample.paddedTokenCount()).isEqualTo(cells);
      assertThat(sample.tokenCount())
          .isEqualTo(examples.stream().mapToLong(EncodedExample::length).sum())
          .isLessThan(cells);
    }
  }

  private static double product(double rows, double inner, double columns) {
    return 2 * rows * inner * columns;
  }
}
