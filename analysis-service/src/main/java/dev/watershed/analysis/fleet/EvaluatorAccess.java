package dev.watershed.analysis.fleet;

import dev.watershed.client.ClientException;
import dev.watershed.client.ServerChannels;
import dev.watershed.input.AccessToken;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How the analysis shows evaluators who it is, and how they show it to the analysis.
 *
 * @param tls whether connections are encrypted and evaluators have to prove the name they are
 *     configured by; each of the files asks for it too
 * @param tlsCa PEM file of the certificates that are trusted; empty trusts those of the JDK
 * @param tlsCertificate PEM file of our own certificate chain; empty for none
 * @param tlsKey PEM file of its private key, PKCS#8 without a password
 * @param tokenFile file whose first line is sent with every call; empty for none
 */
@ConfigurationProperties("watershed.analysis.evaluator")
record EvaluatorAccess(
    @Bindable(defaultValue = "false") boolean tls,
    @Bindable(defaultValue = "") String tlsCa,
    @Bindable(defaultValue = "") String tlsCertificate,
    @Bindable(defaultValue = "") String tlsKey,
    @Bindable(defaultValue = "") String tokenFile) {
  private static final String PREFIX = "watershed.analysis.evaluator.";

  /** Plain, and without a token. */
  static final EvaluatorAccess OPEN = new EvaluatorAccess(false, "", "", "", "");

  /**
   * Returns how channels to evaluators are opened.
   *
   * @throws ConfigurationException where a file cannot be used
   */
  ServerChannels channels(EvaluatorConfiguration configuration) {
    try {
      var channels =
          new ServerChannels(
              tls || !(tlsCa + tlsCertificate + tlsKey).isEmpty(),
              path(tlsCa),
              path(tlsCertificate),
              path(tlsKey),
              token(),
              configuration.keepAlive(),
              configuration.keepAliveTimeout());
      channels.check();
      return channels;
    } catch (ClientException e) {
      throw new ConfigurationException(PREFIX + "tls-* and token-file: " + e.getMessage());
    }
  }

  private static @Nullable Path path(String file) {
    return file.isEmpty() ? null : Path.of(file);
  }

  private String token() {
    try {
      return tokenFile.isEmpty() ? "" : AccessToken.read(Path.of(tokenFile));
    } catch (IOException e) {
      throw new ConfigurationException(
          PREFIX + "token-file is " + tokenFile + ", and there is no such file that can be read.");
    }
  }
}
