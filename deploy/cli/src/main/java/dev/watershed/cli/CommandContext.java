package dev.watershed.cli;

import dev.watershed.cli.terminal.Terminal;
import dev.watershed.client.ServerChannels;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a command sees of the world; tests bring their own.
 *
 * @param terminal where it writes
 * @param in standard input
 * @param variables environment variables
 * @param workingDirectory what relative paths start from
 * @param channels opens a channel to an address "host:port"
 * @param localMetrics starts the metric service inside this process and opens a channel to it;
 *     empty where only a server has it
 */
public record CommandContext(
    Terminal terminal,
    InputStream in,
    Map<String, String> variables,
    Path workingDirectory,
    Function<String, ManagedChannel> channels,
    Optional<Supplier<Channel>> localMetrics) {

  /** That of this process. */
  public static CommandContext ofProcess() {
    Map<String, String> variables = System.getenv();
    return new CommandContext(
        Terminal.ofProcess(variables),
        System.in,
        variables,
        Path.of("").toAbsolutePath(),
        address -> ServerChannels.of(variables).open(address),
        ServiceLoader.load(MoreCommands.class).stream()
            .flatMap(more -> more.get().localMetrics().stream())
            .findFirst());
  }
}
