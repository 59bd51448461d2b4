package dev.watershed.cli;

import com.google.protobuf.MessageOrBuilder;
import dev.watershed.cli.terminal.Terminal;
import dev.watershed.cli.terminal.TextTable;
import picocli.CommandLine.Option;

/** How results are written. */
public final class OutputOptions {
  @Option(
      names = "--json",
      description =
          "Write results as JSON (protobuf's JSON form) to standard output; a stream is one object "
              + "a line. On failure the last object is {\"error\": google.rpc.Status}.")
  boolean json;

  private final Terminal terminal;

  public OutputOptions(CommandContext context) {
    terminal = context.terminal();
  }

  /** Whether results are written as JSON. */
  public boolean json() {
    return json;
  }

  public Terminal terminal() {
    return terminal;
  }

  public void line(String text) {
    terminal.out().println(text);
  }

  public void table(TextTable table) {
    table.lines().forEach(this::line);
  }

  public void message(MessageOrBuilder message) {
    line(Json.pretty(message));
  }

  public void streamed(MessageOrBuilder message) {
    line(Json.line(message));
    terminal.out().flush();
  }

  /** A remark for the person at the keyboard; never part of a result. */
  public void remark(String text) {
    terminal.err().println(text);
  }
}
