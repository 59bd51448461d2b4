package dev.watershed.standalone.command;

import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.Score;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Data as it is named on the command line: {@code builtin:NAME} or {@code file:PATH}, then options
 * {@code ,key=value}. A list is separated by {@code |}; a backslash makes the next character plain.
 *
 * <pre>
 * builtin:miniature/validation,size=512,seed=1
 * file:cola/dev.tsv,format=tsv,text=3,label=1,label_names=unacceptable|acceptable,score=mcc
 * file:hans.tsv,text=sentence1,pair=sentence2,label=gold_label,reduction=max,
 *     map=entailment:entailment|non-entailment:neutral+contradiction
 * </pre>
 */
final class DataArgument {
  /** For the help of options that take one. */
  static final String SPLIT_SYNTAX =
      "builtin:NAME or file:PATH, then ,key=value options: format=tsv|csv|jsonl (default: by the "
          + "file's extension), text=, pair=, label= (a column's name, or its number from 0 where "
          + "there is no header), header=true|false, label_names=a|b (names of the values 0, 1), "
          + "only=a|b (keep only these labels)";

  /** For the help of options that take a sample. */
  static final String SAMPLE_SYNTAX =
      "data as for --train, and: name=, size= with seed= or first=true (default: all rows), "
          + "max_tokens=, map=data:model+model|data:model (labels by name), reduction=max|sum";

  /** For the help of options that take a diagnostic. */
  static final String DIAGNOSTIC_SYNTAX =
      "a sample, and: score=accuracy|f1|mcc|loss, group=NAME (diagnostics of one group form a "
          + "vector per model)";

  private static final Set<String> SPLIT_KEYS =
      Set.of("format", "text", "pair", "label", "header", "label_names", "only");
  private static final Set<String> SAMPLE_KEYS =
      Set.of("name", "size", "seed", "first", "max_tokens", "map", "reduction");
  private static final Set<String> DIAGNOSTIC_KEYS = Set.of("score", "group");

  private final String text;
  private final String source;
  private final Map<String, String> options;
  private final Path workingDirectory;

  private DataArgument(
      String text, String source, Map<String, String> options, Path workingDirectory) {
    this.text = text;
    this.source = source;
    this.options = options;
    this.workingDirectory = workingDirectory;
  }

  /**
   * Parses an argument.
   *
   * @param workingDirectory a relative path that exists below it is sent as an absolute one; others
   *     are left to the server, which starts from its first data root
   * @throws CommandException naming what is wrong
   */
  static DataArgument parse(String text, Path workingDirectory) {
    List<String> parts = split(text, ',');
    Map<String, String> options = new LinkedHashMap<>();
    for (String part : parts.subList(1, parts.size())) {
      List<String> pair = split(part, '=');
      if (pair.size() < 2 || pair.get(0).isBlank()) {
        throw CommandException.badInput("'" + part + "' in '" + text + "' is not key=value");
      }
      String value = part.substring(part.indexOf('=') + 1);
      if (options.put(pair.get(0).strip(), value) != null) {
        throw CommandException.badInput("'" + pair.get(0) + "' is given twice in '" + text + "'");
      }
    }
    return new DataArgument(text, parts.get(0), options, workingDirectory);
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
    diagnostic.setScore(score(plain("score", "accuracy")));
    return diagnostic.setGroup(plain("group", "")).build();
  }

  private DatasetSplit splitFromOptions() {
    DatasetSplit.Builder split = DatasetSplit.newBuilder().addAllOnlyLabels(list("only"));
    if (source.startsWith("builtin:")) {
      for (String key : options.keySet()) {
        if (SPLIT_KEYS.contains(key) && !key.equals("only")) {
          throw bad("a built-in split takes no '" + key + "'");
        }
      }
      return split.setBuiltin(unescape(source.substring("builtin:".length()))).build();
    }
    if (source.startsWith("file:")) {
      return split.setFile(file(unescape(source.substring("file:".length())))).build();
    }
    throw bad("data begins with builtin: or file:");
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
      throw bad("file: needs a path");
    }
    if (path.startsWith("/") || path.startsWith("file:")) {
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
      default ->
          throw bad("the format '" + format + "' is not known; say format=tsv, csv or jsonl");
    };
  }

  private EvaluationSample sampleFromOptions() {
    EvaluationSample.Builder sample =
        EvaluationSample.newBuilder()
            .setSplit(splitFromOptions())
            .setName(plain("name", defaultName()))
            .setSize(integer("size", 0))
            .setMaxTokens(integer("max_tokens", 0));
    if (options.containsKey("seed")) {
      sample.setSeed(longInteger("seed"));
    }
    if (flag("first", false)) {
      if (sample.hasSeed()) {
        throw bad("seed= draws rows, first=true takes the first ones; give one of them");
      }
      sample.setFirstRows(true);
    }
    if (sample.getSize() > 0
        && sample.getSelectionCase() == EvaluationSample.SelectionCase.SELECTION_NOT_SET) {
      throw bad("size= needs seed=N (rows drawn at random) or first=true");
    }
    if (sample.getSize() == 0
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
    String reduction = plain("reduction", "");
    return switch (reduction) {
      case "" -> mapping.build();
      case "max" -> mapping.setReduction(LogitReduction.LOGIT_REDUCTION_MAX).build();
      case "sum" -> mapping.setReduction(LogitReduction.LOGIT_REDUCTION_SUM).build();
      default -> throw bad("reduction '" + reduction + "' is neither max nor sum");
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
    String path = unescape(source.substring(source.indexOf(':') + 1));
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
