package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import dev.watershed.type.v1.EvaluationSample;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class SampleTextTest {
  private static Stream<Arguments> samples() {
    return Stream.of(
        Arguments.of(
            "split { builtin: 'miniature/validation' } size: 64 seed: 7",
            "s: builtin:miniature/validation, 64 rows drawn by seed 7"),
        Arguments.of(
            "split { builtin: 'miniature/validation' } size: 64 seed: 7 skip: 512",
            "s: builtin:miniature/validation, 64 rows drawn by seed 7 after 512"),
        Arguments.of(
            "split { builtin: 'miniature/validation' } size: 64 first_rows: true",
            "s: builtin:miniature/validation, 64 rows, the first"),
        Arguments.of(
            "split { file { uri: 'a/dev.tsv' format: FILE_FORMAT_TSV text_column: '3'"
                + " text_pair_column: '4' label_column: '1' label_names: ['no', 'yes'] } }",
            "s: file a/dev.tsv (TSV), text column 3, pair column 4, label column 1,"
                + " labels 0 = no | 1 = yes, all rows"),
        Arguments.of(
            "split { file { uri: 'a.csv' format: FILE_FORMAT_CSV has_header: true } }",
            "s: file a.csv (CSV, header), all rows"),
        Arguments.of(
            "split { task { name: 'hans/lexical-overlap' uri: 'data/hans' } }",
            "s: task:hans/lexical-overlap in data/hans, all rows"),
        Arguments.of("split { task { name: 'qqp/train' } }", "s: task:qqp/train, all rows"),
        Arguments.of(
            "split { task { name: 'mnli/train' } only_labels: ['neutral', 'contradiction']"
                + " filters { column: 'genre' values: ['fiction', 'travel'] }"
                + " filters { column: 'x' values: '1' }"
                + " subset { seed: 42 from_fraction: 0 to_fraction: .08 } }",
            "s: task:mnli/train, only the labels neutral | contradiction, filter genre = fiction |"
                + " travel, filter x = 1, subset 0.0 to 0.08 of the order drawn by seed 42,"
                + " all rows"),
        Arguments.of(
            "split { task { name: 'hans' } } max_tokens: 96 label_mapping {"
                + " entries { data_label: 'entailment' model_labels: 'entailment' }"
                + " entries { data_label: 'non-entailment'"
                + " model_labels: ['neutral', 'contradiction'] } reduction: LOGIT_REDUCTION_MAX }",
            "s: task:hans, all rows, label mapping entailment = entailment | non-entailment ="
                + " neutral + contradiction by the largest logit, at most 96 tokens"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("samples")
  void of_everyKindOfSplit_saysWhichRowsTheyAre(String sample, String text) throws Exception {
    assertThat(SampleText.of(parse("name: 's' " + sample))).isEqualTo(text);
  }

  /** So that a field that is added to the contract is not forgotten here. */
  @Test
  void of_anyFieldChanged_saysSomethingElse() throws Exception {
    String rest =
        " only_labels: 'l' filters { column: 'c' values: 'v' }"
            + " subset { seed: 1 from_fraction: .5 to_fraction: .75 } } size: 9 max_tokens: 9"
            + " label_mapping { entries { data_label: 'd' model_labels: 'm' }"
            + " reduction: LOGIT_REDUCTION_MAX }";
    for (String source :
        new String[] {
          "builtin: 'b'",
          "task { name: 't' uri: 'u' }",
          "file { uri: 'u' format: FILE_FORMAT_CSV text_column: 't' text_pair_column: 'p'"
              + " label_column: 'l' label_names: 'n' has_header: true }"
        }) {
      for (String selection : new String[] {"seed: 3", "first_rows: true"}) {
        assertEveryFieldTells(parse("name: 's' split { " + source + rest + " " + selection));
      }
    }
  }

  @Test
  void of_textThatATerminalObeys_isOneHarmlessLine() {
    String text =
        SampleText.of(EvaluationSample.newBuilder().setName("a\u001b[2J\nb\u202ec").build());

    assertThat(text).startsWith("a\uFFFD[2J\uFFFDb\uFFFDc: ");
  }

  private static EvaluationSample parse(String text) throws TextFormat.ParseException {
    return TextFormat.parse(text, EvaluationSample.class);
  }

  private static void assertEveryFieldTells(EvaluationSample sample) {
    String text = SampleText.of(sample);
    changed(sample)
        .forEach(
            other ->
                assertThat(SampleText.of((EvaluationSample) other))
                    .as("%s", other)
                    .isNotEqualTo(text));
  }

  /** The message with one field changed, at any depth; for every such field. */
  private static Stream<Message> changed(Message message) {
    return message.getDescriptorForType().getFields().stream()
        .filter(field -> !isOtherChoice(message, field))
        .flatMap(field -> changed(message, field));
  }

  private static boolean isOtherChoice(Message message, FieldDescriptor field) {
    var choice = field.getRealContainingOneof();
    return choice != null && !field.equals(message.getOneofFieldDescriptor(choice));
  }

  private static Stream<Message> changed(Message message, FieldDescriptor field) {
    if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      Message inner =
          (Message)
              (field.isRepeated() ? message.getRepeatedField(field, 0) : message.getField(field));
      return changed(inner)
          .map(
              other ->
                  field.isRepeated()
                      ? message.toBuilder().setRepeatedField(field, 0, other).build()
                      : message.toBuilder().setField(field, other).build());
    }
    if (field.isRepeated()) {
      return Stream.of(message.toBuilder().addRepeatedField(field, "other").build());
    }
    Object value = message.getField(field);
    return Stream.of(
        switch (field.getJavaType()) {
          case STRING -> message.toBuilder().setField(field, value + "other").build();
          case INT -> message.toBuilder().setField(field, (int) value + 1).build();
          case LONG -> message.toBuilder().setField(field, (long) value + 1).build();
          case DOUBLE -> message.toBuilder().setField(field, (double) value / 2).build();
          case ENUM -> message.toBuilder().setField(field, otherValue(field, value)).build();
          default -> message.toBuilder().clearField(field).build();
        });
  }

  private static Object otherValue(FieldDescriptor field, Object value) {
    return field.getEnumType().getValues().stream()
        .filter(other -> !other.equals(value) && other.getNumber() > 0)
        .findFirst()
        .orElseThrow();
  }
}
