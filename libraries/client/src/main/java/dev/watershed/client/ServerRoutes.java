package dev.watershed.client;

import io.grpc.ManagedChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Where the services are: at one address, or each at its own.
 *
 * @param addresses by service, "trainer", "eval" or "analysis"; by "" where one address has all
 */
public record ServerRoutes(Map<String, ServerAddress> addresses) {
  private static final List<String> SERVICES = List.of("trainer", "eval", "analysis");
  private static final String ALL = "";

  public ServerRoutes {
    addresses = Map.copyOf(addresses);
  }

  /**
   * Reads {@code host:port}, or {@code trainer=host:port,eval=host:port,analysis=host:port}, of
   * which some may be left out.
   *
   * @param source the option or variable that it comes from
   * @throws ClientException for anything else
   */
  public static ServerRoutes parse(String text, String source) {
    if (!text.contains("=")) {
      return new ServerRoutes(Map.of(ALL, ServerAddress.parse(text, source)));
    }
    Map<String, ServerAddress> addresses = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String service = part.substring(0, Math.max(equals, 0)).strip();
      if (!SERVICES.contains(service)) {
        throw new ClientException(
            source
                + " names the services trainer, eval and analysis, each as NAME=HOST:PORT with commas"
                + " between");
      }
      if (addresses.put(service, ServerAddress.parse(part.substring(equals + 1).strip(), source))
          != null) {
        throw new ClientException(source + " has two addresses for " + service);
      }
    }
    return new ServerRoutes(addresses);
  }

  /** Opens a channel that leads each call where its service is. */
  ManagedChannel open(Function<ServerAddress, ManagedChannel> channels) {
    ServerAddress one = addresses.get(ALL);
    if (one != null) {
      return channels.apply(one);
    }
    Map<String, ManagedChannel> byService = new LinkedHashMap<>();
    SERVICES.stream()
        .filter(addresses::containsKey)
        .forEach(service -> byService.put(service, channels.apply(addresses.get(service))));
    return new RoutedChannel(byService);
  }
}
