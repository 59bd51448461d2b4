package dev.watershed.cli;

import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.trainer.v1.Task;
import dev.watershed.type.v1.ColumnFilter;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.RandomSubset;
import dev.watershed.type.v1.Score;
import dev.watershed.type.v1.TaskSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Data as it is named on the command line: {@code builtin:NAME}, {@code task:NAME}, {@code
 * task:NAME=PATH} or {@code file:PATH}, then options {@code ,key=value}. A list is separated by
 * {@code |}; a backslash makes the next character plain.
 *
 * <pre>
 * builtin:miniature/validation,size=512,seed=1
 * file:cola/dev.tsv,format=tsv,text=3,label=1,label_names=unacceptable|acceptable,score=mcc
 * file:hans.tsv,text=sentence1,pair=sentence2,label=gold_label,reduction=max,
 *     map=entailment:entailment|non-entailment:neutral+contradiction
 * task:mnli/train,subset=0..0.08,subset-seed=42
 * task:hans/lexical-overlap/non-entailment=data/hans,mapping=max,filter=subcase:ln_passive
 * </pre>
 */
final class DataArgument {
  private static final String TASK = "task:";

  /** The one option that may be repeated. */
  private static final String FILTER = "filter";

  private static final Pattern SUBSET = Pattern.compile("([0-9.]{1,20}?)\\.\\.([0-9.]{1,20})");

  /** For the help of options that take one. */
  static final String SPLIT_SYNTAX =
      "builtin:NAME, task:NAME, task:NAME=PATH ('watershed tasks' lists them) or file:PATH, then "
          + ",key=value options. For a file: format=tsv|csv|jsonl|parquet (default: by its "
          + "extension), text=, pair=, label= (a column's name, or its number from 0 where there is "
          + "no header), header=true|false, label_names=a|b (names of the values 0, 1). For a file "
          + "or task: filter=column:value|value (keep only these rows; may be repeated). For all: "
          + "only=a|b (keep only these labels), subset=0..0.8 with subset-seed=N (a part of one "
          + "random order of the rows). A backslash makes a separator inside a name plain: 'file:a\\,b.tsv'";

  /** For the help of options that take a sample. */
  static final String SAMPLE_SYNTAX =
      "data as for --train, and: name=, size= with seed= or first=true (default: all rows), "
          + "max_tokens=, map=data:model+model|data:model (labels by name), reduction=max|sum|"
          + "sum-logits (of logits the largest, of probabilities the sum, or of logits the sum as "
          + "the papers' code has it); for a task with labels other than the model's, such as HANS, "
          + "mapping=max|sum|sum-logits is short for its map= and reduction=; positive= (the label "
          + "that F1 is of; default: the model's second)";

  /** For the help of options that take a diagnostic. */
  static final String DIAGNOSTIC_SYNTAX =
      "a sample, and: score=accuracy|f1|mcc|loss (default: the task's, else accuracy), group=NAME"
          + " (diagnostics of one group form a vector per model)";

  private static final Set<String> FILE_KEYS =
      Set.of("format", "text", "pair", "label", "header", "label_names");
  private static final Set<String> SPLIT_KEYS =
      union(FILE_KEYS, Set.of("only", FILTER, "subset", "subset_seed"));
  private static final Set<String> SAMPLE_KEYS =
      Set.of(
          "name", "size", "seed", "first", "max_tokens", "map", "reduction", "mapping", "positive");
  private static final Set<String> DIAGNOSTIC_KEYS = Set.of("score", "group");

  private final String text;
  private final String source;
  private final Map<String, String> options;
  private final List<String> filters;
  private final Path workingDirectory;
  private final TaskCatalogue tasks;

  private DataArgument(
      String text,
      String source,
      Map<String, String> options,
      List<String> filters,
      Path workingDirectory,
      TaskCatalogue tasks) {
    this.text = text;
    this.source = source;
    this.options = options;
    this.filters = filters;
    this.workingDirectory = workingDirectory;
    this.tasks = tasks;
  }

