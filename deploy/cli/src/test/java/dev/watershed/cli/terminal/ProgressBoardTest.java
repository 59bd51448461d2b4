package dev.watershed.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ProgressBoardTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicLong clock = new AtomicLong();

  private ProgressBoard board(boolean interactive) {
    var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    return new ProgressBoard(
        new Terminal(out, out, interactive, interactive, true, true, 60), clock::get);
  }

  private String written() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static ProgressBoard.Row row(String label, String state, long completed, boolean ended) {
    return new ProgressBoard.Row(label, state, completed, 10, "", ended);
  }

  @Test
  void update_notATerminal_writesALineForEachStateAndNowAndThen() {
    try (var board = board(false)) {
      board.update("a", row("run", "running", 1, false));
      board.update("a", row("run", "running", 2, false));
      clock.addAndGet(TimeUnit.SECONDS.toNanos(11));
      board.update("a", row("run", "running", 3, false));
      board.update("a", row("run", "succeeded", 10, true));
    }
    assertThat(written().lines())
        .containsExactly("run: running 1/10", "run: running 3/10", "run: succeeded 10/10");
  }

  @Test
  void update_terminal_redrawsInPlace() {
    try (var board = board(true)) {
      board.update("a", row("first", "running", 5, false));
      board.update("b", row("second", "running", 0, false));
    }
    assertThat(written())
        .contains("first ████████████░░░░░░░░░░░░  50% running")
        .contains("\u001b[1A\u001b[J")
        .contains("\u001b[2A\u001b[J");
  }

  @Test
  void update_terminal_isNotRedrawnForEverySmallStep() {
    try (var board = board(true)) {
      board.update("a", row("run", "running", 1, false));
      var once = written();
      board.update("a", row("run", "running", 2, false));
      assertThat(written()).isEqualTo(once);
      clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(101));
      board.update("a", row("run", "running", 3, false));
      assertThat(written()).isNotEqualTo(once);
    }
  }

  @Test
  void update_longDetail_neverWraps() {
    try (var board = board(true)) {
      board.update("a", new ProgressBoard.Row("run", "failed", 1, 2, "x".repeat(500), true));
    }
    assertThat(written().replaceAll("\u001b\\[[0-9]*[AJ]", "").lines())
        .allSatisfy(line -> assertThat(line.length()).isLessThan(60));
  }

  @Test
  void update_manyRows_showsActiveOnesAndACount() {
    try (var board = board(true)) {
      for (int i = 0; i < 40; i++) {
        board.update(
            "k" + i, row("run " + i, i < 10 ? "succeeded" : "queued", i < 10 ? 10 : 0, i < 10));
      }
      bytes.reset();
      board.update("k10", row("run 10", "running", 3, false));
      assertThat(written()).contains("10 of 40 done").contains("run 10").doesNotContain("run 11");
    }
  }
}
