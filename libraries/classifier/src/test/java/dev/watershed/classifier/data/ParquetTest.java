package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.data.Row.TextRow;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parquet as Hugging Face ships data sets. */
class ParquetTest {
  private static final FileSplit PAIRS =
      new FileSplit(
          "a.parquet", FileFormat.PARQUET, "premise", "hypothesis", "label", List.of(), false);
  private static final String ROWS =
      "SELECT 'p é ' || i AS premise, 'h' || (i % 7) AS hypothesis, CAST(i % 3 AS BIGINT) AS label,"
          + " CAST(i AS INTEGER) AS idx FROM range(5000) t(i)";
  private static final String LABELS =
      ParquetFiles.labels("entailment", "neutral", "contradiction");

  private final Path file;
  private final DataRoots roots;
  private final Datasets datasets;

  ParquetTest(@TempDir Path root) {
    file = root.resolve("a.parquet");
    roots = new DataRoots(List.of(root));
    datasets = new Datasets(roots);
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy", "zstd", "gzip", "uncompressed"})
  void load_huggingFacePairs_haveTheFilesOwnLabels(String codec) throws SQLException {
    ParquetFiles.write(file, ROWS, codec, "ROW_GROUP_SIZE 2048", LABELS);
    Dataset dataset = load(PAIRS);
    List<Row> expected = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      expected.add(new TextRow("p é " + i, "h" + i % 7, i % 3));
    }
    assertThat(dataset.labels()).containsExactly("entailment", "neutral", "contradiction");
    assertThat(dataset.rows()).isEqualTo(expected);
  }

  @Test
  void load_labelNamesOfTheCaller_comeBeforeTheFiles() throws SQLException {
    ParquetFiles.write(file, ROWS, "snappy", LABELS);
    assertThat(load(PAIRS.withLabelNames(List.of("a", "b", "c"))).labels())
        .containsExactly("a", "b", "c");
  }

  @Test
  void load_integersWithoutNames_areNotGuessed() throws SQLException {
    ParquetFiles.write(file, ROWS, "snappy");
    refused(PAIRS, "LABEL_NAMES_NEEDED", "file.label_names").withMessageContaining("row 1");
  }

  @Test
  void load_namesAndSingleTexts_areRead() throws SQLException {
    ParquetFiles.write(
        file,
        "SELECT * FROM (VALUES ('x', 'yes', 1::TINYINT, true), ('y', 'no', 2, false)) AS"
            + " t(sentence, gold, n, b)",
        "zstd");
    FileSplit single =
        new FileSplit("a.parquet", FileFormat.PARQUET, "sentence", "", "gold", List.of(), false);
    assertThat(load(single).rows())
        .containsExactly(new TextRow("x", null, 1), new TextRow("y", null, 0));
    FileSplit unlabelled =
        new FileSplit("a.parquet", FileFormat.PARQUET, "sentence", "", "", List.of(), false);
    assertThat(load(unlabelled).rows())
        .containsExactly(new TextRow("x", null, -1), new TextRow("y", null, -1));
    for (ColumnFilter filter :
        List.of(
            new ColumnFilter("n", List.of("2")),
            new ColumnFilter("b", List.of("false")),
            new ColumnFilter("gold", List.of("no")))) {
      assertThat(datasets.load(new Split(single, List.of(), List.of(filter), null)).rows())
          .containsExactly(new TextRow("y", null, 0));
    }
  }

  @Test
  void load_minusOne_isRefusedUnlessOnlyLabelsDropsIt() throws SQLException {
    ParquetFiles.write(
        file,
        "SELECT 'p' AS premise, 'h' AS hypothesis, unnest([0, -1, 2])::BIGINT AS label",
        "snappy",
        LABELS);
    refused(PAIRS, "LABEL_UNKNOWN", "file.label_names")
        .withMessageContaining("row 2, column 'label': '-1'")
        .withMessageContaining("only_labels");
    List<String> all = List.of("entailment", "neutral", "contradiction");
    assertThat(datasets.load(new Split(PAIRS, all)).rows()).hasSize(2);
  }

  @Test
  void load_columnThatIsNot_isRefusedWithThoseThatAre() throws SQLException {
    ParquetFiles.write(file, "SELECT 'x' AS question1, 'y' AS question2, 1 AS label", "snappy");
    refused(PAIRS, "COLUMN_MISSING", "file.text_column")
        .withMessageContaining("[question1, question2, label]");
  }

  @Test
  void load_columnsOfOtherTypes_areRefusedByName() throws SQLException {
    ParquetFiles.write(
        file,
        "SELECT 'x' AS text, 1.5 AS decimal, 1.5::DOUBLE AS real, 3 AS number, ['a'] AS list, {'a': 1} AS structure",
        "snappy");
    refused(split("number", "text"), "COLUMN_TYPE_UNSUPPORTED", "file.text_column")
        .withMessageContaining("'number'");
    refused(split("list", "text"), "COLUMN_TYPE_UNSUPPORTED", "file.text_column");
    refused(split("text", "structure"), "COLUMN_TYPE_UNSUPPORTED", "file.label_column");
    refused(split("text", "decimal"), "COLUMN_TYPE_UNSUPPORTED", "file.label_column");
    refused(split("text", "real"), "LABEL_FRACTION", "file.label_column")
        .withMessageContaining("'1.5'");
    refused(split("", "text"), "COLUMN_MISSING", "file.text_column");
  }

