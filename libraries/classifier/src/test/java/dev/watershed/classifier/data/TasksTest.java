package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.classifier.data.Row.TextRow;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks by name, on small files in the published layouts. */
class TasksTest {
  private static final String GLUE_MNLI =
      "index\tpromptID\tsentence1_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
          + "0\t1\t(x)\tA \"man\tsleeps\tneutral\tcontradiction\n"
          + "1\t2\t(y)\tB\tb\tneutral\tentailment\n";
  private static final String HANS =
      "gold_label\tsentence1_parse\tsentence1\tsentence2\tpairID\theuristic\tsubcase\ttemplate\n"
          + "entailment\t()\tlo e\tx\tex0\tlexical_overlap\tle_a\tt1\n"
          + "non-entailment\t()\tlo n\tx\tex1\tlexical_overlap\tln_a\tt1\n"
          + "non-entailment\t()\tlo m\tx\tex2\tlexical_overlap\tln_b\tt1\n"
          + "entailment\t()\tsub e\tx\tex3\tsubsequence\tse_a\tt1\n"
          + "non-entailment\t()\tcon n\tx\tex4\tconstituent\tcn_a\tt1\n";

  private final Path root;
  private final Path second;
  private final Datasets datasets;

  TasksTest(@TempDir Path temporary) throws IOException {
    root = Files.createDirectory(temporary.resolve("root"));
    second = Files.createDirectory(temporary.resolve("second"));
    datasets =
        new Datasets(
            new DataRoots(List.of(root, second)),
            new DataLimits(200_000, 20_000, 1000, 64 << 20, 64 << 20));
  }

  @Test
  void all_haveOneNameEachAndLabelsOfTheirOwn() {
    assertThat(Tasks.all()).hasSize(20).doesNotHaveDuplicates();
    for (Task task : Tasks.all()) {
      assertThat(Tasks.named(task.name())).isEqualTo(task);
      assertThat(task.labels()).containsAll(task.onlyLabels()).doesNotHaveDuplicates();
      assertThat(task.paths()).doesNotHaveDuplicates();
    }
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Tasks.named("mnli"))
        .withMessageContaining("mnli/validation-matched")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  /** Clients that keep the catalogue see by it that theirs is old. */
  @Test
  void version_anyFieldOfAnyTaskChanged_isAnother() {
    assertThat(Tasks.version()).isEqualTo(Tasks.versionOf(Tasks.all())).matches("[0-9a-f]{12}");
    Task task = Tasks.named("hans/subsequence/entailment");
    List<Object> fields = new ArrayList<>();
    for (RecordComponent component : Task.class.getRecordComponents()) {
      fields.add(value(component, task));
    }
    Set<String> versions = new HashSet<>(Set.of(Tasks.versionOf(List.of(task))));
    for (int i = 0; i < fields.size(); i++) {
      List<Object> changed = new ArrayList<>(fields);
      changed.set(
          i,
          switch (Task.class.getRecordComponents()[i].getName()) {
            case "name" -> "other";
            case "score" -> Task.Score.F1;
            case "layouts" ->
                List.of(TaskLayout.named("a", "b", "c", "d", true), task.layouts().get(1));
            case "modelLabels" -> Map.of();
            default -> List.of("other");
          });
      assertThat(versions.add(Tasks.versionOf(List.of(made(changed))))).isTrue();
    }
  }

