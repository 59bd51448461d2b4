package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FieldWordsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "spec.recipe.based_on | --recipe",
        "spec.recipe.learning_rate | --lr",
        "spec.recipe.batch_size | --batch-size",
        "spec.recipe.adamw.weight_decay | --weight-decay",
        "spec.recipe.linear_probe.learning_rate | --probe-lr",
        "spec.initial_checkpoint | --initial",
        "spec.random.layer_count | --layers",
        "spec.checkpoints.at_steps[2] | --checkpoint-at",
        "spec.classification.labels | --labels",
        "spec.classification.train.file.label_column | label= of --train",
        "spec.masked_language_model.train.task.uri | the path of --train",
        "samples[0].split.file.text_column | text= of --sample",
        "samples[1].split.file.uri | the path of --sample no. 2",
        "samples[1].name | name= of --sample no. 2",
        "samples[0].label_mapping.entries[1].data_label | map= of --sample",
        "spec.in_domain.split.only_labels[0] | only= of --in-domain",
        "spec.diagnostics[2].sample.size | size= of --diagnostic no. 3",
        "spec.diagnostics[0].score | score= of --diagnostic",
        "spec.models[3].checkpoint | CHECKPOINT no. 4",
        "model_b | the second CHECKPOINT",
        "alphas[2] | --alphas",
        "spec.adaptive.tolerance_nats | --tolerance",
        "spec.in_domain_growth.most_example_count | --max-examples",
        "spec.in_domain.skip | skip= of --in-domain",
        "checkpoint_id | ID",
        "split.file.text_column | text= of DATA",
        "split.task.uri | the path of DATA",
      })
  void of_field_isWhatWasTyped(String field, String typed) {
    assertThat(FieldWords.of(field)).isEqualTo(typed);
  }

  @Test
  void inText_severalFields_areAllSaid() {
    assertThat(
            FieldWords.inText(
                "samples[0].split.file.text_column: there is no column 'x_y'; give a seed, or"
                    + " first_rows = true"))
        .isEqualTo("text= of --sample: there is no column 'x_y'; give a seed, or first= = true");
  }

  @Test
  void inText_whatIsTypedAlready_staysAsItIs() {
    assertThat(FieldWords.inText("label_names= of --sample: say in label_names= what 0, 1 mean"))
        .isEqualTo("label_names= of --sample: say in label_names= what 0, 1 mean");
  }

  @Test
  void inText_labelMapping_isTheOptionThatTheCommandHas() {
    assertThat(FieldWords.inText("spec.classification.train: say in label_mapping which is which"))
        .isEqualTo("--train: say in --labels which is which");
    assertThat(FieldWords.inText("samples[0]: say in label_mapping which is which"))
        .isEqualTo("--sample: say in map= which is which");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json has hidden_size 5, which is no multiple",
        "there is no file 'models.tsv'",
        "recipe.json, models.tsv and train.tsv are files",
        "raise watershed.eval.memory",
        "trainingRuns/abc_def at 0.5",
        "the column 'text_column' is not there",
      })
  void inText_noField_staysAsItIs(String text) {
    assertThat(FieldWords.inText(text)).isEqualTo(text);
  }
}