  /**
   * Parses an argument.
   *
   * @param workingDirectory a relative path that exists below it is sent as an absolute one; others
   *     are left to the server, which starts from its first data root
   * @param tasks asked where a task's usual score or a published mapping is meant
   * @throws CommandException naming what is wrong
   */
  static DataArgument parse(String text, Path workingDirectory, TaskCatalogue tasks) {
    List<String> parts = split(text, ',');
    Map<String, String> options = new LinkedHashMap<>();
    List<String> filters = new ArrayList<>();
    for (String part : parts.subList(1, parts.size())) {
      List<String> pair = split(part, '=');
      if (pair.size() < 2 || pair.get(0).isBlank()) {
        throw CommandException.badInput(
            "'"
                + part
                + "' in '"
                + text
                + "' is not key=value; a comma inside a file's name, a column or a label is written"
                + " \\, (so are |, :, = and +)");
      }
      String value = part.substring(part.indexOf('=') + 1);
      String key = pair.get(0).strip().replace('-', '_');
      if (key.equals(FILTER)) {
        filters.add(value);
      }
      if (options.put(key, value) != null && !key.equals(FILTER)) {
        throw CommandException.badInput("'" + pair.get(0) + "' is given twice in '" + text + "'");
      }
    }
    return new DataArgument(text, parts.get(0), options, filters, workingDirectory, tasks);
  }

  /** Whether {@code name=} says what the sample is called. */
  boolean isNamed() {
    return options.containsKey("name");
  }

  DatasetSplit split() {
    allow(SPLIT_KEYS);
    return splitFromOptions();
  }

  EvaluationSample sample() {
    allow(union(SPLIT_KEYS, SAMPLE_KEYS));
    return sampleFromOptions();
  }

  Diagnostic diagnostic() {
    allow(union(union(SPLIT_KEYS, SAMPLE_KEYS), DIAGNOSTIC_KEYS));
    Diagnostic.Builder diagnostic = Diagnostic.newBuilder().setSample(sampleFromOptions());
    diagnostic.setScore(
        options.containsKey("score") || !isTask()
            ? score(plain("score", "accuracy"))
            : task().getScore());
    return diagnostic.setGroup(plain("group", "")).build();
  }

  private DatasetSplit splitFromOptions() {
    DatasetSplit.Builder split = DatasetSplit.newBuilder().addAllOnlyLabels(list("only"));
    filters.forEach(filter -> split.addFilters(filter(filter)));
    if (options.containsKey("subset") || options.containsKey("subset_seed")) {
      split.setSubset(subset());
    }
    if (source.startsWith("file:")) {
      return split.setFile(file(unescape(source.substring("file:".length())))).build();
    }
    if (isTask()) {
      refuse(FILE_KEYS, "a task's columns are known, it");
      return split.setTask(TaskSplit.newBuilder().setName(taskName()).setUri(taskPath())).build();
    }
    if (source.startsWith("builtin:")) {
      refuse(union(FILE_KEYS, Set.of(FILTER)), "a built-in split");
      return split.setBuiltin(unescape(source.substring("builtin:".length()))).build();
    }
    throw bad("data begins with builtin:, task: or file:");
  }

  private void refuse(Set<String> keys, String what) {
    for (String key : options.keySet()) {
      if (keys.contains(key)) {
        throw bad(what + " takes no '" + key + "'");
      }
    }
  }

  private boolean isTask() {
    return source.startsWith(TASK);
  }

  private Task task() {
    String name = taskName();
    return tasks
        .named(name)
        .orElseThrow(() -> bad("there is no task '" + name + "'; see 'watershed tasks list'"));
  }

  private String taskName() {
    return unescape(split(source.substring(TASK.length()), '=').get(0));
  }

  /** Returns the file or directory of a task, empty where the server is to look for it. */
  private String taskPath() {
    int name = split(source, '=').get(0).length();
    return name == source.length() ? "" : located(unescape(source.substring(name + 1)));
  }

  private ColumnFilter filter(String filter) {
    String column = split(filter, ':').get(0);
    if (column.isEmpty() || column.length() == filter.length()) {
      throw bad("filter= wants column:value|value, not '" + filter + "'");
    }
    ColumnFilter.Builder condition = ColumnFilter.newBuilder().setColumn(unescape(column));
    split(filter.substring(column.length() + 1), '|')
        .forEach(value -> condition.addValues(unescape(value)));
    return condition.build();
  }