  private static Object value(RecordComponent component, Task task) {
    try {
      return component.getAccessor().invoke(task);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Task made(List<Object> fields) {
    try {
      return (Task) Task.class.getDeclaredConstructors()[0].newInstance(fields.toArray());
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MNLI/dev_matched.tsv",
        "glue_data/MNLI/dev_matched.tsv",
        "MNLI/dev_matched.tsv.gz",
        "multinli_1.0/multinli_1.0_dev_matched.txt"
      })
  void load_publishedNameBelowARoot_isFound(String name) throws IOException {
    for (Path place : List.of(second, root)) {
      write(place.resolve(name), GLUE_MNLI);
      Dataset dataset = load("mnli/validation-matched", "");
      assertThat(dataset.labels()).containsExactly("entailment", "neutral", "contradiction");
      assertThat(dataset.rows())
          .containsExactly(new TextRow("A \"man", "sleeps", 2), new TextRow("B", "b", 0));
      assertThat(file("mnli/validation-matched", "")).isEqualTo(place.resolve(name).toRealPath());
    }
  }

  @Test
  void load_directoryOrFile_needNotBeNamedAsPublished() throws IOException {
    write(root.resolve("glue/tasks/MNLI/dev_matched.tsv"), GLUE_MNLI);
    write(root.resolve("mine.txt"), GLUE_MNLI);
    assertThat(load("mnli/validation-matched", "glue/tasks/MNLI").rows()).hasSize(2);
    assertThat(load("mnli/validation-matched", "glue/tasks").rows()).hasSize(2);
    assertThat(load("mnli/validation-matched", "mine.txt").rows()).hasSize(2);
    assertThat(load("mnli/train", root.resolve("mine.txt").toUri().toString()).rows()).hasSize(2);
  }

  @Test
  void load_noFile_isRefusedWithTheNamesLookedFor() throws IOException {
    Files.createDirectory(root.resolve("empty"));
    refused("mnli/train", "", "TASK_FILE_NOT_FOUND")
        .withMessageContaining("the 2 data roots")
        .withMessageContaining("train.tsv, train-*.parquet")
        .withMessageContaining("glue_data/MNLI");
    refused("mnli/train", "empty", "TASK_FILE_NOT_FOUND")
        .withMessageContaining("in 'empty'")
        .withMessageContaining("train.tsv")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("task.uri"));
    refused("mnli/train", "none.tsv", "FILE_NOT_FOUND");
    refused("mnli/train", "/etc/passwd", "FILE_FORBIDDEN");
    refused("snli/train", "", "TASK_UNKNOWN")
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("task.name"));
  }

  @Test
  void load_linkOutOfTheRoots_isForbidden() throws IOException {
    Path outside = Files.createTempFile(root.getParent(), "outside", ".tsv");
    write(outside, GLUE_MNLI);
    Files.createDirectories(root.resolve("MNLI"));
    Files.createSymbolicLink(root.resolve("MNLI/dev_matched.tsv"), outside);
    refused("mnli/validation-matched", "", "FILE_FORBIDDEN");
  }

  @Test
  void load_fileOfNoKnownLayout_isRefusedWithBothSides() throws IOException {
    write(root.resolve("a.tsv"), "index\tsentence\n0\tBill whistled past the house.\n");
    refused("cola/train", "a.tsv", "TASK_LAYOUT_UNKNOWN")
        .withMessageContaining("4 columns without a header (3, 1)")
        .withMessageContaining("sentence, label")
        .withMessageContaining("[index, sentence]");
    refused("mnli/train", "a.tsv", "TASK_LAYOUT_UNKNOWN")
        .withMessageContaining(
            "sentence1, sentence2, gold_label; or premise, hypothesis, gold_label");
    write(root.resolve("a.jsonl"), "{\"premise\": \"x\", \"hypothesis\": \"y\"}\n");
    refused("mnli/train", "a.jsonl", "TASK_LAYOUT_UNKNOWN")
        .withMessageContaining("[premise, hypothesis]");
    write(root.resolve("b.tsv"), "\n\n");
    refused("mnli/train", "b.tsv", "SPLIT_EMPTY");
  }

  @Test
  void load_rowsWithoutGoldLabel_areLeftOutAndTold() throws IOException {
    write(root.resolve("a.txt"), GLUE_MNLI + "2\t3\t()\tC\tc\tneutral\t-\n");
    Dataset dataset = load("mnli/train", "a.txt");
    assertThat(dataset.rows()).hasSize(2);
    assertThat(dataset.notices())
        .containsExactly("left out 1 of 3 rows without a gold label ('-')");
    write(root.resolve("a.txt"), GLUE_MNLI + "2\t3\t()\tC\tc\tneutral\thidden\n");
    refused("mnli/train", "a.txt", "LABEL_UNKNOWN").withMessageContaining("line 4");
  }

