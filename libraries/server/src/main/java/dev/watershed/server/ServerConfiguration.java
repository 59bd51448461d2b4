package dev.watershed.server;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * How the server behaves, beyond Micronaut's {@code grpc.server.*} (whose {@code await-termination}
 * says how long calls in flight may take to finish once the server is asked to stop).
 *
 * @param maxRequestBytes larger requests are refused by the transport (RESOURCE_EXHAUSTED)
 * @param allowPlaintext whether to listen beyond loopback without TLS
 * @param maxCallsPerConnection calls that one connection may have at a time; more wait at the
 *     client
 * @param defaultDeadline when a call ends whose sender set no deadline
 * @param unreadStream a stream whose reader takes nothing for so long, or whose sender sends
 *     nothing, is ended
 * @param keepAlive a connection that was silent for so long is asked whether it still lives
 * @param keepAliveTimeout one that does not answer within this is closed, and its calls end
 * @param permitKeepAlive clients may ask no more often; a little less than the ten seconds that are
 *     promised, since their clocks and the network waver
 * @param computeThreads threads that compute answers of pure functions
 * @param maxQueuedComputations calls that wait for such a thread; more are refused
 */
@ConfigurationProperties("watershed.server")
public record ServerConfiguration(
    @Bindable(defaultValue = "64MiB") ByteSize maxRequestBytes,
    @Bindable(defaultValue = "false") boolean allowPlaintext,
    @Bindable(defaultValue = "1000") int maxCallsPerConnection,
    @Bindable(defaultValue = "6h") Duration defaultDeadline,
    @Bindable(defaultValue = "2m") Duration unreadStream,
    @Bindable(defaultValue = "20s") Duration keepAlive,
    @Bindable(defaultValue = "10s") Duration keepAliveTimeout,
    @Bindable(defaultValue = "8s") Duration permitKeepAlive,
    @Bindable(defaultValue = "1") int computeThreads,
    @Bindable(defaultValue = "16") int maxQueuedComputations) {
  static final Duration DEFAULT_UNREAD_STREAM = Duration.ofMinutes(2);
  private static final String PREFIX = "watershed.server.";

  /** What holds where nothing is said. */
  public static final ServerConfiguration DEFAULTS =
      new ServerConfiguration(
          new ByteSize(64 << 20),
          false,
          1000,
          Duration.ofHours(6),
          DEFAULT_UNREAD_STREAM,
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofSeconds(8),
          1,
          16);

  public ServerConfiguration {
    ConfigurationException.requireBetween(
        PREFIX + "max-request-bytes", maxRequestBytes.bytes(), 1, Integer.MAX_VALUE);
    ConfigurationException.requireAtLeast(
        PREFIX + "max-calls-per-connection", maxCallsPerConnection, 1);
    ConfigurationException.requirePositive(PREFIX + "default-deadline", defaultDeadline);
    ConfigurationException.requirePositive(PREFIX + "unread-stream", unreadStream);
    ConfigurationException.requirePositive(PREFIX + "keep-alive", keepAlive);
    ConfigurationException.requirePositive(PREFIX + "keep-alive-timeout", keepAliveTimeout);
    ConfigurationException.requirePositive(PREFIX + "permit-keep-alive", permitKeepAlive);
    ConfigurationException.requireAtLeast(PREFIX + "compute-threads", computeThreads, 1);
    ConfigurationException.requireAtLeast(
        PREFIX + "max-queued-computations", maxQueuedComputations, 0);
  }
}
