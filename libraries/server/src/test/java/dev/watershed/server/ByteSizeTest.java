package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ByteSizeTest {
  @Test
  void read_withUnitOrWithout_isBytes() {
    assertThat(ByteSize.read("2GiB")).contains(new ByteSize(2L << 30));
    assertThat(ByteSize.read("700MiB")).contains(new ByteSize(734_003_200));
    assertThat(ByteSize.read("64KiB")).contains(new ByteSize(65_536));
    assertThat(ByteSize.read("4096")).contains(new ByteSize(4096));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "700m",
        "700MB",
        "2 GiB",
        "-1",
        "1.5GiB",
        "99999999999GiB",
        "9223372036854775808"
      })
  void read_anythingElse_isNone(String text) {
    assertThat(ByteSize.read(text)).isEmpty();
  }
}
