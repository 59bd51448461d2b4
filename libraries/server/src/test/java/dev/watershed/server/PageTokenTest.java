package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PageTokenTest {
  @Property
  void read_ownToken_isItsPosition(
      @ForAll @CharRange(from = '\n', to = '\u0400') String question,
      @ForAll @CharRange(from = '\n', to = '\u0400') String position) {
    var token = PageToken.write(question, position);
    assertThat(PageToken.read(token, question, "")).isEqualTo(position);
  }

  @Test
  void read_empty_isTheFirst() {
    assertThat(PageToken.read("", "runs", "0")).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "!!!", "MTIzCjQ", "7777777777777777"})
  void read_foreignToken_isRefused(String token) {
    assertThatThrownBy(() -> PageToken.read(token, "runs", "0"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("page_token");
  }

  @Test
  void read_tokenOfAnotherQuestion_isRefused() {
    var token = PageToken.write("runs that failed", "12");
    assertThatThrownBy(() -> PageToken.read(token, "runs", "0"))
        .isInstanceOf(RefusedException.class);
  }
}
