package dev.watershed.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.Interrupt;
import dev.watershed.cli.terminal.Durations;
import dev.watershed.cli.terminal.TextTable;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the benchmarks have in common. */
final class BenchOptions {
  private static final int MAXIMUM_THREADS = 1024;

  @Option(
      names = "--threads",
      description =
          "Threads inside one operation of libtorch, so of one evaluation or training. Default: 1,"
              + " as serve has it.",
      defaultValue = "1")
  private int threads = 1;

  @Option(
      names = "--seed",
      description = "Seed of weights and examples. Default: 1.",
      defaultValue = "1")
  long seed;

  private static final int SHOWN_OPERATIONS = 16;

  private final CommandContext context;

  BenchOptions(CommandContext context) {
    this.context = context;
  }

  int threads() {
    return between("--threads", threads, 1, MAXIMUM_THREADS);
  }

  static int between(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw CommandException.badInput(
          option + " " + value + " is not between " + least + " and " + most);
    }
    return value;
  }

  /** Progress, for the person at the keyboard. */
  void say(String text) {
    context.terminal().err().println("  " + text + " ...");
    context.terminal().err().flush();
  }

  /**
   * Those that take most of the time.
   *
   * @param title what they are operations of
   */
  static TextTable operations(String title, List<OperationShare> shares) {
    TextTable table = new TextTable(title, "right factor", "calls", "share");
    for (OperationShare share : shares.stream().limit(SHOWN_OPERATIONS).toList()) {
      table.row(share.name(), share.shape(), String.valueOf(share.calls()), percent(share.share()));
    }
    return table;
  }

  static TextTable goals(String title, List<Goal> goals) {
    TextTable table = new TextTable(title, "measured", "goal", "");
    for (Goal goal : goals) {
      table.row(
          goal.name(),
          text("%.2f", goal.value()),
          (goal.atLeast() ? ">= " : "<= ") + text("%.2f", goal.goal()),
          goal.reached() ? "reached" : "missed");
    }
    return table;
  }

  /** A result as one object; its names end in their unit, shares are of 1. */
  static String json(Object result) throws JsonProcessingException {
    return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result);
  }

  /** Opens a place to work. */
  interface Opening {
    BenchServer open() throws IOException;
  }

  /** What is done there. */
  interface Work<T> {
    T in(BenchServer server) throws IOException;
  }

  /** Works in a temporary place, which is removed in any case, at Ctrl-C too. */
  <T> T within(Opening opening, Work<T> work) throws IOException {
    try (BenchServer server = opening.open();
        Interrupt interrupt = new Interrupt(context.terminal(), "Stopped.", server::close)) {
      return work.in(server);
    }
  }

  static String text(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  /** A number of times; a dash where there is none. */
  static String times(@Nullable Double ratio) {
    return ratio == null ? "-" : text("%.2f times", ratio);
  }

  static String percent(double share) {
    return text("%.1f%%", 100 * share);
  }

  /** As people read it, short ones in milliseconds. */
  static String duration(double seconds) {
    return seconds < 1 ? text("%.1f ms", 1000 * seconds) : Durations.text(seconds);
  }

  static String mebibytes(long bytes) {
    return text("%d MiB", bytes >> 20);
  }
}
