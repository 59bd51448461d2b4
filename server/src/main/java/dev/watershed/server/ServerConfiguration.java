package dev.watershed.server;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;

/**
 * How the server behaves, beyond Micronaut's {@code grpc.server.*} (whose {@code await-termination}
 * says how long calls in flight may take to finish once the server is asked to stop).
 *
 * @param maxRequestBytes larger requests are refused by the transport (RESOURCE_EXHAUSTED)
 * @param allowPlaintext whether to listen beyond loopback without TLS
 */
@ConfigurationProperties("watershed.server")
public record ServerConfiguration(
    @Bindable(defaultValue = "67108864") int maxRequestBytes,
    @Bindable(defaultValue = "false") boolean allowPlaintext) {}