  private RandomSubset subset() {
    Matcher subset = SUBSET.matcher(plain("subset", ""));
    if (!subset.matches()) {
      throw bad("subset= wants the part as from..to, for example 0..0.8");
    }
    if (!options.containsKey("subset_seed")) {
      throw bad("subset= needs subset-seed=N, which draws the order of the rows");
    }
    try {
      double from = Double.parseDouble(subset.group(1));
      double to = Double.parseDouble(subset.group(2));
      if (!(from < to && to <= 1)) {
        throw bad("subset= wants 0 <= from < to <= 1, not " + from + " to " + to);
      }
      return RandomSubset.newBuilder()
          .setSeed(longInteger("subset_seed"))
          .setFromFraction(from)
          .setToFraction(to)
          .build();
    } catch (NumberFormatException e) {
      throw bad("subset= wants two numbers from 0 to 1");
    }
  }

  private FileSplit file(String path) {
    String textColumn = plain("text", "");
    FileSplit.Builder file =
        FileSplit.newBuilder()
            .setUri(located(path))
            .setFormat(format(path))
            .setTextColumn(textColumn)
            .setTextPairColumn(plain("pair", ""))
            .setLabelColumn(plain("label", ""))
            .addAllLabelNames(list("label_names"));
    // Columns are told by number where there is no header, by name where there is one.
    boolean numbered = textColumn.matches("\\d+");
    return file.setHasHeader(flag("header", !numbered)).build();
  }

