package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.Quoted;
import org.junit.jupiter.api.Test;

class PlainTextTest {
  @Test
  void of_everyCharacterThereIs_isWhatTheClassifierQuotes() {
    for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
      String text = Character.toString(character);
      String plain = PlainText.of(text);
      assertThat(plain.equals(Quoted.of(text))).as("U+%X", character).isTrue();
      boolean joiner = character == 0x200C || character == 0x200D;
      assertThat(Quoted.isPlain(text)).isEqualTo(plain.equals(text) || joiner);
    }
  }

  @Test
  void of_overridesAndControlCharacters_areEscaped() {
    assertThat(PlainText.of("a\u202Eb\n\u001B[1m é")).isEqualTo("a\\u202eb\\u000a\\u001b[1m é");
  }
}
