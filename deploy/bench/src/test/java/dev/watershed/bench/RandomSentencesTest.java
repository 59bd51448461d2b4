package dev.watershed.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.classifier.text.EncodedExample;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.IntSummaryStatistics;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RandomSentencesTest {
  @Test
  void ofMnliLengths_many_averageFortyTokensWithinTheirBounds() {
    int[] lengths =
        RandomSentences.ofMnliLengths(ModelSize.MINI, 20_000, 1).stream()
            .mapToInt(EncodedExample::length)
            .toArray();
    IntSummaryStatistics summary = Arrays.stream(lengths).summaryStatistics();
    assertThat(summary.getMin()).isEqualTo(10);
    assertThat(summary.getMax()).isEqualTo(128);
    assertThat(summary.getAverage()).isCloseTo(40, within(1.0));
  }

  @Test
  void ofMnliLengths_seed_decidesEverything() {
    List<EncodedExample> once = RandomSentences.ofMnliLengths(ModelSize.BASE, 5, 7);
    List<EncodedExample> again = RandomSentences.ofMnliLengths(ModelSize.BASE, 5, 7);
    List<EncodedExample> other = RandomSentences.ofMnliLengths(ModelSize.BASE, 5, 8);
    for (int i = 0; i < 5; i++) {
      assertThat(again.get(i).inputIds()).isEqualTo(once.get(i).inputIds());
      assertThat(again.get(i).label()).isEqualTo(once.get(i).label());
    }
    assertThat(other.get(0).inputIds()).isNotEqualTo(once.get(0).inputIds());
  }

  @Test
  void write_examples_isOneObjectALine(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("examples.jsonl");
    List<EncodedExample> examples = RandomSentences.ofLength(ModelSize.MINI, 3, 12, 1);
    RandomSentences.write(file, examples);
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(3);
    JsonNode row = new ObjectMapper().readTree(lines.get(1));
    assertThat(row.get("input_ids")).hasSize(12);
    assertThat(row.get("token_type_ids")).hasSize(12);
    assertThat(row.get("label").asText()).isEqualTo(ModelSize.LABELS.get(examples.get(1).label()));
  }

  @Test
  void parameterCount_base_isThatOfBertBaseWithThreeLabels() {
    // 109,482,240 of bert-base-uncased with its pooler, and 768 * 3 + 3.
    assertThat(ModelSize.BASE.parameterCount()).isEqualTo(109_482_240 + 2_307);
    assertThat(ModelSize.LARGE.parameterCount()).isEqualTo(335_141_888 + 3_075);
  }

  @Test
  void median_oddAndEven_isTheMiddle() {
    assertThat(Medians.of(List.of(9.0, 1.0, 4.0))).isEqualTo(4);
    assertThat(Medians.of(List.of(9.0, 1.0, 4.0, 6.0))).isEqualTo(5);
    assertThat(Medians.by(List.of("ccc", "a", "bb", "dddd"), String::length)).isEqualTo("bb");
  }
}
