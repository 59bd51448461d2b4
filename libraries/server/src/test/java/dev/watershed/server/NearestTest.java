package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NearestTest {
  private static final List<String> KNOWN =
      List.of("bert-base-uncased", "bert-base-cased", "miniature-pretrained", "ab");

  @Test
  void to_oneSlip_isWhatWasMeant() {
    assertThat(Nearest.to("bert-base-uncsaed", KNOWN)).contains("bert-base-uncased");
    assertThat(Nearest.to("bert-base-case", KNOWN)).contains("bert-base-cased");
    assertThat(Nearest.to("Miniature_Pretraind", KNOWN)).contains("miniature-pretrained");
    assertThat(Nearest.to("ac", KNOWN)).contains("ab");
  }

  @Test
  void to_beginning_isTheOneThatBeginsSo() {
    assertThat(Nearest.to("miniature", KNOWN)).contains("miniature-pretrained");
    assertThat(Nearest.to("bert", KNOWN)).isEmpty();
  }

  @Test
  void to_nothingAlike_isNothing() {
    assertThat(Nearest.to("roberta-large", KNOWN)).isEmpty();
    assertThat(Nearest.to("", KNOWN)).isEmpty();
    assertThat(Nearest.to("x".repeat(100_000), List.of("x".repeat(100_001)))).isEmpty();
    assertThat(Nearest.hint("roberta-large", KNOWN)).isEmpty();
    assertThat(Nearest.hint("bert-base-case", KNOWN))
        .isEqualTo("; did you mean \"bert-base-cased\"?");
  }

  @Test
  void to_anyTwoNeighboursSwapped_isFound() {
    String name = "tlmx6nvwktxw-step-600";
    for (int at = 0; at < name.length() - 1; at++) {
      String swapped =
          name.substring(0, at) + name.charAt(at + 1) + name.charAt(at) + name.substring(at + 2);
      assertThat(Nearest.to(swapped, List.of(name, "elsewhere"))).contains(name);
    }
  }
}
