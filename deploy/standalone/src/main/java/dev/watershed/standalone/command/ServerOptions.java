package dev.watershed.standalone.command;

import dev.watershed.standalone.process.DataDirectory;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server a command speaks to. */
final class ServerOptions {
  /** Where a server listens unless told otherwise. */
  static final int DEFAULT_PORT = 7878;

  /** Calls that only look something up must not hang for ever. */
  static final int LOOKUP_SECONDS = 60;

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      description =
          "The server to speak to. Default: WATERSHED_ADDRESS, else the server that runs on the "
              + "data directory, else 127.0.0.1:7878.")
  @Nullable String address;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Data directory whose running server is meant. Default: WATERSHED_DATA or ~/.watershed.")
  @Nullable Path data;

  private final Surroundings surroundings;
  private @Nullable ManagedChannel channel;

  ServerOptions(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** The channel; it lives as long as the process. */
  Channel channel() {
    ManagedChannel open = channel;
    if (open == null) {
      open = surroundings.channels().apply(resolvedAddress());
      channel = open;
    }
    return open;
  }

  /** For pure functions: the server that was named, or else a service inside this process. */
  Channel metricChannel() {
    return chosenAddress() != null ? channel() : surroundings.localMetrics().get();
  }

  private @Nullable String chosenAddress() {
    return address != null ? address : surroundings.variables().get("WATERSHED_ADDRESS");
  }

  String resolvedAddress() {
    String chosen = chosenAddress();
    if (chosen != null) {
      ServerAddress.parse(chosen, address != null ? "--address" : "WATERSHED_ADDRESS");
      return chosen;
    }
    DataDirectory directory = DataDirectory.at(data, surroundings.variables());
    return directory.endpoint().orElse("127.0.0.1:" + DEFAULT_PORT);
  }
}
