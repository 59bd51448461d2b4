package dev.watershed.classifier.data;

import static java.util.stream.Collectors.joining;

import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The tasks known by name: MNLI (Williams et al. 2018), Quora Question Pairs and CoLA (Warstadt et
 * al. 2019) as GLUE (Wang et al. 2019) has them, and the diagnostics HANS (McCoy et al. 2019) and
 * PAWS-QQP (Zhang et al. 2019).
 */
public final class Tasks {
  private static final List<String> ENTAILMENT = List.of("entailment", "neutral", "contradiction");
  private static final List<String> DUPLICATE = List.of("not_duplicate", "duplicate");
  private static final List<String> ACCEPTABLE = List.of("unacceptable", "acceptable");
  private static final List<String> HANS = List.of("entailment", "non-entailment");

  /** HANS's own reading of a three-way prediction. */
  static final Map<String, List<String>> HANS_OF_MNLI =
      Map.of(
          "entailment",
          List.of("entailment"),
          "non-entailment",
          List.of("neutral", "contradiction"));

  /** Values of HANS's column "heuristic". */
  private static final List<String> HEURISTICS =
      List.of("lexical_overlap", "subsequence", "constituent");

  /** GLUE's one development set holds both; the first column says which source a sentence is of. */
  private static final List<String> COLA_IN_DOMAIN =
      List.of(
          "ad03", "b_73", "b_82", "bc01", "c_13", "cj99", "d_98", "g_81", "gj04", "kl93", "ks08",
          "l-93", "m_02", "r-67", "rhl07", "sgww85", "sks13");

  private static final List<String> COLA_OUT_OF_DOMAIN =
      List.of("c-05", "clc95", "j_71", "s_97", "swb04", "w_80");

  private static final List<TaskLayout> MNLI_LAYOUTS =
      List.of(
          TaskLayout.named("sentence1", "sentence2", "gold_label", "", false),
          TaskLayout.named("premise", "hypothesis", "gold_label", "", false),
          TaskLayout.named("premise", "hypothesis", "label", "", false));

  private static final List<TaskLayout> QQP_LAYOUTS =
      List.of(
          TaskLayout.named("question1", "question2", "is_duplicate", "", true),
          TaskLayout.named("question1", "question2", "label", "", true),
          TaskLayout.headerless(4, "1", "2", "0", ""));

  private static final List<TaskLayout> COLA_LAYOUTS =
      List.of(
          TaskLayout.headerless(4, "3", "", "1", "0"),
          TaskLayout.named("sentence", "", "label", "source", true));

  private static final List<TaskLayout> HANS_LAYOUTS =
      List.of(
          TaskLayout.named("sentence1", "sentence2", "gold_label", "heuristic", false),
          TaskLayout.named("premise", "hypothesis", "label", "heuristic", false));

  private static final List<TaskLayout> PAWS_LAYOUTS =
      List.of(TaskLayout.named("sentence1", "sentence2", "label", "", true));

  private static final Map<String, Task> BY_NAME =
      catalogue().stream()
          .collect(
              Collectors.toMap(Task::name, Function.identity(), (a, b) -> a, LinkedHashMap::new));

  private static final String VERSION = versionOf(all());

  private Tasks() {}

  /** Returns all tasks, those of one data set side by side. */
  public static List<Task> all() {
    return List.copyOf(BY_NAME.values());
  }

  /** Names what {@link #all} returns: another where anything in it is another. */
  public static String version() {
    return VERSION;
  }

  static String versionOf(List<Task> tasks) {
    StringBuilder said = new StringBuilder();
    for (Task task : tasks) {
      said.append(List.of(task.name(), task.labels(), task.score(), task.directories()))
          .append(List.of(task.files(), task.ownFiles(), task.groups(), task.onlyLabels()));
      for (TaskLayout layout : task.layouts()) {
        said.append(List.of(layout.text(), layout.pair(), layout.label(), layout.group()))
            .append(List.of(layout.width(), layout.numbered()));
      }
      said.append(new TreeMap<>(task.modelLabels())).append('\n');
    }
    return Digest.of(said.toString().getBytes(StandardCharsets.UTF_8)).sha256().substring(0, 12);
  }

  /**
   * Returns the task of a name.
   *
   * @throws InvalidInputException TASK_UNKNOWN of kind NOT_FOUND, with the names that there are
   */
  public static Task named(String name) {
    Task task = BY_NAME.get(name);
    if (task == null) {
      throw new InvalidInputException(
          Kind.NOT_FOUND,
          "TASK_UNKNOWN",
          "name",
          "there is no task '%s'; there are %s"
              .formatted(name, BY_NAME.keySet().stream().collect(joining(", "))));
    }
    return task;
  }

