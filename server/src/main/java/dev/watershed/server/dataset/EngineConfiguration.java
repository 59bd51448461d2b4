package dev.watershed.server.dataset;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;

/**
 * How libtorch runs in this process.
 *
 * @param threads threads inside one operation; results have the same bits only for the same number
 */
@ConfigurationProperties("watershed.engine")
public record EngineConfiguration(@Bindable(defaultValue = "1") int threads) {}
