package dev.watershed.standalone.command;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.FileSplit;
import dev.watershed.classifier.data.Row;
import dev.watershed.classifier.data.Split;
import dev.watershed.classifier.data.Task;
import dev.watershed.classifier.data.TaskSplit;
import dev.watershed.classifier.data.Tasks;
import dev.watershed.standalone.terminal.TextTable;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tells which tasks are known by name and looks at their files, without a server. */
@Command(
    name = "tasks",
    description =
        "List the tasks known by name, for data such as task:mnli/train, and look at their files."
            + " Needs no server.",
    footer = {
      "",
      "Examples:",
      "  watershed tasks",
      "  watershed tasks show mnli/validation-matched glue_data/MNLI",
      "  watershed tasks show hans/lexical-overlap/non-entailment heuristics_evaluation_set.txt"
    })
final class TasksCommand implements Callable<Integer> {
  private static final int MAX_SHOWN_TEXT = 60;

  private final Surroundings surroundings;

  @Mixin private OutputOptions output;

  TasksCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new OutputOptions(surroundings);
  }

  @Override
  public Integer call() {
    return list(output);
  }

  @Command(description = "List the tasks: names, labels, scores and the files looked for.")
  int list(@Mixin OutputOptions output) {
    if (output.json) {
      output.message(
          Struct.newBuilder().putFields("tasks", list(Tasks.all(), TasksCommand::message)));
      return ExitCode.OK;
    }
    TextTable table = new TextTable("task", "score", "labels");
    Tasks.all().forEach(task -> table.row(task.name(), score(task), text(task.labels())));
    output.table(table);
    output.line("");
    output.line("Files looked for, and the directories below a data root they are looked for in:");
    Tasks.all().stream()
        .map(
            task ->
                "  %s: %s in %s"
                    .formatted(
                        task.name().replaceFirst("^hans/.*", "hans"),
                        text(
                            Stream.concat(task.ownFiles().stream(), task.files().stream())
                                .toList()),
                        text(task.directories())))
        .distinct()
        .forEach(output::line);
    return ExitCode.OK;
  }

  @Command(
      description = "Read a task's file and show its layout, how many rows it has, and the first.")
  int show(
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "NAME", description = "The task, for example mnli/train.")
          String name,
      @Parameters(
              paramLabel = "PATH",
              arity = "0..1",
              description =
                  "Its file, or a directory that holds it under a published name; default: the"
                      + " working directory.")
          @Nullable Path path,
      @Option(names = "--rows", defaultValue = "3", description = "First rows to show (3).")
          int rows) {
    if (rows < 0) {
      throw CommandException.badInput("--rows must be at least 0, got " + rows);
    }
    Path start = surroundings.workingDirectory().resolve(path == null ? Path.of("") : path);
    Path root = start.toAbsolutePath().normalize();
    Datasets datasets = new Datasets(new DataRoots(List.of(root)));
    TaskSplit task = new TaskSplit(name, root.toString());
    try {
      FileSplit layout = datasets.layout(task);
      Dataset dataset = datasets.load(new Split(task, List.of()));
      List<Row> first = dataset.rows().subList(0, Math.min(rows, dataset.rows().size()));
      if (output.json) {
        output.message(message(Tasks.named(name), layout, dataset, first));
      } else {
        show(layout, dataset, first, output);
      }
    } catch (InvalidInputException e) {
      throw CommandException.badInput(String.valueOf(e.getMessage()));
    }
    return ExitCode.OK;
  }

  private static void show(
      FileSplit layout, Dataset dataset, List<Row> first, OutputOptions output) {
    output.line("file    " + layout.uri());
    output.line("layout  " + format(layout) + ", " + columns(layout));
    output.line("rows    " + dataset.rows().size());
    TextTable counts = new TextTable("label", "rows");
    for (int label = 0; label < dataset.labels().size(); label++) {
      counts.row(dataset.labels().get(label), String.valueOf(count(dataset, label)));
    }
    output.table(counts);
    dataset.notices().forEach(notice -> output.line("notice  " + notice));
    for (Row row : first) {
      output.line("");
      output.line("[" + dataset.labels().get(row.label()) + "]");
      texts(row).forEach(text -> output.line("  " + text));
    }
  }

  private static Struct.Builder message(
      Task task, FileSplit layout, Dataset dataset, List<Row> first) {
    Struct.Builder labels = Struct.newBuilder();
    for (int label = 0; label < dataset.labels().size(); label++) {
      labels.putFields(dataset.labels().get(label), value(count(dataset, label)));
    }
    return message(task).getStructValue().toBuilder()
        .putFields("file", value(layout.uri()))
        .putFields("format", value(format(layout)))
        .putFields("textColumn", value(layout.textColumn()))
        .putFields("textPairColumn", value(layout.textPairColumn()))
        .putFields("labelColumn", value(layout.labelColumn()))
        .putFields("rowCount", value(dataset.rows().size()))
        .putFields("labelCounts", Value.newBuilder().setStructValue(labels).build())
        .putFields("notices", list(dataset.notices(), TasksCommand::value))
        .putFields("firstRows", list(first, row -> row(row, dataset)));
  }

  private static Value row(Row row, Dataset dataset) {
    Struct.Builder fields =
        Struct.newBuilder().putFields("label", value(dataset.labels().get(row.label())));
    fields.putFields("texts", list(texts(row), TasksCommand::value));
    return Value.newBuilder().setStructValue(fields).build();
  }

  private static Value message(Task task) {
    return Value.newBuilder()
        .setStructValue(
            Struct.newBuilder()
                .putFields("name", value(task.name()))
                .putFields("score", value(score(task)))
                .putFields("labels", list(task.labels(), TasksCommand::value))
                .putFields("paths", list(task.paths(), TasksCommand::value)))
        .build();
  }

  private static long count(Dataset dataset, int label) {
    return dataset.rows().stream().filter(row -> row.label() == label).count();
  }

  private static List<String> texts(Row row) {
    Row.TextRow text = (Row.TextRow) row;
    return Stream.of(text.text(), text.pair())
        .filter(Objects::nonNull)
        .map(TasksCommand::shorten)
        .toList();
  }

  /** Control characters of a file must not reach a terminal. */
  private static String shorten(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", " ");
    return plain.length() <= MAX_SHOWN_TEXT ? plain : plain.substring(0, MAX_SHOWN_TEXT) + "...";
  }

  private static String format(FileSplit layout) {
    return layout.format().name().toLowerCase(Locale.ROOT).replace('_', ' ')
        + (layout.uri().endsWith(".gz") ? " (gzip)" : "");
  }

  private static String columns(FileSplit layout) {
    String texts =
        layout.textPairColumn().isEmpty()
            ? "text " + layout.textColumn()
            : "texts " + layout.textColumn() + " and " + layout.textPairColumn();
    return texts + ", label " + layout.labelColumn() + (layout.hasHeader() ? "" : ", no header");
  }

  private static String score(Task task) {
    return DataArgument.scoreWord(task.score());
  }

  private static String text(List<String> names) {
    return String.join(", ", names);
  }

  private static Value value(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  private static Value value(long number) {
    return Value.newBuilder().setNumberValue(number).build();
  }

  private static <T> Value list(Collection<T> items, Function<? super T, Value> message) {
    ListValue.Builder list = ListValue.newBuilder();
    items.forEach(item -> list.addValues(message.apply(item)));
    return Value.newBuilder().setListValue(list).build();
  }
}
