package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.classifier.data.Row.TextRow;
import dev.watershed.classifier.data.Row.TokenRow;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetsTest {
  private static final FileSplit PAIRS =
      new FileSplit("data", FileFormat.TSV, "a", "b", "gold", List.of(), true);

  private final Path root;
  private final Datasets datasets;

  DatasetsTest(@TempDir Path root) {
    this.root = root;
    this.datasets =
        new Datasets(
            new DataRoots(List.of(root)),
            new DataLimits(100_000, 20_000, 1000, 64 << 20, 64 << 20));
  }

  @Test
  void load_tsvWithHeader_takesQuotesAsText() throws IOException {
    write("id\ta\tb\tgold\n1\tsay \"hi\t'\"'\tyes\n\n2\t\"x\"\t\tno\r\n");
    Dataset dataset = load(PAIRS);
    assertThat(dataset.labels()).containsExactly("no", "yes");
    assertThat(dataset.rows())
        .containsExactly(new TextRow("say \"hi", "'\"'", 1), new TextRow("\"x\"", "", 0));
  }

  @Test
  void load_tsvWithoutHeader_takesColumnsByNumber() throws IOException {
    write("src\t1\t*\tfirst\nsrc\t0\t\tlast");
    FileSplit split =
        new FileSplit(
            "data", FileFormat.TSV, "3", "", "1", List.of("unacceptable", "acceptable"), false);
    Dataset dataset = load(split);
    assertThat(dataset.labels()).containsExactly("unacceptable", "acceptable");
    assertThat(dataset.rows())
        .containsExactly(new TextRow("first", null, 1), new TextRow("last", null, 0));
  }

  @Test
  void load_csv_followsRfc4180() throws IOException {
    write("a,gold,b\r\n\"one, \"\"two\"\"\",x,\"line\nbreak\"\r\nplain,y, spaced \r\n");
    assertThat(load(csv()).rows())
        .containsExactly(
            new TextRow("one, \"two\"", "line\nbreak", 0), new TextRow("plain", " spaced ", 1));
  }

  @Test
  void load_jsonLines_readsTextsAndIntegerLabels() throws IOException {
    write(
        """
        {"a": "x\\ty", "b": "é", "gold": 1, "other": [1, {}]}

        {"gold": "no", "b": "", "a": "z"}""");
    assertThat(load(json("a", "b", List.of("no", "yes"))).rows())
        .containsExactly(new TextRow("x\ty", "é", 1), new TextRow("z", "", 0));
  }

  @Test
  void load_preTokenisedJsonLines_readsTokens() throws IOException {
    write(
        """
        {"input_ids": [1, 2, 3], "token_type_ids": [0, 0, 1], "gold": 1}
        {"input_ids": [7], "attention_mask": [1], "gold": 0}
        """);
    Dataset dataset = load(json("", "", List.of("no", "yes")));
    TokenRow first = (TokenRow) dataset.rows().get(0);
    assertThat(first.inputIds()).containsExactly(1, 2, 3);
    assertThat(first.tokenTypeIds()).containsExactly(0, 0, 1);
    assertThat(first.label()).isEqualTo(1);
    TokenRow second = (TokenRow) dataset.rows().get(1);
    assertThat(second.inputIds()).containsExactly(7);
    assertThat(second.tokenTypeIds()).containsExactly(0);
  }

  @Test
  void load_withoutLabelColumn_isUnlabelled() throws IOException {
    write("a\tb\nx\ty\n");
    Dataset dataset = load(new FileSplit("data", FileFormat.TSV, "a", "b", "", List.of(), true));
    assertThat(dataset.labels()).isEmpty();
    assertThat(dataset.rows()).containsExactly(new TextRow("x", "y", -1));
  }

  @Test
  void load_byteOrderMarkAndCompression_areUnderstood() throws IOException {
    byte[] bytes = "\ufeffa\tb\tgold\nx\ty\tyes\n".getBytes(StandardCharsets.UTF_8);
    Files.write(root.resolve("data"), bytes);
    assertThat(load(PAIRS).rows()).containsExactly(new TextRow("x", "y", 0));
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(root.resolve("data.gz")))) {
      out.write(bytes);
    }
    FileSplit zipped = new FileSplit("data.gz", FileFormat.TSV, "a", "b", "gold", List.of(), true);
    assertThat(load(zipped).rows()).containsExactly(new TextRow("x", "y", 0));
    write("\ufeff{\"a\": \"x\", \"b\": \"y\", \"gold\": \"yes\"}");
    assertThat(load(json("a", "b", List.of())).rows()).containsExactly(new TextRow("x", "y", 0));
  }

  @Test
  void load_onlyLabels_keepsTheNamesOfAll() throws IOException {
    write("a\tb\tgold\n1\t1\tyes\n2\t2\tno\n3\t3\tmaybe\n");
    Dataset dataset = datasets.load(new Split(PAIRS, List.of("no", "yes")));
    assertThat(dataset.labels()).containsExactly("maybe", "no", "yes");
    assertThat(dataset.rows()).containsExactly(new TextRow("1", "1", 2), new TextRow("2", "2", 1));
  }

  @Test
  void load_onlyLabelsOfNamedOnes_leavesOutOtherValues() throws IOException {
    write("a\tb\tgold\n1\t1\tyes\n2\t2\t-\n3\t3\tno\n");
    Dataset dataset = datasets.load(new Split(named("no", "yes"), List.of("no", "yes")));
    assertThat(dataset.labels()).containsExactly("no", "yes");
    assertThat(dataset.rows()).hasSize(2);
    refused(named("no", "yes"), "LABEL_UNKNOWN")
        .withMessageContaining("line 3, column 'gold': '-'");
  }

  @Test
  void load_onlyLabelsThatAreNone_isRefusedWithTheLabels() throws IOException {
    write("a\tb\tgold\n1\t1\tyes\n");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(PAIRS, List.of("no"))))
        .withMessageContaining("'no'")
        .withMessageContaining("[yes]");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(named("yes", "no"), List.of("maybe"))))
        .withMessageContaining("'maybe'");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(named("yes", "no"), List.of("no"))))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("SPLIT_EMPTY"));
  }

  @Test
  void load_unknownOrRepeatedColumn_isRefusedWithTheColumns() throws IOException {
    write("a\tc\tgold\tgold\nx\ty\tyes\tno\n");
    refused(PAIRS, "COLUMN_MISSING")
        .withMessageContaining("'b'")
        .withMessageContaining("[a, c, gold, gold]")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("file.text_pair_column"));
    refused(
            new FileSplit("data", FileFormat.TSV, "a", "c", "gold", List.of(), true),
            "COLUMN_MISSING")
        .withMessageContaining("several")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("file.label_column"));
    refused(new FileSplit("data", FileFormat.TSV, "4", "", "", List.of(), false), "COLUMN_MISSING")
        .withMessageContaining("0 to 3");
    refused(new FileSplit("data", FileFormat.TSV, "a", "", "", List.of(), false), "COLUMN_MISSING");
    refused(new FileSplit("data", FileFormat.TSV, "", "", "", List.of(), false), "COLUMN_MISSING")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("file.text_column"));
  }

  @Test
  void load_rowOfOtherWidth_isRefusedByLine() throws IOException {
    write("a\tb\tgold\nx\ty\tyes\nx\ty\n");
    refused(PAIRS, "ROW_MALFORMED").withMessageContaining("line 3 has 2 columns");
    write("a,b,gold\n\"x\ny\",y,yes\nx,y,no,z\n");
    refused(csv(), "ROW_MALFORMED").withMessageContaining("line 4 has 4 columns");
  }

  @Test
  void load_brokenQuoting_isRefusedByLine() throws IOException {
    write("a,b,gold\nx,y,yes\n\"x\"y,z,no\n");
    refused(csv(), "ROW_MALFORMED")
        .withMessage(
            "the row that begins in line 3: something other than a comma follows the quotation mark that closes a cell; one inside a cell is written twice");
    write("a,b,gold\nx,y,yes\n\"x,z,no\n");
    refused(csv(), "ROW_MALFORMED")
        .withMessage(
            "the row that begins in line 3: a quotation mark opens a cell and none closes it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "2", "-1", "maybe", ""})
  void load_labelThatIsNone_isRefusedByLine(String label) throws IOException {
    write("a\tb\tgold\nx\ty\t" + label + "\n");
    refused(named("no", "yes"), "LABEL_UNKNOWN")
        .withMessageContaining("line 2")
        .withMessageContaining("[no, yes]");
  }

  @Test
  void load_numbersWithoutNames_areNotGuessed() throws IOException {
    write("a\tb\tgold\nx\ty\t1\n");
    refused(PAIRS, "LABEL_NAMES_NEEDED").withMessageContaining("line 2");
    write("a\tb\tgold\nx\ty\t\n");
    refused(PAIRS, "LABEL_MISSING").withMessageContaining("line 2");
  }

  @Test
  void load_namesThatMakeNoSense_areRefused() throws IOException {
    write("a\tb\tgold\nx\ty\tyes\n");
    refused(named("yes", "yes"), "LABEL_NAMES_INVALID");
    refused(
        new FileSplit("data", FileFormat.TSV, "a", "", "", List.of("yes"), true),
        "DATA_UNLABELLED");
  }

  @Test
  void load_textAsLabels_isRefusedBeforeItFillsMemory() throws IOException {
    StringBuilder rows = new StringBuilder("a\tb\tgold\n");
    for (int i = 0; i < 1001; i++) {
      rows.append("x\ty\tlabel").append(i).append('\n');
    }
    write(rows.toString());
    Datasets roomy =
        new Datasets(
            new DataRoots(List.of(root)),
            new DataLimits(100_000, 20_000, 10_000, 64 << 20, 64 << 20));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> roomy.load(new Split(PAIRS, List.of())))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TOO_MANY_LABELS"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json",
        "[1]",
        "{\"a\": \"x\", \"b\": \"y\", \"gold\": \"yes\"",
        "{\"a\": \"x\", \"a\": \"y\", \"b\": \"y\", \"gold\": \"yes\"}",
        "{\"a\": \"x\", \"b\": \"y\", \"gold\": \"yes\"} {}",
        "{\"a\": 1, \"b\": \"y\", \"gold\": \"yes\"}",
        "{\"a\": null, \"b\": \"y\", \"gold\": \"yes\"}",
        "{\"a\": \"x\", \"b\": \"y\", \"gold\": .5}",
      })
  void load_brokenJson_isRefusedByLine(String line) throws IOException {
    write("{\"a\": \"x\", \"b\": \"y\", \"gold\": \"yes\"}\n" + line + "\n");
    refused(json("a", "b", List.of()), "ROW_MALFORMED").withMessageContaining("line 2");
  }

  @Test
  void load_deeplyNestedJson_isRefusedInsteadOfOverflowing() throws IOException {
    write("[".repeat(15_000) + "\n");
    refused(json("a", "b", List.of()), "ROW_MALFORMED").withMessageContaining("line 1");
  }

  @Test
  void load_jsonWithoutTheField_isRefusedWithItsFields() throws IOException {
    write("{\"x\": 1, \"y\": 2}\n");
    refused(json("a", "b", List.of()), "COLUMN_MISSING").withMessageContaining("[x, y]");
    write("{\"a\": \"\", \"b\": \"\"}\n");
    refused(json("a", "b", List.of()), "COLUMN_MISSING")
        .withMessageContaining("'gold'")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("file.label_column"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"input_ids\": [], \"gold\": 0}",
        "{\"input_ids\": 5, \"gold\": 0}",
        "{\"input_ids\": \"5\", \"gold\": 0}",
        "{\"input_ids\": [1.5], \"gold\": 0}",
        "{\"input_ids\": [-1], \"gold\": 0}",
        "{\"input_ids\": [99999999999], \"gold\": 0}",
        "{\"input_ids\": [[1]], \"gold\": 0}",
        "{\"input_ids\": {\"a\": 1}, \"gold\": 0}",
        "{\"input_ids\": [1, 2], \"token_type_ids\": [0], \"gold\": 0}",
      })
  void load_brokenTokens_areRefusedByLine(String line) throws IOException {
    write(line);
    refused(json("", "", List.of("no")), "ROW_MALFORMED").withMessageContaining("line 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"attention_mask\": [1, 0, 1]",
        "\"attention_mask\": [0, 1, 1]",
        "\"attention_mask\": [0, 0, 0]",
        "\"attention_mask\": [1, 1]",
        "\"attention_mask\": [1, 1, 2]",
        "\"attention_mask\": null",
        "\"position_ids\": [0, 1]",
        "\"position_ids\": [2, 3, 4]",
        "\"position_ids\": [0, 2, 1]",
      })
  void load_masksAndPositionsOfOtherModels_areRefusedByLine(String values) throws IOException {
    write("{\"input_ids\": [5, 6, 7], \"gold\": 0, " + values + "}");
    refused(json("", "", List.of("no")), "ROW_MALFORMED").withMessageContaining("line 1");
  }

  @Test
  void load_maskedPadding_isLeftOut() throws IOException {
    write(
        """
        {"input_ids": [5, 6, 0, 0], "attention_mask": [1, 1, 0, 0], "gold": 0, "position_ids": [0, 1, 1, 1]}
        {"input_ids": [5, 6, 0], "token_type_ids": [0, 1, 0], "attention_mask": [1, 1, 1], "gold": 0}
        {"input_ids": [5, 6], "gold": 0}
        """);
    Dataset dataset = load(json("", "", List.of("no")));
    List<List<Integer>> ids =
        dataset.rows().stream()
            .map(row -> Arrays.stream(((TokenRow) row).inputIds()).boxed().toList())
            .toList();
    assertThat(ids).containsExactly(List.of(5, 6), List.of(5, 6, 0), List.of(5, 6));
    PaddingSuspicion padding = new PaddingSuspicion(0);
    dataset.rows().forEach(padding::look);
    assertThat(padding.notices()).isEmpty();
  }

  @Test
  void load_unmaskedPadding_isSuspicious() throws IOException {
    write("{\"input_ids\": [5, 0], \"gold\": 0}\n{\"input_ids\": [5], \"gold\": 0}\n");
    PaddingSuspicion padding = new PaddingSuspicion(0);
    load(json("", "", List.of("no"))).rows().forEach(padding::look);
    assertThat(padding.notices()).singleElement().asString().startsWith("1 of 2 tokenised rows");
  }

  @Test
  void load_numbersAsFloatsAndTruthValues_countTheNames() throws IOException {
    write("a\tb\tgold\nx\ty\t1.0\nx\ty\t0.0\nx\ty\tTrue\nx\ty\tfalse\n");
    assertThat(load(named("no", "yes")).rows()).extracting(Row::label).containsExactly(1, 0, 1, 0);
    assertThat(load(named("no", "true", "false", "1")).rows())
        .extracting(Row::label)
        .containsExactly(1, 0, 1, 2);
    refused(PAIRS, "LABEL_NAMES_NEEDED");
    write(
        "{\"a\": \"x\", \"b\": \"\", \"gold\": 1.0}\n{\"a\": \"x\", \"b\": \"\", \"gold\": true}\n");
    assertThat(load(json("a", "b", List.of("no", "yes"))).rows())
        .extracting(Row::label)
        .containsExactly(1, 1);
    write("a\tb\tgold\nx\ty\t no\n");
    refused(named("no", "yes"), "LABEL_UNKNOWN").withMessageContaining("blanks at its ends");
  }

  @Test
  void load_notANumberInAColumnNobodyReads_isHarmless() throws IOException {
    write("{\"a\": \"x\", \"b\": \"y\", \"gold\": \"yes\", \"score\": NaN, \"loss\": -Infinity}\n");
    assertThat(load(json("a", "b", List.of())).rows()).hasSize(1);
    write("{\"a\": NaN, \"b\": \"y\", \"gold\": \"yes\"}\n");
    refused(json("a", "b", List.of()), "ROW_MALFORMED").withMessageContaining("must be a text");
  }

  @Test
  void load_oneJsonList_saysWhatIsWanted() throws IOException {
    for (String text : List.of("[{\"a\": 1}]", "[\n{\"a\": 1},\n")) {
      write(text);
      refused(json("a", "b", List.of()), "ROW_MALFORMED").withMessageContaining("jq -c '.[]'");
    }
    write("{\n \"a\": 1\n}\n");
    refused(json("a", "b", List.of()), "ROW_MALFORMED")
        .withMessageContaining("no whole JSON object")
        .satisfies(e -> assertThat(e).hasMessageNotContaining("Jackson"))
        .satisfies(e -> assertThat(e).hasMessageNotContaining("Source"));
  }

  @Test
  void load_headerThatIsNotSaid_isRefused() throws IOException {
    FileSplit numbered = new FileSplit("data", FileFormat.TSV, "0", "", "1", List.of(), false);
    write("sentence\tlabel\na\tyes\nb\tno\nc\tyes\nd\tno\n");
    refused(numbered, "HEADER_AS_ROW")
        .withMessageContaining("'label'")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("file.has_header"));
    FileSplit names =
        new FileSplit("data", FileFormat.TSV, "0", "", "1", List.of("no", "yes"), false);
    refused(names, "LABEL_UNKNOWN").withMessageContaining("is the first line a header?");
    FileSplit said = new FileSplit("data", FileFormat.TSV, "0", "", "1", List.of(), true);
    assertThat(load(said).labels()).containsExactly("no", "yes");
    write("a\tyes\nb\tno\n");
    assertThat(load(numbered).rows()).hasSize(2);
  }

  @Test
  void load_compressedFileThatEndsTooEarly_isRefusedInWords() throws IOException {
    byte[] whole;
    try (var bytes = new ByteArrayOutputStream()) {
      try (OutputStream out = new GZIPOutputStream(bytes)) {
        out.write("a\tb\tgold\nx\ty\tyes\n".repeat(500).getBytes(StandardCharsets.UTF_8));
      }
      whole = bytes.toByteArray();
    }
    for (int length = 0; length < whole.length; length++) {
      Files.write(root.resolve("data.gz"), Arrays.copyOf(whole, length));
      FileSplit split = new FileSplit("data.gz", FileFormat.TSV, "a", "b", "gold", List.of(), true);
      refused(split, "FILE_DAMAGED").withMessageContaining("is it complete");
    }
  }

  @Test
  void load_moreThanTheLimits_isRefused() throws IOException {
    write("a\tb\tgold\n" + "x\ty\tyes\n".repeat(1001));
    refused(PAIRS, "TOO_MANY_ROWS");
    write("a\tb\tgold\n" + "x\ty\tyes\n".repeat(1000));
    assertThat(load(PAIRS).rows()).hasSize(1000);
    write("a\tb\tgold\nx\ty\tyes\n" + "x".repeat(60_000) + "\ty\tyes\n");
    refused(PAIRS, "ROW_TOO_LONG");
    write("{\"a\": \"" + "x".repeat(60_000) + "\"}");
    refused(json("a", "", List.of()), "ROW_TOO_LONG");
    write("a\tb\tgold\nx\t" + "y".repeat(20_000) + "\tyes\n");
    assertThat(load(PAIRS).rows()).hasSize(1);
    write("a\tb\tgold\n" + ("x".repeat(15_000) + "\ty\tyes\n").repeat(7));
    refused(PAIRS, "FILE_TOO_LARGE");
  }

  @Test
  void load_compressionBomb_isRefused() throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(root.resolve("data.gz")))) {
      out.write("a\tb\tgold\n".getBytes(StandardCharsets.UTF_8));
      byte[] lines = "x\ty\tyes\n".repeat(1000).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 100; i++) {
        out.write(lines);
      }
    }
    Datasets manyRows =
        new Datasets(
            new DataRoots(List.of(root)),
            new DataLimits(100_000, 20_000, 1 << 20, 64 << 20, 64 << 20));
    FileSplit split = new FileSplit("data.gz", FileFormat.TSV, "a", "b", "gold", List.of(), true);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> manyRows.load(new Split(split, List.of())))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("FILE_TOO_LARGE"));
  }

  @Test
  void load_fileThatIsNotWhatItSays_isRefused() throws IOException {
    Files.write(root.resolve("data"), new byte[] {'a', '\t', (byte) 0xc3, 0x28, '\n'});
    refused(PAIRS, "FILE_NOT_UTF8");
    refused(json("a", "", List.of()), "FILE_NOT_UTF8");
    Files.writeString(root.resolve("data.gz"), "plain");
    refused(
        new FileSplit("data.gz", FileFormat.TSV, "a", "b", "gold", List.of(), true),
        "FILE_DAMAGED");
    Files.createDirectory(root.resolve("directory"));
    refused(
        new FileSplit("directory", FileFormat.TSV, "a", "", "", List.of(), true),
        "FILE_NOT_REGULAR");
  }

  @Test
  void load_nothing_isRefused() throws IOException {
    write("");
    refused(PAIRS, "SPLIT_EMPTY");
    refused(json("a", "", List.of()), "SPLIT_EMPTY");
    write("a\tb\tgold\n");
    refused(PAIRS, "SPLIT_EMPTY").withMessageContaining("data");
    Files.delete(root.resolve("data"));
    refused(PAIRS, "FILE_NOT_FOUND").satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void load_builtin_isMadeOnceAndCanBeFiltered() {
    Split validation = new Split(new BuiltinSplit("miniature/validation"), List.of());
    assertThat(datasets.load(validation)).isSameAs(datasets.load(validation));
    Dataset entailed =
        datasets.load(new Split(new BuiltinSplit("miniature/validation"), List.of("entailment")));
    assertThat(entailed.labels()).isEqualTo(Miniature.LABELS);
    assertThat(entailed.rows()).isNotEmpty().allMatch(row -> row.label() == 0);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(
            () ->
                datasets.load(
                    new Split(new BuiltinSplit("miniature/validation"), List.of("neutral"))))
        .withMessageContaining("entailment");
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(
            () ->
                datasets.load(
                    new Split(
                        new BuiltinSplit("miniature/diagnostic-entailed"),
                        List.of("not_entailment"))))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("SPLIT_EMPTY"));
  }

  private static FileSplit named(String... names) {
    return new FileSplit("data", FileFormat.TSV, "a", "b", "gold", List.of(names), true);
  }

  private static FileSplit csv() {
    return new FileSplit("data", FileFormat.CSV, "a", "b", "gold", List.of(), true);
  }

  private static FileSplit json(String text, String pair, List<String> names) {
    return new FileSplit("data", FileFormat.JSON_LINES, text, pair, "gold", names, false);
  }

  private void write(String text) throws IOException {
    Files.writeString(root.resolve("data"), text);
  }

  private Dataset load(FileSplit split) {
    return datasets.load(new Split(split, List.of()));
  }

  private ThrowableAssertAlternative<InvalidInputException> refused(
      FileSplit split, String reason) {
    return assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> load(split))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
