package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.SharedFiles;
import dev.watershed.classifier.data.Row.TextRow;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The formats that data sets of the field come in, on real files of them. */
@Tag(SharedFiles.TAG)
class SharedDataTest {
  private static final List<String> MNLI = List.of("contradiction", "entailment", "neutral");

  @Test
  void load_cola_hasItsRowsAndLabels() {
    List<String> names = List.of("unacceptable", "acceptable");
    for (String[] file :
        new String[][] {
          {"in_domain_train.tsv", "8551"},
          {"in_domain_dev.tsv", "527"},
          {"out_of_domain_dev.tsv", "516"}
        }) {
      Dataset dataset = load("data/cola/" + file[0], FileFormat.TSV, "3", "", "1", names, false);
      assertThat(dataset.rows()).hasSize(Integer.parseInt(file[1]));
      assertThat(dataset.labels()).isEqualTo(names);
    }
    TextRow first =
        (TextRow)
            load("data/cola/in_domain_dev.tsv", FileFormat.TSV, "3", "", "1", names, false)
                .rows()
                .get(0);
    assertThat(first)
        .isEqualTo(new TextRow("The sailors rode the breeze clear of the rocks.", null, 1));
  }

  @Test
  void load_paws_hasItsPairs() {
    Dataset dataset =
        load(
            "data/paws/paws_qqp_dev_and_test.tsv",
            FileFormat.TSV,
            "sentence1",
            "sentence2",
            "label",
            List.of("not_duplicate", "duplicate"),
            true);
    assertThat(dataset.rows()).hasSize(677);
    assertThat(dataset.rows().stream().filter(row -> row.label() == 1)).hasSize(191);
  }

  @Test
  void load_mnli_hasItsPairs() {
    Dataset dataset =
        load(
            "data/mnli/mnli_matched_dev_from_hans_repo.tsv",
            FileFormat.TSV,
            "premise",
            "hypothesis",
            "gold_label",
            List.of(),
            true);
    assertThat(dataset.labels()).isEqualTo(MNLI);
    assertThat(dataset.rows()).hasSize(9815);
    assertThat(dataset.rows().stream().filter(row -> row.label() == 1)).hasSize(3479);
  }

  @Test
  void load_hansColumns_haveTwoLabels() {
    Dataset dataset =
        load(
            "data/hans/regenerated/hans_like_eval_30000.tsv",
            FileFormat.TSV,
            "sentence1",
            "sentence2",
            "gold_label",
            List.of(),
            true);
    assertThat(dataset.rows()).hasSize(30_000);
    assertThat(dataset.labels()).containsExactly("entailment", "non-entailment");
  }

  @Test
  void load_glueAndJsonLayouts_areRead() {
    String glue = "data/glue_fixtures/mt-dnn/";
    assertThat(
            load(
                    glue + "MNLI/train.tsv",
                    FileFormat.TSV,
                    "sentence1",
                    "sentence2",
                    "gold_label",
                    List.of(),
                    true)
                .rows())
        .isNotEmpty();
    assertThat(
            load(
                    glue + "QQP/dev.tsv",
                    FileFormat.TSV,
                    "question1",
                    "question2",
                    "is_duplicate",
                    List.of("not_duplicate", "duplicate"),
                    true)
                .rows())
        .isNotEmpty();
    assertThat(
            load(
                    "data/glue_fixtures/jiant/mnli_val.jsonl",
                    FileFormat.JSON_LINES,
                    "premise",
                    "hypothesis",
                    "label",
                    MNLI,
                    false)
                .rows())
        .isNotEmpty();
    assertThat(
            load(
                    "data/glue_fixtures/allennlp-models/snli.jsonl",
                    FileFormat.JSON_LINES,
                    "sentence1",
                    "sentence2",
                    "gold_label",
                    MNLI,
                    false)
                .rows())
        .hasSize(3);
  }

  private static Dataset load(
      String file,
      FileFormat format,
      String text,
      String pair,
      String label,
      List<String> names,
      boolean header) {
    Path path = SharedFiles.require(file);
    Datasets datasets = new Datasets(new DataRoots(List.of(SharedFiles.require("data"))));
    FileSplit split = new FileSplit(path.toString(), format, text, pair, label, names, header);
    return datasets.load(new Split(split, List.of()));
  }
}
