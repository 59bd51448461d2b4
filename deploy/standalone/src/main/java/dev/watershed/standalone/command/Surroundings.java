package dev.watershed.standalone.command;

import dev.watershed.standalone.process.LocalMetrics;
import dev.watershed.standalone.terminal.Terminal;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
 * @param localMetrics starts the metric service inside this process and opens a channel to it
 */
public record Surroundings(
    Terminal terminal,
    InputStream in,
    Map<String, String> variables,
    Path workingDirectory,
    Function<String, ManagedChannel> channels,
    Supplier<Channel> localMetrics) {

  /** Reports of 500 models hold some 125,000 curves. */
  private static final int MAXIMUM_MESSAGE_BYTES = 256 << 20;

  /** Those of this process. */
  public static Surroundings ofProcess() {
    Map<String, String> variables = System.getenv();
    return new Surroundings(
        Terminal.ofProcess(variables),
        System.in,
        variables,
        Path.of("").toAbsolutePath(),
        address -> plaintext(address, Duration.ofSeconds(20), Duration.ofSeconds(10)),
        LocalMetrics::open);
  }

  /**
   * A channel on which a connection that died without a word ends its calls, which are then made
   * again.
   *
   * @param keepAlive a connection that was silent for so long is asked whether it still lives; at
   *     least ten seconds
   * @param timeout one that does not answer within this is closed
   */
  static ManagedChannel plaintext(String address, Duration keepAlive, Duration timeout) {
    return ServerAddress.parse(address, "address")
        .channel()
        .usePlaintext()
        .keepAliveTime(keepAlive.toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .maxInboundMessageSize(MAXIMUM_MESSAGE_BYTES)
        .build();
  }
}
