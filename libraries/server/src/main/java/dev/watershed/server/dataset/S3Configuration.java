package dev.watershed.server.dataset;

import dev.watershed.s3.S3Location;
import dev.watershed.s3.S3Settings;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How S3 is reached, where checkpoints are there. Credentials are found where the AWS SDK looks for
 * them, and are no keys of ours.
 *
 * @param endpoint {@code http://HOST:PORT} or {@code https://HOST:PORT} of a server that is not
 *     AWS's; empty for AWS
 * @param region the bucket's; empty for what the AWS SDK finds ({@code AWS_REGION}, a profile)
 * @param pathStyle whether the bucket is named in the path of a request and not in the host, as
 *     servers other than AWS's mostly want it
 * @param timeout how long one request may take, its repetitions included, before S3 counts as away;
 *     a request carries up to 16 MiB
 */
@ConfigurationProperties("watershed.checkpoints.s3")
record S3Configuration(
    @Bindable(defaultValue = "") String endpoint,
    @Bindable(defaultValue = "") String region,
    @Bindable(defaultValue = "false") boolean pathStyle,
    @Bindable(defaultValue = "2m") Duration timeout) {
  S3Configuration {
    ConfigurationException.requirePositive("watershed.checkpoints.s3.timeout", timeout);
  }

  /** Whether anything here is said of where S3 is. */
  boolean isSaid() {
    return !endpoint.isBlank() || !region.isBlank() || pathStyle;
  }

  /**
   * Returns how a place is reached.
   *
   * @throws ConfigurationException where the endpoint is none
   */
  S3Settings settings(S3Location location) {
    return new S3Settings(location, server(), region.isBlank() ? null : region, pathStyle, timeout);
  }

  private @Nullable URI server() {
    if (endpoint.isBlank()) {
      return null;
    }
    try {
      var server = new URI(endpoint);
      boolean web = "http".equals(server.getScheme()) || "https".equals(server.getScheme());
      if (web && server.getHost() != null && server.getUserInfo() == null) {
        return server;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new ConfigurationException(
        "watershed.checkpoints.s3.endpoint is '"
            + endpoint
            + "'; it must be http://HOST:PORT or https://HOST:PORT.");
  }
}
