package dev.watershed.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class S3LocationTest {
  @Test
  void parse_withAndWithoutPrefix() {
    assertThat(S3Location.parse("s3://models")).isEqualTo(new S3Location("models", ""));
    assertThat(S3Location.parse("s3://models/")).isEqualTo(new S3Location("models", ""));
    assertThat(S3Location.parse("s3://models/team/A_1/")).hasToString("s3://models/team/A_1");
    assertThat(S3Location.isMeant("s3:/models")).isTrue();
    assertThat(S3Location.isMeant("/s3/models")).isFalse();
  }

  @Test
  void key_andName_areOfOneAnother() {
    for (String text : new String[] {"s3://models", "s3://models/a/b"}) {
      S3Location location = S3Location.parse(text);
      assertThat(location.name(location.key("manifests/a.json"))).isEqualTo("manifests/a.json");
    }
    assertThat(S3Location.parse("s3://models/a/b").key("c")).isEqualTo("a/b/c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3:",
        "s3://",
        "s3:/models/a",
        "s3://Models/a",
        "s3://mo/a",
        "s3://models//a",
        "s3://models/a//b",
        "s3://models/../b",
        "s3://models/a/..",
        "s3://models/./a",
        "s3://models/a b",
        "s3://models/a?b",
        "https://models/a",
        "s3://models/a//"
      })
  void parse_whatIsNone_isRefused(String text) {
    assertThatThrownBy(() -> S3Location.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("s3://BUCKET/PREFIX");
  }
}