  private String located(String path) {
    if (path.isEmpty()) {
      throw bad(source + " needs a path");
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
    String format = plain("format", extension);
    return switch (format.toLowerCase(Locale.ROOT)) {
      case "tsv" -> FileFormat.FILE_FORMAT_TSV;
      case "csv" -> FileFormat.FILE_FORMAT_CSV;
      case "jsonl", "json-lines", "ndjson" -> FileFormat.FILE_FORMAT_JSON_LINES;
      case "parquet" -> FileFormat.FILE_FORMAT_PARQUET;
      default ->
          throw bad(
              "the format '" + format + "' is not known; say format=tsv, csv, jsonl or parquet");
    };
  }

  private EvaluationSample sampleFromOptions() {
    EvaluationSample.Builder sample =
        EvaluationSample.newBuilder()
            .setSplit(splitFromOptions())
            .setName(plain("name", defaultName()))
            .setPositiveLabel(plain("positive", ""));
    if (options.containsKey("size")) {
      sample.setSize(integer("size", 0));
    }
    if (options.containsKey("max_tokens")) {
      sample.setMaxTokens(integer("max_tokens", 0));
    }
    if (options.containsKey("seed")) {
      sample.setSeed(longInteger("seed"));
    }
    if (flag("first", false)) {
      if (sample.hasSeed()) {
        throw bad("seed= draws rows, first=true takes the first ones; give one of them");
      }
      sample.setFirstRows(true);
    }
    if (sample.hasSize()
        && sample.getSelectionCase() == EvaluationSample.SelectionCase.SELECTION_NOT_SET) {
      throw bad("size= needs seed=N (rows drawn at random) or first=true");
    }
    if (!sample.hasSize()
        && sample.getSelectionCase() != EvaluationSample.SelectionCase.SELECTION_NOT_SET) {
      throw bad("seed= and first= choose among rows; say how many with size=N");
    }
    LabelMapping mapping = mapping();
    if (mapping != null) {
      sample.setLabelMapping(mapping);
    }
    return sample.build();
  }

  private @Nullable LabelMapping mapping() {
    if (options.containsKey("mapping")) {
      return mappingOfTask();
    }
    if (!options.containsKey("map")) {
      if (options.containsKey("reduction")) {
        throw bad("reduction= belongs to map=");
      }
      return null;
    }
    LabelMapping.Builder mapping = LabelMapping.newBuilder();
    for (String entry : split(option("map", ""), '|')) {
      List<String> sides = split(entry, ':');
      if (sides.size() != 2) {
        throw bad("map= wants data:model+model entries separated by |, not '" + entry + "'");
      }
      LabelMappingEntry.Builder labels =
          LabelMappingEntry.newBuilder().setDataLabel(unescape(sides.get(0)));
      split(sides.get(1), '+').forEach(label -> labels.addModelLabels(unescape(label)));
      mapping.addEntries(labels);
    }
    if (options.containsKey("reduction")) {
      mapping.setReduction(reduction("reduction"));
    }
    return mapping.build();
  }

  /** The published mapping of a task whose models have other labels. */
  private LabelMapping mappingOfTask() {
    if (options.containsKey("map") || options.containsKey("reduction")) {
      throw bad("mapping= is short for map= with reduction=; give either");
    }
    LogitReduction wanted = reduction("mapping");
    List<NamedLabelMapping> published = isTask() ? tasks.mappingsOf(task()) : List.of();
    if (published.isEmpty()) {
      throw bad("mapping= is for tasks with labels other than the model's, such as hans; use map=");
    }
    return published.stream()
        .map(NamedLabelMapping::getMapping)
        .filter(mapping -> mapping.getReduction() == wanted)
        .findFirst()
        .orElseThrow(
            () -> bad("the server has no mapping of this task with this reduction; use map="));
  }

  private LogitReduction reduction(String key) {
    String reduction = plain(key, "");
    return switch (reduction) {
      case "max" -> LogitReduction.LOGIT_REDUCTION_MAX;
      case "sum" -> LogitReduction.LOGIT_REDUCTION_SUM;
      case "sum-logits" -> LogitReduction.LOGIT_REDUCTION_SUM_LOGITS;
      default ->
          throw bad(
              key
                  + " '"
                  + reduction
                  + "' is not max, sum (of probabilities) or sum-logits (as the papers' code)");
    };
  }

  /** Returns a score as {@code score=} names it. */
  static String scoreWord(Score score) {
    return switch (score) {
      case SCORE_F1 -> "f1";
      case SCORE_MATTHEWS_CORRELATION -> "mcc";
      case SCORE_MEAN_LOSS -> "loss";
      default -> "accuracy";
    };
  }

  private Score score(String score) {
    return switch (score) {
      case "accuracy" -> Score.SCORE_ACCURACY;
      case "f1" -> Score.SCORE_F1;
      case "mcc" -> Score.SCORE_MATTHEWS_CORRELATION;
      case "loss" -> Score.SCORE_MEAN_LOSS;
      default -> throw bad("score '" + score + "' is not accuracy, f1, mcc or loss");
    };
  }

  private String defaultName() {
    if (isTask()) {
      return taskName();
    }
    String path = unescape(source.substring(source.indexOf(':') + 1)).replaceFirst("^upload:", "");
    String last = path.substring(path.lastIndexOf('/') + 1);
    int dot = last.lastIndexOf('.');
    return source.startsWith("file:") && dot > 0 ? last.substring(0, dot) : last;
  }

  private void allow(Set<String> known) {
    for (String key : options.keySet()) {
      if (!known.contains(key)) {
        throw bad("'" + key + "' is not known here; known are " + new TreeSet<>(known));
      }
    }
  }

  private String option(String key, String otherwise) {
    return options.getOrDefault(key, otherwise);
  }

  private String plain(String key, String otherwise) {
    return options.containsKey(key) ? unescape(option(key, "")) : otherwise;
  }

  private List<String> list(String key) {
    String value = option(key, "");
    return value.isEmpty()
        ? List.of()
        : split(value, '|').stream().map(DataArgument::unescape).toList();
  }

  private boolean flag(String key, boolean otherwise) {
    String value = plain(key, String.valueOf(otherwise));
    if (!value.equals("true") && !value.equals("false")) {
      throw bad(key + "= is true or false, not '" + value + "'");
    }
    return value.equals("true");
  }

  private int integer(String key, int otherwise) {
    if (!options.containsKey(key)) {
      return otherwise;
    }
    long value = longInteger(key);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw bad(key + "=" + value + " is not between 0 and " + Integer.MAX_VALUE);
    }
    return (int) value;
  }

  private long longInteger(String key) {
    String value = plain(key, "");
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw bad(key + "= wants a whole number, not '" + value + "'");
    }
  }

  private CommandException bad(String problem) {
    return CommandException.badInput(problem + " (in '" + text + "')");
  }

  private static Set<String> union(Set<String> a, Set<String> b) {
    Set<String> union = new TreeSet<>(a);
    union.addAll(b);
    return union;
  }

  /** Splits at a separator that no backslash precedes; the parts stay escaped. */
  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        part.append(c).append(text.charAt(++i));
      } else if (c == separator) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  private static String unescape(String text) {
    return text.replaceAll("\\\\(.)", "$1");
  }
}
