package dev.watershed.client;

import dev.watershed.input.Quoted;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a server is.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without its brackets
 * @param port from 1 to 65535
 */
public record ServerAddress(String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("(?:\\[([0-9a-fA-F:.]+(?:%[\\w.-]+)?)]|([^\\s:/\\[\\]]+)):(\\d{1,5})");

  /** What gRPC's resolver takes; names of containers have underscores, which it refuses. */
  private static final Pattern DNS_NAME = Pattern.compile("[A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*");

  /**
   * Reads {@code host:port} or {@code [IPv6]:port}.
   *
   * @param source the option or variable that it comes from
   * @throws ClientException for anything else
   */
  public static ServerAddress parse(String text, String source) {
    Matcher parts = FORM.matcher(text);
    int port = parts.matches() ? Integer.parseInt(parts.group(3)) : 0;
    if (port < 1 || port > 65535) {
      throw new ClientException(
          source
              + " '"
              + Quoted.of(text)
              + "' is not host:port, with a port from 1 to 65535; an IPv6 address stands in"
              + " brackets: [::1]:7878");
    }
    return new ServerAddress(parts.group(1) != null ? parts.group(1) : parts.group(2), port);
  }

  /**
   * A channel to be set up further.
   *
   * @throws ServerAwayException where the host is not known
   */
  NettyChannelBuilder channel() {
    if (DNS_NAME.matcher(host).matches()) {
      // Resolved anew at each attempt, and every address is tried.
      return NettyChannelBuilder.forTarget("dns:///" + host + ":" + port);
    }
    try {
      // Without the name: where it has an underscore, it is no authority of a URI.
      InetAddress found = InetAddress.getByName(host);
      return NettyChannelBuilder.forAddress(
          new InetSocketAddress(InetAddress.getByAddress(found.getAddress()), port));
    } catch (UnknownHostException e) {
      throw new ServerAwayException(
          "no answer from " + host + ":" + port + ": the host is not known");
    }
  }
}
