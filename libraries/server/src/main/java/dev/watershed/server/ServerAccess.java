package dev.watershed.server;

import dev.watershed.input.AccessToken;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import io.netty.handler.ssl.ClientAuth;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLException;

/**
 * Who may speak to a server, and whether others can listen.
 *
 * @param tlsCertificate PEM file of the server's certificate chain; empty for no TLS
 * @param tlsKey PEM file of its private key, PKCS#8 without a password
 * @param tlsClientCa PEM file of the certificates that clients have to prove theirs by; empty where
 *     they need none
 * @param tokenFile file whose first line clients have to send as {@code authorization: Bearer};
 *     empty where they need none
 * @param healthPort port that tells health, and nothing else, without TLS and token, for probes
 *     that speak neither, such as Kubernetes'; on the server's address. 0: a free one, -1: none
 * @param metricsPort port that tells Prometheus what the process does, at /metrics, in plain HTTP;
 *     on the server's address. 0: a free one, -1: none
 */
@ConfigurationProperties("watershed.server")
public record ServerAccess(
    @Bindable(defaultValue = "") String tlsCertificate,
    @Bindable(defaultValue = "") String tlsKey,
    @Bindable(defaultValue = "") String tlsClientCa,
    @Bindable(defaultValue = "") String tokenFile,
    @Bindable(defaultValue = "-1") int healthPort,
    @Bindable(defaultValue = "-1") int metricsPort) {
  private static final String PREFIX = "watershed.server.";

  public ServerAccess {
    if (tlsCertificate.isEmpty() != tlsKey.isEmpty()) {
      throw new ConfigurationException(
          PREFIX + "tls-certificate and " + PREFIX + "tls-key are said together, or neither.");
    }
    if (tlsCertificate.isEmpty() && !tlsClientCa.isEmpty()) {
      throw new ConfigurationException(
          PREFIX + "tls-client-ca needs TLS: say " + PREFIX + "tls-certificate and tls-key too.");
    }
    ConfigurationException.requireBetween(PREFIX + "health-port", healthPort, -1, 65535);
    ConfigurationException.requireBetween(PREFIX + "metrics-port", metricsPort, -1, 65535);
  }

  /** Whether connections are encrypted. */
  boolean tls() {
    return !tlsCertificate.isEmpty();
  }

  /**
   * Lets a server speak TLS alone.
   *
   * @throws ConfigurationException where a file cannot be used
   */
  void encrypt(NettyServerBuilder server) {
    try {
      var context =
          GrpcSslContexts.forServer(
              readable("tls-certificate", tlsCertificate), readable("tls-key", tlsKey));
      if (!tlsClientCa.isEmpty()) {
        context.trustManager(readable("tls-client-ca", tlsClientCa)).clientAuth(ClientAuth.REQUIRE);
      }
      server.sslContext(context.build());
    } catch (SSLException | IllegalArgumentException e) {
      var cause = e.getCause() == null ? e : e.getCause();
      throw new ConfigurationException(
          "The certificates of "
              + PREFIX
              + "tls-* cannot be used: "
              + cause.getMessage()
              + ". They are PEM files, the key in PKCS#8 without a password.");
    }
  }

  /**
   * Returns the token that clients have to send; empty where they need none.
   *
   * @throws ConfigurationException where the file holds none
   */
  String token() {
    if (tokenFile.isEmpty()) {
      return "";
    }
    try {
      var token = AccessToken.read(Path.of(tokenFile));
      if (token.isEmpty() || !AccessToken.isValid(token)) {
        throw new ConfigurationException(
            "The first line of "
                + tokenFile
                + " ("
                + PREFIX
                + "token-file) is no token: it has visible ASCII characters without blanks, at most"
                + " "
                + AccessToken.MAX_CHARACTERS
                + ".");
      }
      return token;
    } catch (IOException e) {
      throw unreadable("token-file", tokenFile);
    }
  }

  private static File readable(String key, String file) {
    var path = Path.of(file);
    if (!Files.isReadable(path) || Files.isDirectory(path)) {
      throw unreadable(key, file);
    }
    return path.toFile();
  }

  private static ConfigurationException unreadable(String key, String file) {
    return new ConfigurationException(
        PREFIX + key + " is " + file + ", and there is no such file that can be read.");
  }
}
