package dev.watershed.classifier.data;

import org.junit.jupiter.api.Test;

class MiniatureTest {
  @Test
  void print() {
    for (String n : Miniature.splitNames()) {
      long s = System.nanoTime();
      Dataset d = Miniature.split(n);
      System.out.println(
          "== " + n + " " + d.rows().size() + " ms " + (System.nanoTime() - s) / 1000000);
      d.rows().subList(0, 12).forEach(System.out::println);
    }
  }
}
