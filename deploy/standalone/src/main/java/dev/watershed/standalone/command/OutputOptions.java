package dev.watershed.standalone.command;

import com.google.protobuf.MessageOrBuilder;
import dev.watershed.standalone.terminal.Terminal;
import dev.watershed.standalone.terminal.TextTable;
import picocli.CommandLine.Option;

/** How results are written. */
final class OutputOptions {
  @Option(
      names = "--json",
      description =
          "Write results as JSON (protobuf's JSON form) to standard output; a stream is one object "
              + "a line. On failure the last object is {\"error\": google.rpc.Status}.")
  boolean json;

  private final Terminal terminal;

  OutputOptions(Surroundings surroundings) {
    terminal = surroundings.terminal();
  }

  Terminal terminal() {
    return terminal;
  }

  void line(String text) {
    terminal.out().println(text);
  }

  void table(TextTable table) {
    table.lines().forEach(this::line);
  }

  void message(MessageOrBuilder message) {
    line(Json.pretty(message));
  }

  void streamed(MessageOrBuilder message) {
    line(Json.line(message));
    terminal.out().flush();
  }

  /** A remark for the person at the keyboard; never part of a result. */
  void remark(String text) {
    terminal.err().println(text);
  }
}
