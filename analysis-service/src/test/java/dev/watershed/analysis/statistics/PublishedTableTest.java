package dev.watershed.analysis.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Table 1 of Juneja et al. (2023) from the scores of 100 MNLI models that McCoy et al. (2020)
 * published and the smaller cluster that Juneja et al. published.
 */
@Tag("shared")
final class PublishedTableTest {
  private static final Set<Integer> SMALLER =
      Set.of(15, 25, 26, 42, 44, 46, 56, 61, 63, 70, 73, 89);
  private static final String FILE = "data/groundtruth/berts_of_a_feather_accuracies_by_run.csv";

  private static List<CSVRecord> runs = List.of();

  @BeforeAll
  static void read() throws IOException {
    var root = System.getenv().getOrDefault("WATERSHED_SHARED", "../../shared");
    var file = Path.of(root, FILE);
    assumeTrue(
        Files.isRegularFile(file),
        () ->
            "SKIPPED: no "
                + file.toAbsolutePath().normalize()
                + "; set WATERSHED_SHARED to check Table 1");
    var text = Files.readString(file).replaceFirst("^\uFEFF", "");
    runs =
        CSVFormat.RFC4180
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .get()
            .parse(new StringReader(text))
            .stream()
            .filter(run -> run.get("Run").startsWith("Run "))
            .toList();
    assertThat(runs).hasSize(100);
  }

  @Test
  void summary_inDomainAccuracy_equalsTheTable() {
    var larger = scores("MNLI dev acc.", false);
    var smaller = scores("MNLI dev acc.", true);
    assertThat(larger.mean()).isCloseTo(.844, within(.0005));
    assertThat(larger.populationStandardDeviation()).isCloseTo(.002, within(.0005));
    assertThat(smaller.mean()).isCloseTo(.839, within(.0005));
    assertThat(smaller.populationStandardDeviation()).isCloseTo(.002, within(.0005));
    assertThat(meanGap(larger, smaller)).isCloseTo(2.467, within(.0005));
    assertThat(gapToBest(larger, smaller)).isCloseTo(.991, within(.0005));
  }

  @Test
  void summary_lexicalOverlap_equalsTheTable() {
    var larger = scores("Lexical (nonent)", false);
    var smaller = scores("Lexical (nonent)", true);
    assertThat(larger.mean()).isCloseTo(.301, within(.0005));
    assertThat(larger.populationStandardDeviation()).isCloseTo(.110, within(.0005));
    assertThat(smaller.mean()).isCloseTo(.096, within(.0005));
    assertThat(smaller.populationStandardDeviation()).isCloseTo(.033, within(.0005));
    assertThat(meanGap(larger, smaller)).isCloseTo(1.868, within(.0005));
    assertThat(gapToBest(larger, smaller)).isCloseTo(1.309, within(.0005));
  }

  private static double meanGap(Summary larger, Summary smaller) {
    return (larger.mean() - smaller.mean()) / larger.populationStandardDeviation();
  }

  private static double gapToBest(Summary larger, Summary smaller) {
    return (larger.mean() - smaller.maximum()) / larger.populationStandardDeviation();
  }

  private static Summary scores(String column, boolean ofSmaller) {
    return Summary.of(
        runs.stream()
            .filter(run -> SMALLER.contains(number(run)) == ofSmaller)
            .mapToDouble(run -> Double.parseDouble(run.get(column)))
            .toArray());
  }

  private static int number(CSVRecord run) {
    return Integer.parseInt(run.get("Run").replace("Run ", ""));
  }
}
