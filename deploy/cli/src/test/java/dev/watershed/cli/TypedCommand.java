package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.cli.terminal.Terminal;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Commands as somebody types them, run inside this process with context of their own.
 *
 * @param workingDirectory what relative paths start from
 * @param variables environment variables
 * @param channels opens a channel to an address
 * @param localMetrics opens a channel to the metric service inside this process, if there is one
 */
public record TypedCommand(
    Path workingDirectory,
    Map<String, String> variables,
    Function<String, ManagedChannel> channels,
    Optional<Supplier<Channel>> localMetrics) {

  /** What a command wrote, and how it ended. */
  public record Seen(int exit, String out, String err) {
    public Seen ends(int code) {
      assertThat(exit).as("%s%s", out, err).isEqualTo(code);
      return this;
    }

    public Seen says(String... parts) {
      assertThat(out + err).contains(parts);
      return this;
    }
  }

  /** One with the channels of a real command line. */
  public static TypedCommand in(Path workingDirectory, Map<String, String> variables) {
    CommandContext real = CommandContext.ofProcess();
    return new TypedCommand(workingDirectory, variables, real.channels(), real.localMetrics());
  }

  /** A terminal that is none, into which all characters can be written. */
  public static Terminal piped(OutputStream out, OutputStream err) {
    return new Terminal(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false,
        false,
        false,
        true,
        100);
  }

  public Seen run(String... arguments) {
    return runWithInput("", arguments);
  }

  public Seen runWithInput(String input, String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exit = runInto(piped(out, err), input, arguments);
    return new Seen(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Returns the exit code of a command that writes there. */
  public int runInto(Terminal terminal, String input, String... arguments) {
    Queue<ManagedChannel> opened = new ConcurrentLinkedQueue<>();
    try {
      return WatershedCommand.run(
          new CommandContext(
              terminal,
              new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
              variables,
              workingDirectory,
              address -> {
                ManagedChannel channel = channels.apply(address);
                opened.add(channel);
                return channel;
              },
              localMetrics),
          arguments);
    } finally {
      opened.forEach(ManagedChannel::shutdownNow);
    }
  }
}
