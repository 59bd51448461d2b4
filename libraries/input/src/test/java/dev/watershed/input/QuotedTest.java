package dev.watershed.input;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class QuotedTest {
  @Test
  void of_plainText_isTheText() {
    assertThat(Quoted.of("dafür \uD83D\uDE00 'x'")).isEqualTo("dafür \uD83D\uDE00 'x'");
  }

  @Test
  void of_controlAndDirection_isEscaped() {
    assertThat(Quoted.of("a\nb\u001b[31m\u202Ec\uD800"))
        .isEqualTo("a\\u000ab\\u001b[31m\\u202ec\\ud800");
  }

  @Test
  void of_longText_saysHowLongItIs() {
    assertThat(Quoted.of("x".repeat(2600))).isEqualTo("x".repeat(200) + "... (2600 characters)");
    assertThat(Quoted.of("x".repeat(200))).isEqualTo("x".repeat(200));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\tb", "\u202E", "caf\uFFFD", "\uDC00", "zero\u200Bwidth", "\uFEFFx"})
  void isPlain_invisibleOrReplaced_isFalse(String text) {
    assertThat(Quoted.isPlain(text)).isFalse();
  }

  @Test
  void isPlain_anyScript_isTrue() {
    assertThat(Quoted.isPlain("Étude 模型 नमस्ते \uD83D\uDE00")).isTrue();
  }

  @Test
  void whole_longText_isNotCutAndEscapedAlike() {
    assertThat(Quoted.whole("x".repeat(2600) + "\u202E")).isEqualTo("x".repeat(2600) + "\\u202e");
  }

  @Test
  void isPlain_everyCharacterThereIs_isWhatIsNotEscaped() {
    for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
      String text = Character.toString(character);
      boolean joiner = character == 0x200C || character == 0x200D;
      assertThat(Quoted.isPlain(text))
          .as("U+%X", character)
          .isEqualTo(Quoted.of(text).equals(text) || joiner);
    }
  }
}