  private static List<Task> catalogue() {
    List<Task> tasks = new ArrayList<>();
    tasks.add(mnli("train", "train", "train", "mnli_train.jsonl"));
    tasks.add(mnli("validation-matched", "dev_matched", "validation_matched", "mnli_val.jsonl"));
    tasks.add(mnli("validation-mismatched", "dev_mismatched", "validation_mismatched", ""));
    tasks.add(qqp("train", "train", "train", "qqp_train.jsonl"));
    tasks.add(qqp("validation", "dev", "validation", "qqp_val.jsonl"));
    List<String> train = List.of("train.tsv", "train-*.parquet", "train/0000.parquet");
    tasks.add(cola("train", train, "in_domain_train.tsv", List.of()));
    tasks.add(cola("in-domain-dev", List.of("dev.tsv"), "in_domain_dev.tsv", COLA_IN_DOMAIN));
    tasks.add(
        cola("out-of-domain-dev", List.of("dev.tsv"), "out_of_domain_dev.tsv", COLA_OUT_OF_DOMAIN));
    tasks.add(hans("hans", List.of(), List.of()));
    for (String heuristic : HEURISTICS) {
      String name = "hans/" + heuristic.replace('_', '-');
      tasks.add(hans(name, List.of(heuristic), List.of()));
      for (String label : HANS) {
        tasks.add(hans(name + "/" + label, List.of(heuristic), List.of(label)));
      }
    }
    tasks.add(paws("train", List.of("train.tsv"), List.of("paws_qqp_train.tsv")));
    tasks.add(
        paws("dev-and-test", List.of(), List.of("dev_and_test.tsv", "paws_qqp_dev_and_test.tsv")));
    return tasks;
  }

  private static Task mnli(String split, String glue, String huggingFace, String jiant) {
    List<String> own = new ArrayList<>();
    own.add("multinli_1.0_" + glue + ".jsonl");
    own.add("multinli_1.0_" + glue + ".txt");
    if (!jiant.isEmpty()) {
      own.add(jiant);
    }
    return new Task(
        "mnli/" + split,
        ENTAILMENT,
        Task.Score.ACCURACY,
        List.of("MNLI", "mnli", "glue/mnli", "glue_data/MNLI", "multinli_1.0"),
        List.of(glue + ".tsv", huggingFace + "-*.parquet", huggingFace + "/0000.parquet"),
        own,
        MNLI_LAYOUTS,
        List.of(),
        List.of(),
        Map.of());
  }

  private static Task qqp(String split, String glue, String huggingFace, String jiant) {
    return new Task(
        "qqp/" + split,
        DUPLICATE,
        Task.Score.F1,
        List.of("QQP", "qqp", "glue/qqp", "glue_data/QQP"),
        List.of(glue + ".tsv", huggingFace + "-*.parquet", huggingFace + "/0000.parquet"),
        List.of(jiant),
        QQP_LAYOUTS,
        List.of(),
        List.of(),
        Map.of());
  }

  private static Task cola(String split, List<String> files, String own, List<String> sources) {
    return new Task(
        "cola/" + split,
        ACCEPTABLE,
        Task.Score.MATTHEWS_CORRELATION,
        List.of("cola_public/raw", "CoLA", "cola", "glue/cola", "glue_data/CoLA"),
        files,
        List.of(own),
        COLA_LAYOUTS,
        sources,
        List.of(),
        Map.of());
  }

  private static Task hans(String name, List<String> heuristics, List<String> onlyLabels) {
    return new Task(
        name,
        HANS,
        Task.Score.ACCURACY,
        List.of("hans", "HANS", "hans/plain_text"),
        List.of("validation-*.parquet", "validation/0000.parquet"),
        List.of("heuristics_evaluation_set.txt", "heuristics_evaluation_set.jsonl"),
        HANS_LAYOUTS,
        heuristics,
        onlyLabels,
        HANS_OF_MNLI);
  }

  private static Task paws(String split, List<String> files, List<String> own) {
    return new Task(
        "paws-qqp/" + split,
        DUPLICATE,
        Task.Score.F1,
        List.of("paws_qqp/output", "paws_qqp", "paws-qqp", "paws_final", "paws"),
        files,
        own,
        PAWS_LAYOUTS,
        List.of(),
        List.of(),
        Map.of());
  }
}
