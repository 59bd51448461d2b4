package dev.watershed.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class AllPagesTest {
  private record Page(List<String> items, String next) {}

  @Test
  void of_severalPagesOneOfThemEmpty_areOneAfterTheOther() {
    var pages =
        Map.of(
            "", new Page(List.of("a", "b"), "1"),
            "1", new Page(List.of(), "2"),
            "2", new Page(List.of("c"), ""));
    assertThat(AllPages.of(pages::get, Page::items, Page::next)).containsExactly("a", "b", "c");
  }
}
