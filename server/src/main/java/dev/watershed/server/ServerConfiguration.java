package dev.watershed.server;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * How the server behaves.
 *
 * @param maxRequestBytes larger requests are refused by the transport (RESOURCE_EXHAUSTED)
 * @param drain how long calls in flight may take to finish once the server is asked to stop
 * @param allowPlaintext whether to listen beyond loopback without TLS
 */
@ConfigurationProperties("watershed.server")
public record ServerConfiguration(
    @Bindable(defaultValue = "67108864") int maxRequestBytes,
    @Bindable(defaultValue = "20s") Duration drain,
    @Bindable(defaultValue = "false") boolean allowPlaintext) {}
