package dev.watershed.cli;

import dev.watershed.trainer.v1.Task;
import dev.watershed.type.v1.ColumnFilter;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.RandomSubset;
import dev.watershed.type.v1.TaskSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which rows: what a {@link DataText} says of a file, a task or a built-in split. */
final class SplitArgument {
  private static final String TASK = "task:";
  private static final Pattern SUBSET = Pattern.compile("([0-9.]{1,20}?)\\.\\.([0-9.]{1,20})");

  private static final Set<String> FILE_KEYS =
      Set.of("format", "text", "pair", "label", "header", "label_names");

  /** Options of a split. */
  static final Set<String> KEYS =
      Stream.concat(FILE_KEYS.stream(), Stream.of("only", DataText.FILTER, "subset", "subset_seed"))
          .collect(Collectors.toUnmodifiableSet());

  private final DataText text;
  private final Path workingDirectory;

  SplitArgument(DataText text, Path workingDirectory) {
    this.text = text;
    this.workingDirectory = workingDirectory;
  }

  DatasetSplit split() {
    DatasetSplit.Builder split = DatasetSplit.newBuilder().addAllOnlyLabels(text.list("only"));
    text.filters().forEach(filter -> split.addFilters(filter(filter)));
    if (text.has("subset") || text.has("subset_seed")) {
      split.setSubset(subset());
    }
    if (text.source().startsWith("file:")) {
      return split
          .setFile(file(DataText.unescape(text.source().substring("file:".length()))))
          .build();
    }
    if (isTask()) {
      text.refuse(FILE_KEYS, "a task's columns are known, it");
      return split.setTask(TaskSplit.newBuilder().setName(taskName()).setUri(taskPath())).build();
    }
    if (text.source().startsWith("builtin:")) {
      text.refuse(FILE_KEYS, "a built-in split");
      text.refuse(Set.of(DataText.FILTER), "a built-in split");
      return split
          .setBuiltin(DataText.unescape(text.source().substring("builtin:".length())))
          .build();
    }
    throw text.bad("data begins with builtin:, task: or file:");
  }

  /** What it is called where nothing is said: a task's name, or that of the file. */
  String defaultName() {
    if (isTask()) {
      return taskName();
    }
    String path =
        DataText.unescape(text.source().substring(text.source().indexOf(':') + 1))
            .replaceFirst("^upload:", "");
    String last = path.substring(path.lastIndexOf('/') + 1);
    int dot = last.lastIndexOf('.');
    return text.source().startsWith("file:") && dot > 0 ? last.substring(0, dot) : last;
  }

  boolean isTask() {
    return text.source().startsWith(TASK);
  }

  /** The task as the server knows it. */
  Task task(TaskCatalogue tasks) {
    String name = taskName();
    return tasks
        .named(name)
        .orElseThrow(() -> text.bad("there is no task '" + name + "'; see 'watershed tasks list'"));
  }

  String taskName() {
    return DataText.unescape(
        DataText.split(text.source().substring(TASK.length()), '=').getFirst());
  }

  /** Returns the file or directory of a task, empty where the server is to look for it. */
  private String taskPath() {
    int name = DataText.split(text.source(), '=').getFirst().length();
    return name == text.source().length()
        ? ""
        : located(DataText.unescape(text.source().substring(name + 1)));
  }

  private ColumnFilter filter(String filter) {
    String column = DataText.split(filter, ':').getFirst();
    if (column.isEmpty() || column.length() == filter.length()) {
      throw text.bad("filter= wants column:value|value, not '" + filter + "'");
    }
    ColumnFilter.Builder condition = ColumnFilter.newBuilder().setColumn(DataText.unescape(column));
    DataText.split(filter.substring(column.length() + 1), '|')
        .forEach(value -> condition.addValues(DataText.unescape(value)));
    return condition.build();
  }

  private RandomSubset subset() {
    Matcher subset = SUBSET.matcher(text.plain("subset", ""));
    if (!subset.matches()) {
      throw text.bad("subset= wants the part as from..to, for example 0..0.8");
    }
    if (!text.has("subset_seed")) {
      throw text.bad("subset= needs subset-seed=N, which draws the order of the rows");
    }
    try {
      double from = Double.parseDouble(subset.group(1));
      double to = Double.parseDouble(subset.group(2));
      if (!(from < to && to <= 1)) {
        throw text.bad("subset= wants 0 <= from < to <= 1, not " + from + " to " + to);
      }
      return RandomSubset.newBuilder()
          .setSeed(text.longInteger("subset_seed"))
          .setFromFraction(from)
          .setToFraction(to)
          .build();
    } catch (NumberFormatException e) {
      throw text.bad("subset= wants two numbers from 0 to 1");
    }
  }

  private FileSplit file(String path) {
    String textColumn = text.plain("text", "");
    FileSplit.Builder file =
        FileSplit.newBuilder()
            .setUri(located(path))
            .setFormat(format(path))
            .setTextColumn(textColumn)
            .setTextPairColumn(text.plain("pair", ""))
            .setLabelColumn(text.plain("label", ""))
            .addAllLabelNames(text.list("label_names"));
    // Columns are told by number where there is no header, by name where there is one.
    boolean numbered = textColumn.matches("\\d+");
    return file.setHasHeader(text.flag("header", !numbered)).build();
  }

  private String located(String path) {
    if (path.isEmpty()) {
      throw text.bad(text.source() + " needs a path");
    }
    return located(path, workingDirectory);
  }

  /** Returns what a server is asked for: a path that is here as an absolute one, others as said. */
  static String located(String path, Path workingDirectory) {
    if (path.startsWith("/") || path.startsWith("file:") || path.startsWith("upload:")) {
      return path;
    }
    Path here = workingDirectory.resolve(path);
    return Files.exists(here) ? here.toAbsolutePath().normalize().toString() : path;
  }

  private FileFormat format(String path) {
    String lower = path.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    String extension = lower.substring(lower.lastIndexOf('.') + 1);
    String format = text.plain("format", extension);
    return switch (format.toLowerCase(Locale.ROOT)) {
      case "tsv" -> FileFormat.FILE_FORMAT_TSV;
      case "csv" -> FileFormat.FILE_FORMAT_CSV;
      case "jsonl", "json-lines", "ndjson" -> FileFormat.FILE_FORMAT_JSON_LINES;
      case "parquet" -> FileFormat.FILE_FORMAT_PARQUET;
      default ->
          throw text.bad(
              "the format '" + format + "' is not known; say format=tsv, csv, jsonl or parquet");
    };
  }
}
