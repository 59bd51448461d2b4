package dev.watershed.cli;

import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.Score;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * Data as it is named on the command line: {@code builtin:NAME}, {@code task:NAME}, {@code
 * task:NAME=PATH} or {@code file:PATH}, then options as {@link DataText} reads them.
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
      "data as for --train, and: name=, size= with seed= or first=true (default: all rows), skip= "
          + "(pass over so many of these first: samples of one seed that follow each other share no "
          + "row), "
          + "max_tokens=, map=data:model+model|data:model (labels by name), reduction=max|sum|"
          + "sum-logits (of logits the largest, of probabilities the sum, or of logits the sum as "
          + "the papers' code has it); for a task with labels other than the model's, such as HANS, "
          + "mapping=max|sum|sum-logits is short for its map= and reduction=; positive= (the label "
          + "that F1 is of; default: the model's second)";

  /** For the help of options that take a diagnostic. */
  static final String DIAGNOSTIC_SYNTAX =
      "a sample, and: score=accuracy|f1|mcc|loss (default: the task's, else accuracy), group=NAME"
          + " (diagnostics of one group form a vector per model), along=true (at all alphas of each"
          + " pair too)";

  private static final Set<String> SAMPLE_KEYS =
      Set.of(
          "name",
          "size",
          "skip",
          "seed",
          "first",
          "max_tokens",
          "map",
          "reduction",
          "mapping",
          "positive");
  private static final Set<String> DIAGNOSTIC_KEYS = Set.of("score", "group", "along");

  private final DataText text;
  private final SplitArgument split;
  private final MappingArgument mapping;
  private final TaskCatalogue tasks;

  private DataArgument(DataText text, Path workingDirectory, TaskCatalogue tasks) {
    this.text = text;
    this.split = new SplitArgument(text, workingDirectory);
    this.mapping = new MappingArgument(text, split, tasks);
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
    return new DataArgument(DataText.parse(text), workingDirectory, tasks);
  }

  /** Whether {@code name=} says what the sample is called. */
  boolean isNamed() {
    return text.has("name");
  }

  DatasetSplit split() {
    text.allow(SplitArgument.KEYS);
    return split.split();
  }

  EvaluationSample sample() {
    return sample(false);
  }

  /** A sample whose size is found while it is measured. */
  EvaluationSample growingSample() {
    return sample(true);
  }

  private EvaluationSample sample(boolean grows) {
    text.allow(union(SplitArgument.KEYS, SAMPLE_KEYS));
    return sampleFromOptions(grows);
  }

  Diagnostic diagnostic() {
    text.allow(union(union(SplitArgument.KEYS, SAMPLE_KEYS), DIAGNOSTIC_KEYS));
    Diagnostic.Builder diagnostic = Diagnostic.newBuilder().setSample(sampleFromOptions(false));
    diagnostic.setScore(
        text.has("score") || !split.isTask()
            ? score(text.plain("score", "accuracy"))
            : split.task(tasks).getScore());
    return diagnostic
        .setGroup(text.plain("group", ""))
        .setAlongCurves(text.flag("along", false))
        .build();
  }

  private EvaluationSample sampleFromOptions(boolean grows) {
    EvaluationSample.Builder sample =
        EvaluationSample.newBuilder()
            .setSplit(split.split())
            .setName(text.plain("name", split.defaultName()))
            .setPositiveLabel(text.plain("positive", ""));
    if (text.has("size")) {
      sample.setSize(text.integer("size"));
    }
    if (text.has("skip")) {
      sample.setSkip(text.integer("skip"));
    }
    if (text.has("max_tokens")) {
      sample.setMaxTokens(text.integer("max_tokens"));
    }
    if (text.has("seed")) {
      sample.setSeed(text.longInteger("seed"));
    }
    if (text.flag("first", false)) {
      if (sample.hasSeed()) {
        throw text.bad("seed= draws rows, first=true takes the first ones; give one of them");
      }
      sample.setFirstRows(true);
    }
    if (sample.hasSize()
        && sample.getSelectionCase() == EvaluationSample.SelectionCase.SELECTION_NOT_SET) {
      throw text.bad("size= needs seed=N (rows drawn at random) or first=true");
    }
    if (!grows
        && !sample.hasSize()
        && sample.getSelectionCase() != EvaluationSample.SelectionCase.SELECTION_NOT_SET) {
      throw text.bad("seed= and first= choose among rows; say how many with size=N");
    }
    if (sample.getSkip() > 0 && !sample.hasSize()) {
      throw text.bad("skip= passes over rows; say how many to take then with size=N");
    }
    LabelMapping labels = mapping.mapping();
    if (labels != null) {
      sample.setLabelMapping(labels);
    }
    return sample.build();
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
      default -> throw text.bad("score '" + score + "' is not accuracy, f1, mcc or loss");
    };
  }

  private static Set<String> union(Set<String> a, Set<String> b) {
    Set<String> union = new TreeSet<>(a);
    union.addAll(b);
    return union;
  }
}
