package dev.watershed.s3;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a place in S3 is reached. Credentials are found where the AWS SDK looks for them:
 * environment, files, web identity, the machine's or the container's role.
 *
 * @param endpoint another server than AWS's; null for AWS
 * @param region null where the AWS SDK is to find it, or where it does not matter
 * @param pathStyle whether the bucket is named in the path of requests and not in the host
 * @param timeout how long one request may take, its repetitions included
 */
public record S3Settings(
    S3Location location,
    @Nullable URI endpoint,
    @Nullable String region,
    boolean pathStyle,
    Duration timeout) {
  /** Where requests go, for sentences. */
  String server() {
    return endpoint == null ? "AWS" : endpoint.toString();
  }
}
