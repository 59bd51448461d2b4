package dev.watershed.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UntrustedJsonTest {
  private static final Function<String, IllegalStateException> REFUSAL = IllegalStateException::new;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\": nul} | it is not JSON at line 1, column 7",
        "{\"a\": 1 | it is not JSON at line 1, column 8",
        "{'a': 1} | it is not JSON at line 1, column 2",
        "{\"a\": 1, \"a\": 2} | it has the duplicate name 'a' in one object at line 1, column 13",
        "{} [] | it holds more than one JSON document: another begins at line 1, column 4",
      })
  void bothForms_whatIsNoJson_isToldInOwnWordsWithThePlace(String text, String problem) {
    assertThatThrownBy(() -> UntrustedJson.tree(bytes(text), REFUSAL)).hasMessage(problem);
    assertThatThrownBy(() -> UntrustedJson.vocabulary(bytes(text), REFUSAL)).hasMessage(problem);
  }

  @Test
  void bothForms_tooDeepOrTooLongNumber_isRefused() {
    refused(UntrustedJson::tree, "[".repeat(65), "nested deeper than 64");
    refused(UntrustedJson::vocabulary, "[".repeat(65), "nested deeper than 64");
    refused(UntrustedJson::tree, "9".repeat(101), "a number of more than 100");
    refused(UntrustedJson::vocabulary, "9".repeat(101), "a number of more than 100");
  }

  @Test
  void vocabulary_longName_isReadWhereATreeRefusesIt() {
    String token = "x".repeat(501);
    String text = "{\"" + token + "\": 7}";
    refused(UntrustedJson::tree, text, "a name of more than 500 characters");
    assertThat(UntrustedJson.vocabulary(bytes(text), REFUSAL).path(token).asInt()).isEqualTo(7);
  }

  @Test
  void vocabulary_moreValuesThanTokensThereMayBe_isRefusedBeforeATreeIsMade() {
    refused(
        UntrustedJson::vocabulary,
        "[" + "1,".repeat(8 << 20) + "1]",
        "it has more than 8388608 names and values");
  }

  @Test
  void tree_byteOrderMark_isPassedOverAndOtherEncodingsAreRefused() {
    assertThat(UntrustedJson.tree(bytes("\uFEFF{\"a\": 1}"), REFUSAL).path("a").asInt())
        .isEqualTo(1);
    assertThatThrownBy(
            () -> UntrustedJson.tree("{\"é\": 1}".getBytes(StandardCharsets.ISO_8859_1), REFUSAL))
        .hasMessage("it is not text in UTF-8");
  }

  private static void refused(
      BiFunction<byte[], Function<String, IllegalStateException>, JsonNode> form,
      String text,
      String problem) {
    assertThatThrownBy(() -> form.apply(bytes(text), REFUSAL)).hasMessageContaining(problem);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