  @Test
  void load_fewMalformedRows_areLeftOutAndToldButNotMany() throws IOException {
    StringBuilder rows = new StringBuilder("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n");
    for (int i = 0; i < 20; i++) {
      rows.append(i).append("\t1\t2\tq\tr\t").append(i % 2).append('\n');
    }
    write(root.resolve("a.tsv"), rows + "20\t1\t2\n21\tbroken\n22\t1\t2\tq\tr\t1\n");
    Dataset dataset = load("qqp/train", "a.tsv");
    assertThat(dataset.labels()).containsExactly("not_duplicate", "duplicate");
    assertThat(dataset.rows()).hasSize(21);
    assertThat(dataset.rows().get(20).label()).isEqualTo(1);
    assertThat(dataset.notices()).hasSize(1);
    assertThat(dataset.notices().get(0)).startsWith("left out 2 of 23 rows").contains("line 22");
    write(root.resolve("a.tsv"), rows + "x\ty\n".repeat(11));
    refused("qqp/train", "a.tsv", "ROW_MALFORMED").withMessageContaining("11 of 31 rows");
    // What is given as a file is read as it is said.
    FileSplit file =
        new FileSplit(
            "a.tsv",
            FileFormat.TSV,
            "question1",
            "question2",
            "is_duplicate",
            List.of("no", "yes"),
            true);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(file, List.of())))
        .withMessageContaining("line 22 has 2 columns");
  }

  @ParameterizedTest
  @CsvSource({
    "hans, 5",
    "hans/lexical-overlap, 3",
    "hans/subsequence, 1",
    "hans/constituent, 1",
    "hans/lexical-overlap/entailment, 1",
    "hans/lexical-overlap/non-entailment, 2",
    "hans/constituent/non-entailment, 1",
  })
  void load_hans_isCutByHeuristicAndLabel(String name, int rows) throws IOException {
    write(root.resolve("heuristics_evaluation_set.txt"), HANS);
    Dataset dataset = load(name, "");
    assertThat(dataset.rows()).hasSize(rows);
    assertThat(dataset.labels()).containsExactly("entailment", "non-entailment");
  }

  @Test
  void load_hansWithConditions_keepsWhatBothWant() throws IOException {
    write(root.resolve("heuristics_evaluation_set.txt"), HANS);
    TaskSplit task = new TaskSplit("hans/lexical-overlap/non-entailment", "");
    ColumnFilter subcase = new ColumnFilter("subcase", List.of("ln_b"));
    assertThat(datasets.load(new Split(task, List.of(), List.of(subcase), null)).rows())
        .containsExactly(new TextRow("lo m", "x", 1));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(task, List.of("entailment"))))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("SPLIT_EMPTY"))
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("only_labels"));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(task, List.of("neutral"))))
        .withMessageContaining("'neutral'");
    refused("hans/constituent/entailment", "", "SPLIT_EMPTY")
        .withMessageContaining("'heuristic' in [constituent]");
  }

  @Test
  void load_glueDevelopmentSetOfCola_isCutByDomain() throws IOException {
    write(
        root.resolve("CoLA/dev.tsv"),
        "gj04\t1\t\tIn.\nclc95\t0\t*\tOut.\nks08\t0\t*\tIn too.\nswb04\t1\t\tOut too.\n");
    assertThat(load("cola/in-domain-dev", "").rows())
        .containsExactly(new TextRow("In.", null, 1), new TextRow("In too.", null, 0));
    assertThat(load("cola/out-of-domain-dev", "").rows())
        .containsExactly(new TextRow("Out.", null, 0), new TextRow("Out too.", null, 1));
    assertThat(load("cola/in-domain-dev", "").labels())
        .containsExactly("unacceptable", "acceptable");
  }

  @Test
  void load_colaOfTheWrongDomain_isRefused() throws IOException {
    write(root.resolve("in_domain_dev.tsv"), "gj04\t1\t\tIn.\n");
    assertThat(load("cola/in-domain-dev", "").rows()).hasSize(1);
    refused("cola/out-of-domain-dev", "in_domain_dev.tsv", "SPLIT_EMPTY");
  }

  @Test
  void load_huggingFacesCola_hasNoSourceToTellDomainsBy() throws Exception {
    parquet("train-00000-of-00001", "SELECT 'A.' AS sentence, 1 AS label, 0 AS idx");
    assertThat(load("cola/train", "glue/cola").rows()).containsExactly(new TextRow("A.", null, 1));
    refused("cola/in-domain-dev", "glue/cola/train-00000-of-00001.parquet", "TASK_LAYOUT_UNKNOWN")
        .withMessageContaining("no column 'source'");
  }

  @Test
  void load_huggingFacesFiles_areFoundByPattern() throws Exception {
    String query =
        "SELECT 'p' AS premise, 'h' AS hypothesis, unnest([0, 1, 2])::BIGINT AS label, 0 AS idx";
    parquet(
        "validation_matched-00000-of-00001",
        query,
        ParquetFiles.labels("entailment", "neutral", "contradiction"));
    Dataset dataset = load("mnli/validation-matched", "glue/cola");
    assertThat(dataset.rows().stream().map(Row::label)).containsExactly(0, 1, 2);
    assertThat(dataset.notices()).isEmpty();
    Files.copy(
        root.resolve("glue/cola/validation_matched-00000-of-00001.parquet"),
        root.resolve("glue/cola/validation_matched-00001-of-00002.parquet"));
    refused("mnli/validation-matched", "glue/cola", "TASK_FILE_AMBIGUOUS")
        .withMessageContaining("2 files match");
  }

  @Test
  void load_parquetCodedOtherwise_isReadByName() throws Exception {
    String query = "SELECT 'p' AS premise, 'h' AS hypothesis, unnest([0, 1, 2])::BIGINT AS label";
    parquet("a", query, ParquetFiles.labels("contradiction", "entailment", "neutral"));
    Dataset dataset = load("mnli/train", "glue/cola/a.parquet");
    assertThat(dataset.labels()).containsExactly("entailment", "neutral", "contradiction");
    assertThat(dataset.rows().stream().map(Row::label)).containsExactly(2, 0, 1);
    parquet("a", query, ParquetFiles.labels("yes", "maybe", "no"));
    refused("mnli/train", "glue/cola/a.parquet", "TASK_LABELS_DIFFER")
        .withMessageContaining("[yes, maybe, no]");
    parquet("a", query);
    assertThat(load("mnli/train", "glue/cola/a.parquet").notices())
        .singleElement()
        .asString()
        .contains("[entailment, neutral, contradiction], counted from 0");
  }

  @Test
  void load_jsonLines_areReadInBothLayouts() throws IOException {
    write(
        root.resolve("snli.jsonl"),
        "{\"gold_label\": \"neutral\", \"sentence1\": \"x\", \"sentence2\": \"y\"}\n"
            + "{\"gold_label\": \"-\", \"sentence1\": \"x\", \"sentence2\": \"y\"}\n");
    assertThat(load("mnli/train", "snli.jsonl").rows()).containsExactly(new TextRow("x", "y", 1));
    write(
        root.resolve("mnli_train.jsonl"),
        "{\"premise\": \"x\", \"hypothesis\": \"y\", \"label\": \"entailment\"}\n");
    assertThat(load("mnli/train", "").rows()).containsExactly(new TextRow("x", "y", 0));
  }

  @Test
  void layout_saysHowTheFileIsRead() throws IOException {
    write(root.resolve("MNLI/train.tsv"), GLUE_MNLI);
    FileSplit layout = datasets.layout(new TaskSplit("mnli/train", ""));
    assertThat(layout.format()).isEqualTo(FileFormat.TSV);
    assertThat(layout.textColumn()).isEqualTo("sentence1");
    assertThat(layout.labelColumn()).isEqualTo("gold_label");
    assertThat(layout.hasHeader()).isTrue();
  }

  @Test
  void load_hostileFirstLine_isRefused() throws IOException {
    write(root.resolve("a.tsv"), "x".repeat(100_000));
    refused("mnli/train", "a.tsv", "ROW_TOO_LONG");
    write(root.resolve("a.tsv"), "c\t".repeat(5000));
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> load("mnli/train", "a.tsv"))
        .satisfies(e -> assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(1000));
    Files.write(root.resolve("a.tsv"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    refused("mnli/train", "a.tsv", "FILE_NOT_UTF8");
    write(root.resolve("a.jsonl"), "{\"premise\": \n");
    refused("mnli/train", "a.jsonl", "ROW_MALFORMED");
  }

  private Path file(String name, String uri) {
    return datasets.file(new Split(new TaskSplit(name, uri), List.of())).orElseThrow();
  }

  private Dataset load(String name, String uri) {
    return datasets.load(new Split(new TaskSplit(name, uri), List.of()));
  }

  private ThrowableAssertAlternative<InvalidInputException> refused(
      String name, String uri, String reason) {
    return assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> load(name, uri))
        .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
  }

  private void parquet(String name, String query, String... options) throws Exception {
    Path directory = Files.createDirectories(root.resolve("glue/cola"));
    ParquetFiles.write(directory.resolve(name + ".parquet"), query, "snappy", options);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    if (file.toString().endsWith(".gz")) {
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
        out.write(text.getBytes(StandardCharsets.UTF_8));
      }
    } else {
      Files.writeString(file, text);
    }
  }
}
