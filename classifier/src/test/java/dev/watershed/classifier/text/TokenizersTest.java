package dev.watershed.classifier.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenizersTest {
  @Test
  void miniature_pair_hasSegments() {
    try (Tokenizer t = Tokenizers.miniature()) {
      EncodedExample e = t.encode("the doctor slept", "the old judge", 1, 30);
      assertThat(e.inputIds()).containsExactly(1, 4, 10, 32, 2, 4, 37, 12, 2);
      long s = System.nanoTime();
      for (int i = 0; i < 20000; i++)
        t.encode("the doctor helped the old lawyer near", "the old judge", 1, 30);
      System.out.println("20000 pairs ms " + (System.nanoTime() - s) / 1000000);
      try {
        t.encode("the doctors slept", null, 0, 30);
      } catch (Exception x) {
        System.out.println(x);
      }
    }
  }
}
