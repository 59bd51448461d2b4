package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.classifier.data.Row.TextRow;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Labels, filters and subsets of files in every format. */
class RowSelectionTest {
  private static final FileSplit TSV =
      new FileSplit("data", FileFormat.TSV, "a", "", "gold", List.of(), true);
  private static final FileSplit HEADERLESS =
      new FileSplit("data", FileFormat.TSV, "1", "", "2", List.of(), false);
  private static final FileSplit JSON =
      new FileSplit("data", FileFormat.JSON_LINES, "a", "", "gold", List.of(), false);

  private final Path root;
  private final Datasets datasets;

  RowSelectionTest(@TempDir Path root) {
    this.root = root;
    this.datasets = new Datasets(new DataRoots(List.of(root)));
  }

  @Test
  void load_filters_keepRowsThatPassAll() throws IOException {
    write("k\ta\tgold\tn\nx\tone\tyes\t1\nx\ttwo\tno\t2\ny\tthree\tyes\t1\nx\tfour\tyes\t3\n");
    Dataset dataset = load(TSV, List.of(), filter("k", "x"), filter("n", "1", "2"));
    assertThat(texts(dataset)).containsExactly("one", "two");
    assertThat(dataset.labels()).containsExactly("no", "yes");
    assertThat(texts(load(TSV, List.of("yes"), filter("k", "x")))).containsExactly("one", "four");
  }

  @Test
  void load_filterOfEveryRowOfALabel_keepsItsName() throws IOException {
    write("k\ta\tgold\nx\tone\tyes\ny\ttwo\tno\n");
    assertThat(load(TSV, List.of(), filter("k", "x")).labels()).containsExactly("no", "yes");
  }

  @Test
  void load_filterByNumber_worksWithoutHeader() throws IOException {
    write("x\tone\tyes\ny\ttwo\tno\n");
    assertThat(texts(load(HEADERLESS, List.of(), filter("0", "y")))).containsExactly("two");
  }

  @Test
  void load_filterOfJson_comparesTextsNumbersAndTruth() throws IOException {
    write(
        """
        {"a": "one", "gold": "yes", "n": 1, "k": "x", "t": true}
        {"a": "two", "gold": "no", "n": 2, "k": "x", "t": false}
        """);
    assertThat(texts(load(JSON, List.of(), filter("n", "2")))).containsExactly("two");
    assertThat(texts(load(JSON, List.of(), filter("t", "true"), filter("k", "x"))))
        .containsExactly("one");
  }

  @Test
  void load_filterOfAColumnThatIsNot_isRefusedByName() throws IOException {
    write("k\ta\tgold\nx\tone\tyes\n");
    refused(TSV, filter("heuristic", "x"), "COLUMN_MISSING", "filters[1].column", "[k, a, gold]");
    refused(HEADERLESS, filter("k", "x"), "COLUMN_MISSING", "filters[1].column", "0 to 2");
    write("{\"a\": \"one\", \"gold\": \"yes\", \"k\": [1]}\n");
    refused(JSON, filter("heuristic", "x"), "COLUMN_MISSING", "filters[1].column", "heuristic");
    refused(JSON, filter("k", "x"), "ROW_MALFORMED", "filters[1].column", "line 1");
  }

  @Test
  void load_filterThatLeavesNothing_isRefusedWithTheFilter() throws IOException {
    write("k\ta\tgold\nx\tone\tyes\n");
    refused(TSV, filter("k", "z", "w"), "SPLIT_EMPTY", "filters", "'k' in [z, w]");
  }

  @Test
  void load_filterOfABuiltinSplit_isRefused() {
    Split split =
        new Split(
            new BuiltinSplit("miniature/validation"), List.of(), List.of(filter("k", "x")), null);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(split))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("FILTER_UNSUPPORTED"));
  }

  @Test
  void load_subset_isOfWhatTheFiltersLeaveInTheOrderOfTheFile() throws IOException {
    StringBuilder rows = new StringBuilder("k\ta\tgold\n");
    for (int i = 0; i < 200; i++) {
      rows.append(i % 2 == 0 ? "x" : "y").append("\t").append(1000 + i).append("\tyes\n");
    }
    write(rows.toString());
    List<ColumnFilter> even = List.of(filter("k", "x"));
    Dataset all = datasets.load(new Split(TSV, List.of(), even, null));
    List<String> together = new ArrayList<>();
    for (double[] part : new double[][] {{0, .8}, {.8, 1}}) {
      RandomSubset subset = new RandomSubset(42, part[0], part[1]);
      List<String> texts = texts(datasets.load(new Split(TSV, List.of(), even, subset)));
      assertThat(texts).isSorted().hasSize((int) Math.round(100 * (part[1] - part[0])));
      together.addAll(texts);
    }
    assertThat(together).containsExactlyInAnyOrderElementsOf(texts(all));
  }

  @Test
  void load_subsetOfABuiltinSplit_isAPartOfIt() {
    BuiltinSplit builtin = new BuiltinSplit("miniature/validation");
    List<Row> all = datasets.load(new Split(builtin, List.of())).rows();
    RandomSubset tenth = new RandomSubset(1, 0, .1);
    assertThat(datasets.load(new Split(builtin, List.of(), List.of(), tenth)).rows())
        .containsExactlyElementsOf(IntStream.of(tenth.rows(all.size())).mapToObj(all::get).toList())
        .hasSize(51);
  }

  @Test
  void load_subsetOfTooFewRows_isRefused() throws IOException {
    write("k\ta\tgold\nx\tone\tyes\n");
    Split split = new Split(TSV, List.of(), List.of(), new RandomSubset(1, 0, .5));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(split))
        .withMessageContaining("0.5 of 1 rows")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("subset"));
  }

  private static ColumnFilter filter(String column, String... values) {
    return new ColumnFilter(column, List.of(values));
  }

  private void write(String text) throws IOException {
    Files.writeString(root.resolve("data"), text);
  }

  private Dataset load(FileSplit file, List<String> onlyLabels, ColumnFilter... filters) {
    return datasets.load(new Split(file, onlyLabels, List.of(filters), null));
  }

  private static List<String> texts(Dataset dataset) {
    return dataset.rows().stream().map(row -> ((TextRow) row).text()).toList();
  }

  /** The filter comes second, after one that passes. */
  private void refused(
      FileSplit file, ColumnFilter filter, String reason, String parameter, String message) {
    ColumnFilter passing = filter(file.textColumn(), "one");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> load(file, List.of(), passing, filter))
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason))
        .satisfies(e -> assertThat(e.parameter()).isEqualTo(parameter));
  }
}
