package dev.watershed.cli;

import dev.watershed.client.LocalServer;
import dev.watershed.client.ServerRoutes;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server a command speaks to. */
public final class ServerOptions {
  /** Where a server listens unless told otherwise. */
  public static final int DEFAULT_PORT = 7878;

  /** Calls that only look something up must not hang for ever. */
  static final int LOOKUP_SECONDS = 60;

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      description =
          "The server to speak to, or where each service is:"
              + " trainer=HOST:PORT,eval=HOST:PORT,analysis=HOST:PORT. Default: WATERSHED_ADDRESS,"
              + " else the server that runs on the data directory, else 127.0.0.1:7878. For TLS and"
              + " tokens: WATERSHED_TLS_CA, WATERSHED_TLS_CERT, WATERSHED_TLS_KEY, WATERSHED_TOKEN.")
  @Nullable String address;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Data directory whose running server is meant. Default: WATERSHED_DATA or ~/.watershed.")
  @Nullable Path data;

  private final CommandContext context;
  private @Nullable Channel channel;
  private @Nullable String resolved;

  public ServerOptions(CommandContext context) {
    this.context = context;
  }

  /** The channel; it lives as long as the process. */
  public Channel channel() {
    Channel open = channel;
    if (open == null) {
      open = meant(context.channels().apply(resolvedAddress()));
      channel = open;
    }
    return open;
  }

  /** For pure functions: the server that was named, or else a service inside this process. */
  public Channel metricChannel() {
    var local = context.localMetrics();
    return chosenAddress() != null || local.isEmpty() ? channel() : local.get().get();
  }

  /** The tasks that the server knows. */
  public TaskCatalogue tasks() {
    return new TaskCatalogue(this::channel);
  }

  private @Nullable String chosenAddress() {
    return address != null ? address : context.variables().get("WATERSHED_ADDRESS");
  }

  public String resolvedAddress() {
    String chosen = chosenAddress();
    if (chosen != null) {
      ServerRoutes.parse(chosen, address != null ? "--address" : "WATERSHED_ADDRESS");
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
    LocalServer directory = LocalServer.at(data, context.variables());
    var endpoint = directory.endpoint();
    // A killed server leaves its address behind, where another may listen by now.
    if (endpoint.isPresent() && directory.isRunning()) {
      return endpoint.get().address();
    }
    if (endpoint.isPresent() || data != null) {
      throw new CommandException(
          ExitCode.UNREACHABLE,
          "no server runs on "
              + directory.directory()
              + ". Start one with './watershed serve --data "
              + directory.directory()
              + "', or name one with --address host:port.");
    }
    return "127.0.0.1:" + DEFAULT_PORT;
  }

  /** Lets no other server answer than that of the directory which was named. */
  private Channel meant(Channel open) {
    String identity =
        chosenAddress() != null
            ? ""
            : LocalServer.at(data, context.variables())
                .endpoint()
                .map(LocalServer.Endpoint::identity)
                .orElse("");
    if (identity.isEmpty()) {
      return open;
    }
    Metadata headers = new Metadata();
    headers.put(LocalServer.DIRECTORY, identity);
    return ClientInterceptors.intercept(open, MetadataUtils.newAttachHeadersInterceptor(headers));
  }
}
