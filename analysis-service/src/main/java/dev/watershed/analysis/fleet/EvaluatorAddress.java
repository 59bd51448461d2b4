package dev.watershed.analysis.fleet;

import com.google.common.net.HostAndPort;
import dev.watershed.server.ConfigurationException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Where evaluators are, as configured. */
sealed interface EvaluatorAddress {
  /** One in this process. */
  record InProcess(String name) implements EvaluatorAddress {}

  /** One for each address that the host has. */
  record Remote(HostAndPort host) implements EvaluatorAddress {
    /** Looks the host up; may take seconds. */
    Set<SocketAddress> find(HostLookup names) throws UnknownHostException {
      return names.find(host.getHost()).stream()
          .map(address -> new InetSocketAddress(address, host.getPort()))
          .collect(Collectors.toSet());
    }
  }

  /** What addresses a host has. */
  @FunctionalInterface
  interface HostLookup {
    List<InetAddress> find(String host) throws UnknownHostException;
  }

  String KEY = "watershed.analysis.evaluator.address";

  /**
   * Reads a list with commas between.
   *
   * @throws ConfigurationException where it says nothing that we know
   */
  static List<EvaluatorAddress> parse(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .map(EvaluatorAddress::one)
        .toList();
  }

  private static EvaluatorAddress one(String text) {
    var inProcess = "inprocess:";
    if (text.startsWith(inProcess)) {
      return new InProcess(text.substring(inProcess.length()));
    }
    try {
      var host = HostAndPort.fromString(text.startsWith("dns:///") ? text.substring(7) : text);
      if (host.hasPort() && !host.getHost().isEmpty()) {
        return new Remote(host);
      }
    } catch (IllegalArgumentException e) {
      // Told below, with the others.
    }
    throw new ConfigurationException(
        KEY
            + " has \""
            + text
            + "\", which is not HOST:PORT. Write evaluator:8980 for all addresses of a name, or"
            + " several with commas between.");
  }
}
