package dev.watershed.server.dataset;

import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;

/**
 * How libtorch runs in this process.
 *
 * @param device {@code cpu}, or {@code cuda:k} for the GPU of number k
 * @param threads threads inside one operation; results have the same bits only for the same number
 * @param tf32 whether a GPU may use TF32 in products of fp32 matrices
 */
@ConfigurationProperties("watershed.engine")
record EngineConfiguration(
    @Bindable(defaultValue = "cpu") String device,
    @Bindable(defaultValue = "1") int threads,
    @Bindable(defaultValue = "false") boolean tf32) {
  EngineConfiguration {
    ConfigurationException.requireAtLeast("watershed.engine.threads", threads, 1);
  }
}
