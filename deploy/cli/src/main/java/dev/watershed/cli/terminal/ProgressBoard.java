package dev.watershed.cli.terminal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What is going on, on standard error: bars redrawn in place where a person watches, a line now and
 * then elsewhere. May be called from any thread.
 */
public final class ProgressBoard implements AutoCloseable {
  private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
  private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int MAXIMUM_BARS = 16;
  private static final int BAR_WIDTH = 24;

  /**
   * One thing in progress.
   *
   * @param label what it is
   * @param state a word for where it stands; a change of it is always shown
   * @param completed units done
   * @param total units in all; 0 while unknown
   * @param detail more, for example a loss
   * @param ended whether nothing more will come
   */
  public record Row(
      String label, String state, long completed, long total, String detail, boolean ended) {
    private double share() {
      return total > 0 ? Math.min(1, (double) completed / total) : ended ? 1 : 0;
    }

    private boolean active() {
      return !ended && completed > 0;
    }
  }

  private final Terminal terminal;
  private final LongSupplier nanoTime;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, Long> lastLine = new LinkedHashMap<>();
  private int drawnLines;
  private long lastDraw = Long.MIN_VALUE;

  /** A board on this terminal's standard error. */
  public ProgressBoard(Terminal terminal) {
    this(terminal, System::nanoTime);
  }

  public ProgressBoard(Terminal terminal, LongSupplier nanoTime) {
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** Shows the newest row of a key; rows keep the order in which their keys first came. */
  public synchronized void update(String key, Row row) {
    Row previous = rows.put(key, row);
    long now = nanoTime.getAsLong();
    boolean newState = previous == null || !previous.state().equals(row.state());
    if (terminal.interactiveErr()) {
      if (newState || row.ended() || now - lastDraw >= REDRAW_NANOS) {
        redraw(now);
      }
      return;
    }
    Long last = lastLine.get(key);
    if (newState || last == null || now - last >= LINE_NANOS) {
      lastLine.put(key, now);
      terminal.err().println(line(row));
    }
  }

  /** Writes a line that stays, above the bars. */
  public synchronized void say(String text) {
    erase();
    terminal.err().println(text);
    if (terminal.interactiveErr()) {
      redraw(nanoTime.getAsLong());
    }
  }

  /** Leaves the last picture standing. */
  @Override
  public synchronized void close() {
    if (terminal.interactiveErr() && !rows.isEmpty()) {
      redraw(nanoTime.getAsLong());
    }
    rows.clear();
    drawnLines = 0;
  }

  private void redraw(long now) {
    lastDraw = now;
    erase();
    List<String> lines = picture();
    lines.forEach(terminal.err()::println);
    terminal.err().flush();
    drawnLines = lines.size();
  }

  private void erase() {
    if (drawnLines > 0) {
      terminal.err().print("\u001b[" + drawnLines + "A\u001b[J");
      drawnLines = 0;
    }
  }

  private List<String> picture() {
    List<Row> shown = new ArrayList<>(rows.values());
    List<String> lines = new ArrayList<>();
    if (shown.size() > MAXIMUM_BARS) {
      long ended = shown.stream().filter(Row::ended).count();
      lines.add(ended + " of " + shown.size() + " done");
      shown.removeIf(row -> !row.active());
      shown = shown.subList(0, Math.min(shown.size(), MAXIMUM_BARS));
    }
    int width = rows.values().stream().mapToInt(row -> row.label().length()).max().orElse(0);
    for (Row row : shown) {
      lines.add(bar(row, width));
    }
    return lines;
  }

  private String bar(Row row, int labelWidth) {
    int full = (int) Math.round(row.share() * BAR_WIDTH);
    String bar =
        terminal.unicode()
            ? "█".repeat(full) + "░".repeat(BAR_WIDTH - full)
            : "#".repeat(full) + "-".repeat(BAR_WIDTH - full);
    String text =
        String.format(
            Locale.ROOT,
            "%-" + Math.max(1, labelWidth) + "s %s %3d%% %s%s",
            row.label(),
            bar,
            Math.round(row.share() * 100),
            row.state(),
            row.detail().isEmpty() ? "" : "  " + row.detail());
    // A line that wraps would break the count of lines to go up by.
    return text.length() < terminal.columns() ? text : text.substring(0, terminal.columns() - 1);
  }

  private static String line(Row row) {
    String count = row.total() > 0 ? " " + row.completed() + "/" + row.total() : "";
    String detail = row.detail().isEmpty() ? "" : "  " + row.detail();
    return row.label() + ": " + row.state() + count + detail;
  }
}
