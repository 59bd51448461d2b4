package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.classifier.SharedFiles;
import dev.watershed.input.InvalidInputException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every real file through the catalogue, with the counts that its publishers tell. */
@Tag(SharedFiles.TAG)
class SharedTasksTest {
  @ParameterizedTest
  @CsvSource({
    "mnli/validation-matched, mnli/mnli_matched_dev_from_hans_repo.tsv, 3479, 3123, 3213",
    "mnli/train, glue_fixtures/mt-dnn/MNLI, 0, 1, 0",
    "mnli/validation-matched, glue_fixtures/mt-dnn/MNLI, 0, 1, 0",
    "mnli/validation-mismatched, glue_fixtures/mt-dnn/MNLI, 0, 0, 1",
    "mnli/train, glue_fixtures/jiant, 3, 2, 0",
    "mnli/validation-matched, glue_fixtures/jiant, 1, 1, 3",
    "mnli/train, glue_fixtures/allennlp-models/snli.jsonl, 1, 1, 1",
    "cola/train, cola, 2528, 6023, -",
    "cola/in-domain-dev, cola, 162, 365, -",
    "cola/out-of-domain-dev, cola, 162, 354, -",
    "cola/train, glue_fixtures/mt-dnn/CoLA, 0, 2, -",
    "cola/in-domain-dev, glue_fixtures/mt-dnn/CoLA, 0, 2, -",
    "qqp/train, glue_fixtures/mt-dnn/QQP, 1, 0, -",
    "qqp/validation, glue_fixtures/mt-dnn/QQP, 1, 0, -",
    "qqp/train, glue_fixtures/allennlp-models/quora_paraphrase.tsv, 1, 2, -",
    "paws-qqp/dev-and-test, paws, 486, 191, -",
    "paws-qqp/train, paws, 8212, 3776, -",
    "hans, hans/regenerated/hans_like_eval_30000.tsv, 15000, 15000, -",
    "hans/lexical-overlap, hans/regenerated/hans_like_eval_30000.tsv, 5000, 5000, -",
    "hans/subsequence, hans/regenerated/hans_like_eval_30000.tsv, 5000, 5000, -",
    "hans/constituent, hans/regenerated/hans_like_eval_30000.tsv, 5000, 5000, -",
    "hans/lexical-overlap/non-entailment, hans/regenerated/hans_like_eval_30000.tsv, 0, 5000, -",
    "hans/constituent/entailment, hans/regenerated/hans_like_eval_30000.tsv, 5000, 0, -",
  })
  void load_realFile_hasItsRowsOfEachLabel(
      String name, String file, int first, int second, String third) {
    Dataset dataset = load(name, file);
    assertThat(dataset.labels()).isEqualTo(Tasks.named(name).labels());
    assertThat(count(dataset, 0)).isEqualTo(first);
    assertThat(count(dataset, 1)).isEqualTo(second);
    if (!third.equals("-")) {
      assertThat(count(dataset, 2)).isEqualTo(Integer.parseInt(third));
    }
    assertThat(dataset.notices()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "cola/train, glue_fixtures/mt-dnn/CoLA/test.tsv",
    "qqp/validation, glue_fixtures/mt-dnn/QQP/test.tsv",
    "mnli/validation-matched, glue_fixtures/mt-dnn/MNLI/test_matched.tsv",
    "mnli/validation-mismatched, glue_fixtures/mt-dnn/MNLI/test_mismatched.tsv",
    "mnli/validation-matched, glue_fixtures/jiant/mnli_test.jsonl",
    "mnli/train, hans/mnli_contradicting_examples.tsv",
    "hans, hans/bert_preds.txt",
  })
  void load_realFileWithoutLabelsOrTexts_isRefused(String name, String file) {
    // Outside the assertion, which would take a skip for the wrong exception.
    Path path = SharedFiles.require("data/" + file);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> load(name, path))
        .satisfies(e -> assertThat(e.reason()).isEqualTo("TASK_LAYOUT_UNKNOWN"));
  }

  @Test
  void load_withoutAPath_findsWhatLiesBelowTheRoot() {
    Path root = SharedFiles.require("data");
    for (String name : List.of("cola/train", "paws-qqp/dev-and-test")) {
      SharedFiles.require("data/" + (name.startsWith("cola") ? "cola" : "paws"));
      Datasets datasets = new Datasets(new DataRoots(List.of(root)));
      assertThat(datasets.load(new Split(new TaskSplit(name, ""), List.of())).rows())
          .hasSize(name.startsWith("cola") ? 8551 : 677);
    }
  }

  @Test
  void load_asTaskAndAsFile_isTheSame() {
    String file = "mnli/mnli_matched_dev_from_hans_repo.tsv";
    Path path = SharedFiles.require("data/" + file);
    FileSplit said =
        new FileSplit(
            path.toString(),
            FileFormat.TSV,
            "premise",
            "hypothesis",
            "gold_label",
            List.of("entailment", "neutral", "contradiction"),
            true);
    Datasets datasets = new Datasets(new DataRoots(List.of(SharedFiles.require("data"))));
    assertThat(datasets.load(new Split(said, List.of())))
        .isEqualTo(load("mnli/validation-matched", file));
  }

  @Test
  void load_heuristics_areThoseOfTheColumn() {
    String file = "hans/regenerated/hans_like_eval_30000.tsv";
    List<Row> all = load("hans", file).rows();
    List<Row> parts =
        List.of("lexical-overlap", "subsequence", "constituent").stream()
            .flatMap(heuristic -> load("hans/" + heuristic, file).rows().stream())
            .toList();
    assertThat(parts).containsExactlyInAnyOrderElementsOf(all);
  }

  private static long count(Dataset dataset, int label) {
    return dataset.rows().stream().filter(row -> row.label() == label).count();
  }

  private static Dataset load(String name, String file) {
    return load(name, SharedFiles.require("data/" + file));
  }

  private static Dataset load(String name, Path path) {
    Datasets datasets = new Datasets(new DataRoots(List.of(SharedFiles.require("data"))));
    return datasets.load(new Split(new TaskSplit(name, path.toString()), List.of()));
  }
}
