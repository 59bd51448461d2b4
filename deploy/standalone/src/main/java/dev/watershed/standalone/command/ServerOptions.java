package dev.watershed.standalone.command;

import dev.watershed.standalone.process.DataDirectory;
import dev.watershed.standalone.process.OtherDirectoryRefusal;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
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
  private @Nullable Channel channel;
  private @Nullable String resolved;

  ServerOptions(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** The channel; it lives as long as the process. */
  Channel channel() {
    Channel open = channel;
    if (open == null) {
      open = meant(surroundings.channels().apply(resolvedAddress()));
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
    String known = resolved;
    if (known == null) {
      known = addressOfDirectory();
      resolved = known;
    }
    return known;
  }

  private String addressOfDirectory() {
    DataDirectory directory = DataDirectory.at(data, surroundings.variables());
    var endpoint = directory.endpoint();
    // A killed server leaves its address behind, where another may listen by now.
    if (endpoint.isPresent() && directory.isServed()) {
      return endpoint.get().address();
    }
    if (endpoint.isPresent() || data != null) {
      throw new CommandException(
          ExitCode.UNREACHABLE,
          "no server runs on "
              + directory.root()
              + ". Start one with './watershed serve --data "
              + directory.root()
              + "', or name one with --address host:port.");
    }
    return "127.0.0.1:" + DEFAULT_PORT;
  }

  /** Lets no other server answer than that of the directory which was named. */
  private Channel meant(Channel open) {
    String identity =
        chosenAddress() != null
            ? ""
            : DataDirectory.at(data, surroundings.variables())
                .endpoint()
                .map(DataDirectory.Endpoint::identity)
                .orElse("");
    if (identity.isEmpty()) {
      return open;
    }
    Metadata headers = new Metadata();
    headers.put(OtherDirectoryRefusal.DIRECTORY, identity);
    return ClientInterceptors.intercept(open, MetadataUtils.newAttachHeadersInterceptor(headers));
  }
}