  @Test
  void load_missingValues_areRefusedByRow() throws SQLException {
    ParquetFiles.write(
        file,
        "SELECT * FROM (VALUES ('x', 'yes'), (NULL, 'no'), ('z', NULL)) AS t(text, label)",
        "snappy");
    refused(split("text", "label"), "ROW_MALFORMED", "file.text_column")
        .withMessageContaining("row 2 has no value in column 'text'");
    refused(split("label", "text"), "LABEL_MISSING", "file.label_column");
  }

  @Test
  void load_textThatIsNotUtf8_isRefused() throws SQLException {
    ParquetFiles.write(file, "SELECT '\\xFF\\xFE'::BLOB AS text, 'yes' AS label", "uncompressed");
    refused(split("text", "label"), "FILE_NOT_UTF8", "file.uri").withMessageContaining("row 1");
  }

  @Test
  void load_moreThanTheLimits_isRefused() throws SQLException {
    ParquetFiles.write(file, ROWS, "snappy", LABELS);
    refused(new DataLimits(1 << 20, 1 << 20, 4999, 64 << 20, 64 << 20), "TOO_MANY_ROWS");
    refused(new DataLimits(4000, 1 << 20, 10_000, 64 << 20, 64 << 20), "FILE_TOO_LARGE");
    refused(new DataLimits(1 << 20, 8, 10_000, 64 << 20, 64 << 20), "ROW_TOO_LONG");
    // Small on disk, large in memory: one long text, repeated by a dictionary.
    ParquetFiles.write(
        file,
        "SELECT repeat('x', 5000) AS premise, 'h' AS hypothesis, 0::BIGINT AS label FROM range(4000)",
        "zstd",
        LABELS);
    refused(new DataLimits(1 << 20, 1 << 20, 10_000, 64 << 20, 64 << 20), "FILE_TOO_LARGE");
  }

  @Test
  void load_damagedFile_isRefusedAndNeverCrashes() throws Exception {
    for (String codec : List.of("snappy", "zstd", "gzip", "uncompressed")) {
      ParquetFiles.write(file, ROWS.replace("5000", "300"), codec, LABELS);
      byte[] whole = Files.readAllBytes(file);
      for (int length : new int[] {0, 3, 4, 11, 12, whole.length / 2, whole.length - 1}) {
        Files.write(file, Arrays.copyOf(whole, length));
        refused(PAIRS, "PARQUET_INVALID", "file.uri");
      }
      Random random = new Random(1);
      for (int i = 0; i < 60; i++) {
        byte[] damaged = whole.clone();
        for (int j = 0; j < 3; j++) {
          damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
        }
        Files.write(file, damaged);
        loadOrRefuse();
      }
    }
  }

  private void loadOrRefuse() {
    try {
      assertThat(load(PAIRS).rows()).hasSizeLessThanOrEqualTo(300);
    } catch (InvalidInputException e) {
      assertThat(e.getMessage())
          .isNotBlank()
          .doesNotContainPattern(
              "parquet[./]|Exception|[a-z]\\.[a-z]+\\.[A-Z]|FAILED_TO|null|Can ?not read");
    }
  }

  @Test
  void load_textFileAsParquet_isRefused() throws IOException {
    Files.writeString(file, "premise\thypothesis\tlabel\nx\ty\t0\n");
    refused(PAIRS, "PARQUET_INVALID", "file.uri");
    assertThatThrownBy(
            () -> load(new FileSplit(".", FileFormat.PARQUET, "a", "", "", List.of(), false)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("is no file");
  }

  @Test
  void classPath_hasStandInsForHadoopOnly() {
    // What Parquet names of Hadoop comes from one small library; Hadoop itself is not there.
    assertThatThrownBy(() -> Class.forName("org.apache.hadoop.security.UserGroupInformation"))
        .isInstanceOf(ClassNotFoundException.class);
  }

  private static FileSplit split(String text, String label) {
    return new FileSplit("a.parquet", FileFormat.PARQUET, text, "", label, List.of(), false);
  }

  private Dataset load(FileSplit split) {
    return datasets.load(new Split(split, List.of()));
  }

  private ThrowableAssertAlternative<InvalidInputException> refused(
      FileSplit split, String reason, String parameter) {
    return assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> load(split))
        .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason))
        .satisfies(e -> assertThat(e.parameter()).isEqualTo(parameter));
  }

  private void refused(DataLimits limits, String reason) {
    Datasets bounded = new Datasets(roots, limits);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> bounded.load(new Split(PAIRS, List.of())))
        .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
  }
}
