package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.watershed.classifier.data.DataLimits;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.Tasks;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.server.ByteSize;
import dev.watershed.server.DiskConfiguration;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.server.dataset.InvalidInputs;
import dev.watershed.server.dataset.Samples;
import dev.watershed.trainer.engine.SplitPreview;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DescribeSplitRequest;
import dev.watershed.trainer.v1.DescribeSplitResponse;
import dev.watershed.trainer.v1.DescribedRow;
import dev.watershed.trainer.v1.ListLabelMappingsRequest;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.trainer.v1.Task;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelCount;
import dev.watershed.type.v1.RandomSubset;
import dev.watershed.type.v1.TaskSplit;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataServiceTest {
  private static final String HANS =
      "gold_label\tsentence1\tsentence2\tpairID\theuristic\tsubcase\n"
          + "entailment\tlo e\tx\tex0\tlexical_overlap\tle_a\n"
          + "non-entailment\tlo n\tx\tex1\tlexical_overlap\tln_a\n"
          + "entailment\tsub e\tx\tex3\tsubsequence\tse_a\n";

  private Path root;
  private Datasets datasets;
  private DataRoots roots;
  private Server server;
  private ManagedChannel channel;
  private DataServiceGrpc.DataServiceBlockingStub data;

  @BeforeEach
  void serve(@TempDir Path temporary) throws IOException {
    root = Files.createDirectory(temporary.resolve("root"));
    roots = new DataRoots(List.of(root));
    datasets = new Datasets(roots, new DataLimits(1 << 20, 20_000, 1000, 1 << 20, 1 << 20));
    String name = InProcessServerBuilder.generateName();
    var uploads = new UploadedFiles(null, 1, 1);
    var disk = new DiskSpace(new DiskConfiguration(List.of(), new ByteSize(0)));
    server =
        InProcessServerBuilder.forName(name)
            .addService(
                new DataService(
                    datasets,
                    roots,
                    uploads,
                    FileDeletionsFor.of(uploads, roots, datasets, disk, temporary),
                    disk))
            .intercept(new ValidationInterceptor())
            .intercept(new ErrorInterceptor(new Errors(List.of(new InvalidInputs()))))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
    data = DataServiceGrpc.newBlockingStub(channel);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test
  void listTasks_filesThere_areToldRelativeToTheirRoot() throws IOException {
    Files.createDirectories(root.resolve("glue/mnli"));
    Files.writeString(root.resolve("glue/mnli/train.tsv"), "");
    Files.writeString(root.resolve("heuristics_evaluation_set.txt"), HANS);
    Files.createDirectories(root.resolve("QQP"));
    Files.writeString(root.resolve("QQP/validation-1.parquet"), "");
    Files.writeString(root.resolve("QQP/validation-2.parquet"), "");

    var listed = data.listTasks(ListTasksRequest.getDefaultInstance());

    assertThat(listed.getTasksList())
        .extracting(Task::getName)
        .containsExactlyElementsOf(
            Tasks.all().stream().map(dev.watershed.classifier.data.Task::name).toList());
    assertThat(listed.getCatalogueVersion()).isEqualTo(Tasks.version()).hasSize(12);
    assertThat(task("mnli/train").getFile()).isEqualTo("glue/mnli/train.tsv");
    assertThat(task("mnli/train").getLabelMappingsList()).isEmpty();
    assertThat(task("hans").getFile()).isEqualTo("heuristics_evaluation_set.txt");
    assertThat(task("hans").getLabelMappingsList())
        .containsExactly("hans-max", "hans-sum", "hans-sum-logits");
    assertThat(task("hans/subsequence/entailment").getOnlyLabelsList())
        .containsExactly("entailment");
    assertThat(task("cola/train").getFile()).isEmpty();
    assertThat(task("cola/train").getProblem()).isEmpty();
    assertThat(task("qqp/validation").getFile()).isEmpty();
    assertThat(task("qqp/validation").getProblem()).contains("2 files match");
  }

  private Task task(String name) {
    return data.listTasks(ListTasksRequest.getDefaultInstance()).getTasksList().stream()
        .filter(task -> task.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Any client can put them into a sample as they are. */
  @Test
  void listLabelMappings_all_mapTheirTasksToModelsOfMnli() {
    var listed = data.listLabelMappings(ListLabelMappingsRequest.getDefaultInstance());

    assertThat(listed.getLabelMappingsList()).extracting(NamedLabelMapping::getName).hasSize(3);
    var rules = new ValidationInterceptor();
    for (var named : listed.getLabelMappingsList()) {
      var sample =
          EvaluationSample.newBuilder()
              .setName("hans")
              .setSplit(task(named.getTasks(0), ""))
              .setLabelMapping(named.getMapping())
              .build();
      rules.validate(sample);
      var rule = Samples.labels(sample).orElseThrow();
      LabelMapping mapping =
          LabelMapping.of(
              rule.entries(),
              rule.reduction(),
              List.of("entailment", "non-entailment"),
              List.of(),
              List.of("contradiction", "entailment", "neutral"));
      double together =
          switch (named.getName()) {
            case "hans-max" -> 3;
            case "hans-sum" -> Math.log(Math.exp(3) + Math.exp(1));
            default -> 4;
          };
      assertThat(mapping.reduce(new float[] {3, 2, 1})[1])
          .as(named.getName())
          .isCloseTo(together, Assertions.within(1e-12));
      assertThat(named.getTasksList()).hasSize(10).allMatch(name -> name.startsWith("hans"));
    }
  }

  @Test
  void describe_task_tellsWhatTrainingWouldRead() throws IOException {
    Files.writeString(root.resolve("heuristics_evaluation_set.txt"), HANS);

    var described = describe(task("hans/lexical-overlap", ""), 1);

    var split = described.getSplit();
    assertThat(split.getRowCount()).isEqualTo(2);
    assertThat(split.getFile()).isEqualTo("heuristics_evaluation_set.txt");
    assertThat(split.getLabelsList())
        .extracting(LabelCount::getLabel, LabelCount::getRowCount)
        .containsExactly(
            Assertions.tuple("entailment", 1L), Assertions.tuple("non-entailment", 1L));
    try (var rows = datasets.load(Samples.split(task("hans/lexical-overlap", "")))) {
      assertThat(split.getDigest().getSha256()).isEqualTo(rows.digest().sha256());
    }
    assertThat(described.getFirstRowsList())
        .containsExactly(
            DescribedRow.newBuilder()
                .addTexts("lo e")
                .addTexts("x")
                .setLabel("entailment")
                .build());
    assertThat(described.getLayout().getTextColumn()).isEqualTo("sentence1");
    assertThat(described.getLayout().getFormat()).isEqualTo(FileFormat.FILE_FORMAT_TSV);
    assertThat(described.getLayout().getUri()).isEmpty();
  }

  @Test
  void describe_longTextsAndTokens_areCutBetweenCharacters() throws IOException {
    Files.writeString(
        root.resolve("long.tsv"), "text\n" + "x".repeat(1999) + "\uD83D\uDE00".repeat(9) + "\n");
    Files.writeString(
        root.resolve("tokens.jsonl"), "{\"input_ids\":[" + "7,".repeat(599) + "8]}\n");

    var text = describe(file("long.tsv", FileFormat.FILE_FORMAT_TSV, "text"), 100);
    var tokens = describe(file("tokens.jsonl", FileFormat.FILE_FORMAT_JSON_LINES, ""), 100);

    assertThat(text.getFirstRows(0))
        .isEqualTo(DescribedRow.newBuilder().addTexts("x".repeat(1999)).setCut(true).build());
    assertThat(tokens.getFirstRows(0).getInputIdsList()).hasSize(512).containsOnly(7);
    assertThat(tokens.getFirstRows(0).getCut()).isTrue();
    assertThat(tokens.getFirstRows(0).getLabel()).isEmpty();
  }

  @Test
  void describe_subset_isOfThePart() {
    var split =
        DatasetSplit.newBuilder()
            .setBuiltin("miniature/validation")
            .setSubset(RandomSubset.newBuilder().setSeed(1).setToFraction(.1))
            .build();

    var part = describe(split, 0);
    var whole = describe(split.toBuilder().clearSubset().build(), 0);

    assertThat(part.getSplit().getRowCount()).isEqualTo(whole.getSplit().getRowCount() / 10);
    assertThat(part.hasLayout()).isFalse();
    assertThat(part.getFirstRowsList()).isEmpty();
  }

  @Test
  void describe_whatCannotBeRead_isRefusedWithItsField() throws IOException {
    Files.writeString(root.resolve("rows.tsv"), "text\nx\n");

    var column =
        Refusals.of(() -> describe(file("rows.tsv", FileFormat.FILE_FORMAT_TSV, "none"), 1));
    var outside =
        Refusals.of(() -> describe(file("../rows.tsv", FileFormat.FILE_FORMAT_TSV, "text"), 1));
    var unknown = Refusals.of(() -> describe(task("mnli/test", ""), 1));
    var many = Refusals.of(() -> describe(task("hans", ""), 101));

    assertThat(column.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(column.getMessage()).startsWith("split.file.text_column: ");
    assertThat(outside.getCode()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
    assertThat(Refusals.reason(unknown)).isEqualTo("TASK_UNKNOWN");
    assertThat(many.getMessage()).startsWith("first_row_count: ");
  }

  /** Rows are booked against the memory of all data sets, and given back. */
  @Test
  void describe_againAndAgain_holdsNoMemoryAfterwards() throws IOException {
    Files.writeString(root.resolve("rows.tsv"), "text\n" + "word\n".repeat(900));
    for (int i = 0; i < 40; i++) {
      describe(file("rows.tsv", FileFormat.FILE_FORMAT_TSV, "text"), 3);
      assertThat(datasets.memory().heldBytes()).isZero();
    }
  }

  @Test
  void preview_notWantedAfterReading_endsAndFreesTheRows() throws IOException {
    Files.writeString(root.resolve("rows.tsv"), "text\n" + "word\n".repeat(900));
    var split = file("rows.tsv", FileFormat.FILE_FORMAT_TSV, "text");
    for (int wanted : new int[] {0, 1, 500, 1000, 1500}) {
      int[] left = {wanted};

      Assertions.assertThatExceptionOfType(CancellationException.class)
          .isThrownBy(
              () ->
                  new SplitPreview(datasets, roots)
                      .of(
                          split,
                          1,
                          () -> {
                            if (left[0]-- <= 0) {
                              throw new CancellationException();
                            }
                          }));

      assertThat(datasets.memory().heldBytes()).isZero();
    }
  }

  private DescribeSplitResponse describe(DatasetSplit split, int firstRows) {
    return data.describeSplit(
        DescribeSplitRequest.newBuilder().setSplit(split).setFirstRowCount(firstRows).build());
  }

  private static DatasetSplit task(String name, String uri) {
    return DatasetSplit.newBuilder()
        .setTask(TaskSplit.newBuilder().setName(name).setUri(uri))
        .build();
  }

  private static DatasetSplit file(String uri, FileFormat format, String text) {
    return DatasetSplit.newBuilder()
        .setFile(
            FileSplit.newBuilder()
                .setUri(uri)
                .setFormat(format)
                .setTextColumn(text)
                .setHasHeader(true))
        .build();
  }
}
